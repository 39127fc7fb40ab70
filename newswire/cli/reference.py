"""docs/reference.md, written from the code (and docs/metrics.md beside it): commands, settings, metrics, outcomes and reasons. A test holds the file to it."""

import inspect
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from typer.main import get_command

from newswire import outcomes
from newswire.bus.kafka_settings import OPTIONS, REFUSED
from newswire.bus.kafka_settings import PREFIX as KAFKA_PREFIX
from newswire.catalogue import CATALOGUE
from newswire.cli import add_commands, app
from newswire.cli.reason_words import meanings
from newswire.cli.reference_metrics import metrics_text
from newswire.crash import CRASH_POINTS, MOVE_CRASH_POINTS
from newswire.topics import TOPICS
from newswire.variables import VARIABLES


@app.command(hidden=True)
def reference(out: Path = Path("docs/reference.md")) -> None:
    """Write the reference anew; for developers."""
    out.parent.mkdir(exist_ok=True)
    for path, written in ((out, text()), (out.with_name("metrics.md"), metrics_text())):
        path.write_text(written, encoding="utf-8")
        print(path)


def text() -> str:
    """Return the whole of docs/reference.md."""
    parts = [
        "# Reference",
        "Written from the code by `newswire reference`. README.md tells how to begin; ARCHITECTURE.md how it hangs together.",
        "## Commands",
        *_commands(),
        "## Settings",
        settings_table(),
        "## Kafka",
        f"Settings for `NEWSWIRE_BUS=kafka://…`, under Kafka's own names. Each may stand in a file instead: `{KAFKA_PREFIX}…_FILE`.",
        _table(("variable", "meaning"), ((f"`{KAFKA_PREFIX}{option.name.upper()}`", option.meaning) for option in OPTIONS)),
        "Refused, because a promise would break:",
        _table(("variable", "why it cannot be set"), ((f"`{KAFKA_PREFIX}{name.upper()}`", why) for name, why in REFUSED.items())),
        "## Topics",
        _table(
            ("topic", "records", "key", "written by", "read by"),
            (
                (f"`{topic.name}`", ", ".join(kind.__name__ for kind in topic.records), topic.key, topic.written_by, topic.read_by)
                for topic in TOPICS
            ),
        ),
        "## Metrics",
        "Served on `/metrics`; docs/metrics.md tells of each what is normal and what to do.",
        _table(("metric", "labels", "meaning"), _metrics()),
        "## Outcomes and reasons",
        "The only values of metric labels, of `newswire why` and of dead letters.",
        *_enums(),
        "## Crash points",
        "`NEWSWIRE_CRASH_AT=NAME` (or `NAME:3` for the third time) ends a process by SIGKILL there; for tests.",
        "\n".join(f"- `{point}`" for point in (*CRASH_POINTS, *MOVE_CRASH_POINTS)),
    ]
    return "\n\n".join(parts) + "\n"


def settings_table() -> str:
    """Return the table of all variables."""
    rows = (
        (
            f"`{variable.name}`{' (or `…_FILE`)' if variable.secret else ''}",
            variable.meaning,
            f"`{variable.default}`" if variable.default else "",
        )
        for variable in VARIABLES
    )
    return _table(("variable", "meaning", "default"), rows)


def _commands() -> Iterator[str]:
    add_commands()
    root = get_command(app)
    rows = []
    for name, command in sorted(root.commands.items()):  # type: ignore[attr-defined]  # the root is a group
        subcommands = getattr(command, "commands", None)
        for full, one in ((f"{name} {sub}", found) for sub, found in subcommands.items()) if subcommands else ((name, command),):
            if not one.hidden:
                options = ", ".join(f"`{option.opts[0]}`" for option in one.params if option.opts[0].startswith("--"))
                rows.append((f"`newswire {full}`", (one.help or "").split("\n")[0], options))
    yield _table(("command", "what it does", "options"), rows)


def _metrics() -> Iterator[tuple[str, str, str]]:
    for entry in CATALOGUE.values():
        yield f"`{entry.name}`", ", ".join(label.name for label in entry.labels), entry.meaning


def _enums() -> Iterator[str]:
    for _, kind in inspect.getmembers(outcomes, inspect.isclass):
        if issubclass(kind, StrEnum) and kind is not StrEnum:
            yield f"### {kind.__name__}"
            yield (kind.__doc__ or "").split("\n")[0]
            yield _table(("value", "what it means, and what to do"), ((f"`{value}`", words) for value, words in meanings(kind)))


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "| " + " | ".join("---" for _ in headings) + " |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
