"""What is wrong in the configuration, as lines that people, editors and CI read: one problem, one line, the same place in all forms.

`text` is the form of gcc, which the problem matchers of editors and reviewdog read as it is; `github` are the workflow commands that
GitHub, Gitea and Forgejo turn into annotations; `sarif` is the OASIS standard that code scanning of GitHub, GitLab, Azure and Jenkins takes in.
Checkstyle's XML was left out: whatever reads it reads SARIF or gcc's lines too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from newswire import __version__
from newswire.cli.options import counted
from newswire.errors import Fault, one_line


class Form(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"
    JSON = "json"


class Level(StrEnum):
    """How bad a problem is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """A problem of a file that a person edits."""

    fault: Fault
    level: Level


def problems_of(faults: Iterable[Fault], warnings: Iterable[Fault], *, strict: bool) -> list[FileProblem]:
    """Return both in order of file and line; to the strict a warning is an error."""
    lesser = Level.ERROR if strict else Level.WARNING
    return sorted([*(FileProblem(fault, Level.ERROR) for fault in faults), *(FileProblem(fault, lesser) for fault in warnings)])


def as_text(problem: FileProblem) -> str:
    """Return `file:line:column: error: what is wrong`; what is wrong with a file as a whole stands at its first character."""
    fault = problem.fault
    return one_line(f"{fault.file}:{fault.line or 1}:{fault.column or 1}: {problem.level}: {fault.message}")


_IN_TEXT: Final = str.maketrans({"%": "%25"})
_IN_PROPERTY: Final = str.maketrans({"%": "%25", ":": "%3A", ",": "%2C"})


def as_github(problem: FileProblem) -> str:
    """Return the workflow command, escaped as GitHub's own toolkit does (actions/toolkit, packages/core/src/command.ts); it is one line before."""
    fault = problem.fault
    file = one_line(fault.file).translate(_IN_PROPERTY)
    message = one_line(fault.message).translate(_IN_TEXT)
    return f"::{problem.level} file={file},line={fault.line or 1},col={fault.column or 1}::{message}"


def as_sarif(problems: Iterable[FileProblem]) -> dict[str, Any]:
    """Return one SARIF 2.1.0 document (OASIS, sarif-v2.1.0-os)."""
    tool = {"driver": {"name": "newswire check", "version": __version__, "rules": [{"id": "configuration"}]}}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": tool, "columnKind": "unicodeCodePoints", "results": [_result(problem) for problem in problems]}],
    }


def _result(problem: FileProblem) -> dict[str, Any]:
    fault = problem.fault
    place = {
        "artifactLocation": {"uri": quote(fault.file, errors="surrogateescape")},
        "region": {"startLine": fault.line or 1, "startColumn": fault.column or 1},
    }
    return {
        "ruleId": "configuration",
        "level": str(problem.level),
        "message": {"text": one_line(fault.message)},
        "locations": [{"physicalLocation": place}],
    }


def as_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Return the faults as plain values: file, line and column (0: the whole file), message."""
    return [
        {"file": one_line(fault.file), "line": fault.line, "column": fault.column, "message": one_line(fault.message)} for fault in faults
    ]


def summary(problems: Sequence[FileProblem]) -> str:
    """Return how many there are: `3 errors and 1 warning in 2 files`."""
    files = len({problem.fault.file for problem in problems})
    return f"{' and '.join(_counted(problems))} in {counted(files, 'file')}"


def _counted(problems: Sequence[FileProblem]) -> Iterator[str]:
    for level in Level:
        if number := sum(problem.level is level for problem in problems):
            yield counted(number, level)
