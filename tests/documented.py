"""What must stand in docs/reference.md and docs/metrics.md by its name, taken from the code, and what of it a text lacks. Pure."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from typer.main import get_command

from newswire import outcomes
from newswire.bus.kafka_settings import OPTIONS, REFUSED
from newswire.catalogue import CATALOGUE, OF_THE_PROCESS
from newswire.cli import add_commands, app
from newswire.topics import TOPICS
from newswire.variables import VARIABLES


@dataclass(frozen=True, slots=True)
class Name:
    """Something that stands in the reference: what it is, and where it is looked for: a pattern that finds it, words and all."""

    kind: str
    name: str
    pattern: str

    def stands_in(self, text: str) -> bool:
        return re.search(self.pattern, text, re.MULTILINE) is not None

    def taken_out(self, text: str) -> str:
        return re.sub(self.pattern, "", text, flags=re.MULTILINE)


def every_name() -> list[Name]:
    """Return every setting, metric, topic, command, option and reason that there is."""
    return [*_settings(), *_metrics(), *_topics(), *_commands(), *_reasons()]


def undocumented(text: str) -> list[Name]:
    """Return what the text of the two pages lacks."""
    return [name for name in every_name() if not name.stands_in(text)]


def _row(name: str) -> str:
    """Return a pattern for the row of a table that begins with the name and says something of it."""
    return rf"^\| `{re.escape(name)}`[^|]*\|(?:[^|\n]*\|)*[^|\n]*\w[^|\n]*\|.*$"


def _settings() -> Iterator[Name]:
    names = [variable.name for variable in VARIABLES]
    names += [f"NEWSWIRE_KAFKA_{name.upper()}" for name in (*(option.name for option in OPTIONS), *REFUSED)]
    yield from (Name("setting", name, _row(name)) for name in names)


def _metrics() -> Iterator[Name]:
    """Yield each metric twice: as a row of docs/reference.md, and as a heading of docs/metrics.md with its meaning, what is normal, and what to do."""
    for name in CATALOGUE:
        yield Name("metric", name, _row(name))
    for entry in (*CATALOGUE.values(), *OF_THE_PROCESS):
        yield Name("explained metric", entry.name, rf"^### {entry.name}\n\n.*\w.*\n\n(?:- .*\n)*- normal: .*\w.*\n- otherwise: .*\w.*$")


def _topics() -> Iterator[Name]:
    yield from (Name("topic", topic.name, _row(topic.name)) for topic in TOPICS)


def _commands() -> Iterator[Name]:
    add_commands()
    root: Any = get_command(app)
    for name, command in root.commands.items():
        for full, one in [(f"{name} {sub}", found) for sub, found in getattr(command, "commands", {}).items()] or [(name, command)]:
            if one.hidden:
                continue
            yield Name("command", f"newswire {full}", _row(f"newswire {full}"))
            for option in one.params:
                if option.opts[0].startswith("--"):
                    row = rf"(?<=^\| `newswire {re.escape(full)}` )"
                    yield Name("option", f"newswire {full} {option.opts[0]}", rf"{row}.*`{option.opts[0]}`.*$")


def _reasons() -> Iterator[Name]:
    for name, kind in inspect.getmembers(outcomes, inspect.isclass):
        if issubclass(kind, StrEnum) and kind is not StrEnum:
            for member in kind:
                section = rf"(?<=^### {name}\n)(?:(?!^###?).*\n)*?"
                yield Name("reason", f"{name}.{member.value}", section + _row(member.value))
