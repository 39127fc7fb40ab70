"""`newswire watchlist new`: a watchlist's file from four answers, given as options or to questions on a terminal."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Generic, TypeVar

import typer

import newswire
from newswire.cli import compose
from newswire.cli.candidate import WATCHLISTS, ReadDesk, judged, own_folder
from newswire.cli.known import load_names
from newswire.cli.options import Config, read_settings
from newswire.cli.tests import understand_with
from newswire.cli.watchlists import watchlist_app
from newswire.clock import SystemClock
from newswire.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from alerting.watchlists.lists import Lists
    from alerting.watchlists.load import DeskFiles
    from alerting.watchlists.new_file import Countries
    from alerting.watchlists.vocabulary import Vocabulary
    from processors.understand import Understanding

STARTING: Final = Path(newswire.__file__).parent / "starting"
"""The folder of what a new configuration, and a new watchlist, are made of."""

TEMPLATE: Final = "watchlist.template"

T = TypeVar("T")

Ask = Callable[[str, str], str]
"""Puts a question, with the answer that an empty line gives, and returns what was typed."""


@watchlist_app.command("new")
def watchlist_new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its file's name: a-z, 0-9 and -, such as gaming-partners.")],
    *,
    title: Annotated[str | None, typer.Option("--title", help="What the message says above the headline.")] = None,
    words: Annotated[
        str | None, typer.Option("--any", metavar="WORDS", help="Words to look for, comma separated; one is enough. Empty: none.")
    ] = None,
    partners: Annotated[
        str | None, typer.Option("--partners", metavar="WHICH", help="Countries that must be engaged: a list's name, US,KR, any, or none.")
    ] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="info, low, medium, high or critical.")] = None,
    status: Annotated[str, typer.Option("--status", help="draft (so that it can be written in peace), staged or active.")] = "draft",
    config: Config = None,
) -> None:
    """Write a watchlist with a test each way, from four answers: asked on a terminal, or given as options."""
    from alerting.watchlists.in_words import in_words
    from alerting.watchlists.vocabulary import Vocabulary

    folder = own_folder(read_settings(config).config)
    path = new_path(folder, name)
    given = {"title": title, "any": words, "partners": partners, "severity": severity, "status": status}
    ask = _prompt if sys.stdin.isatty() else None
    _require_enough(given, ask)
    names = load_names(folder)
    now = SystemClock().now()

    def read(trial: Path) -> "DeskFiles":
        return compose.read_desk(trial, names, now)

    known = Known(resolve_lists(read(folder)), Vocabulary(countries=names.countries))
    content = file_of(name, given, known, ask)
    desk = write_new(read, folder, path, content)
    print(f"{path} is written.")
    if not desk.faults:  # with those of other files nothing can be compiled
        print(f"It {in_words(compose.compile_desk(desk).named(name), desk.routes)}.")
        for failure in _failures(desk, name, compose.load_understanding(folder, reads=False), now):
            print(f"warning: {failure}", file=sys.stderr)
    print(f"Next: edit it, then `newswire check`, `newswire test {name}` and `newswire backtest {name}`.", _NEXT[status].format(name=name))


_NEXT: Final = {
    "draft": "When it is as you want it, `newswire promote {name}` stages it: counted, not sent.",
    "staged": "`newswire staged {name}` lists what it would have sent, `newswire promote {name}` puts it live.",
    "active": "A running Newswire takes it within ten seconds.",
    "muted": "`newswire promote {name} --to active` lets it alert.",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer may name."""

    lists: "Lists"
    vocabulary: "Vocabulary"


def new_path(folder: Path, name: str) -> Path:
    """Return where the new watchlist will stand.

    Raises:
        ConfigurationError: the name cannot be one, or is taken.

    """
    from alerting.watchlists.names import right_name

    if (right := right_name(name)) != name:
        shown = name if len(name) <= 60 else f"{name[:59]}…"
        message = f"{shown!r} cannot be a watchlist's name, which is made of a-z, 0-9 and -; write: newswire watchlist new {right}"
        raise ConfigurationError([Fault("NAME", 0, 0, message)])
    path = folder / WATCHLISTS / f"{name}.yaml"
    if path.exists() or path.is_symlink():
        raise ConfigurationError([Fault(str(path), 0, 0, "this watchlist is there already; edit it, or take another name")])
    return path


