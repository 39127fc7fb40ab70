"""The command line as a whole: where each command stands, and how it ends."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from newswire.cli import HOMES, add_commands, app, main, print_whatever_comes


def test_a_command_that_is_loaded_alone_is_whole() -> None:
    add_commands()
    modules: dict[str, set[str]] = {"--version": set()}  # which needs none
    for command in app.registered_commands:
        assert command.callback is not None
        modules[command.name or command.callback.__name__] = {command.callback.__module__}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        commands = group.typer_instance.registered_commands
        modules[str(group.typer_instance.info.name)] = {command.callback.__module__ for command in commands if command.callback}
    assert {name: {f"newswire.cli.{home}" for home in homes} for name, homes in HOMES.items()} == {name: modules[name] for name in HOMES}


def test_an_interrupt_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Interrupted()))  # as a person presses Ctrl-C who is waited for
    monkeypatch.setattr(sys, "argv", ["newswire", "explain", "it-diplomacy-partners", "-"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "newswire: interrupted\n")


@pytest.mark.parametrize(
    ("encoding", "printed"), [("ascii", rb"\xdcber \u0627"), ("latin-1", b"\xdcber \\u0627"), ("utf-8", "Über ا".encode())]
)
def test_letters_that_a_terminal_does_not_have_are_printed_as_numbers(encoding: str, printed: bytes) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    print_whatever_comes(stream)
    print("Über ا", end="", file=stream, flush=True)
    assert written.getvalue() == printed


def test_a_fault_of_the_machine_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["newswire", "init", str(tmp_path / ("x" * 300))])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"newswire: {tmp_path / ('x' * 300)}: file name too long\n"
