"""The command line as a whole: where each command stands."""

from newswire.cli import HOMES, add_commands, app


def test_a_command_that_is_loaded_alone_is_whole() -> None:
    add_commands()
    modules: dict[str, set[str]] = {}
    for command in app.registered_commands:
        assert command.callback is not None
        modules[command.name or command.callback.__name__] = {command.callback.__module__}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        commands = group.typer_instance.registered_commands
        modules[str(group.typer_instance.info.name)] = {command.callback.__module__ for command in commands if command.callback}
    assert {name: {f"newswire.cli.{home}" for home in homes} for name, homes in HOMES.items()} == {name: modules[name] for name in HOMES}