def file_of(name: str, given: Mapping[str, str | None], known: Known, ask: Ask | None) -> bytes:
    """Return the new file, of the options given and, where `ask` can be used, of the answers to what they leave open.

    Raises:
        ConfigurationError: an option cannot be used, or too little is said and nobody can be asked.

    """
    from alerting.watchlists.faults import UnusableError
    from alerting.watchlists.fields import one_of
    from alerting.watchlists.model import Status
    from alerting.watchlists.new_file import Answers, new_file, read_countries, read_title, read_words
    from newswire.records import Severity

    _require_enough(given, ask)
    listed = "partner-countries" if "partner-countries" in known.lists else "any"

    def countries(answer: str) -> "Countries":
        return read_countries(answer, known.lists, known.vocabulary)

    which = _Question("partners", _WHICH, listed if ask else "none", countries)
    try:
        answers = Answers(
            name=name,
            title=_answer(given, ask, _Question("title", _TITLE, name.replace("-", " ").capitalize(), read_title)),
            words=_answer(given, ask, _Question("any", _WORDS, "", read_words)),
            countries=_answer(given, ask, which),
            severity=_answer(given, ask, _Question("severity", _SEVERITY, "medium", one_of(Severity, "severity"))),
            status=_answer(given, None, _Question("status", "", "draft", one_of(Status, "status"))),
        )
        return new_file((STARTING / TEMPLATE).read_text(encoding="utf-8"), answers).encode("utf-8", "surrogateescape")
    except UnusableError as error:
        raise ConfigurationError([Fault("watchlist new", 0, 0, str(error))]) from None


def _require_enough(given: Mapping[str, str | None], ask: Ask | None) -> None:
    if ask is None and (given["title"] is None or (given["any"] is None and given["partners"] is None)):
        message = "this is no terminal to ask on: --title, and --any or --partners, are due; see `newswire watchlist new --help`"
        raise ConfigurationError([Fault("watchlist new", 0, 0, message)])


_TITLE: Final = "Title, above the headline of each message"
_WORDS: Final = "Words to look for, comma separated; one is enough (nothing: whatever it says)"
_WHICH: Final = "Which countries must be engaged: a list's name, codes such as US, KR, any, or none"
_SEVERITY: Final = "Severity: info, low, medium, high or critical"


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    """What a file is made of: by option, or else asked, or else as it mostly is."""

    option: str
    text: str
    default: str
    read: Callable[[str], T]  # raises UnusableError


def _answer(given: Mapping[str, str | None], ask: Ask | None, question: _Question[T]) -> T:
    """Return the option's value, else the first usable answer to the question, else the default."""
    from alerting.watchlists.faults import UnusableError

    answer = given[question.option]
    if answer is not None or ask is None:
        try:
            return question.read(question.default if answer is None else answer)
        except UnusableError as error:
            raise ConfigurationError([Fault(f"--{question.option}", 0, 0, str(error))]) from None
    while True:
        try:
            return question.read(ask(question.text, question.default))
        except UnusableError as error:
            print(f"  {error}", file=sys.stderr)


def write_new(read: ReadDesk, folder: Path, path: Path, content: bytes) -> "DeskFiles":
    """Write the file where the real loader finds nothing wrong with it; return the desk's files with it.

    Raises:
        ConfigurationError: it would have a fault, or cannot be written.

    """
    from newswire.replace_file import create_file

    desk = judged(read, folder, path.stem, content)
    own = [fault for fault in desk.faults if fault.file == str(path)]
    if own:
        raise ConfigurationError(own)
    for fault in desk.faults:
        print(f"warning: {fault}", file=sys.stderr)
    try:
        create_file(path, content)
    except FileExistsError:
        raise ConfigurationError([Fault(str(path), 0, 0, "this watchlist is there already; edit it, or take another name")]) from None
    except OSError as error:
        raise ConfigurationError([Fault(str(path), 0, 0, f"cannot be written: {(error.strerror or str(error)).lower()}")]) from None
    return desk


def resolve_lists(desk: "DeskFiles") -> "Lists":
    """Return the named lists, with their includes."""
    from alerting.watchlists.lists import resolve

    return resolve(desk.lists)[0]


def _failures(desk: "DeskFiles", name: str, understanding: "Understanding", now: datetime) -> list[str]:
    """Return which of the new watchlist's own tests do not pass: words that stand in every headline make it so."""
    from alerting.watchlists.inline_tests import run_tests

    results = run_tests(compose.compile_desk(desk), {name: desk.watchlists[name]}, understand_with(understanding), now)
    return [f"the test '{result.test}' does not pass yet: {result.fault}" for result in results if not result.passed]


def _prompt(question: str, default: str) -> str:
    answer: str = typer.prompt(question, default=default, show_default=bool(default))
    return answer
