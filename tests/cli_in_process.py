"""The command line run in the test's own process: a child would spend two seconds on what is the same for every test."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from newswire import log
from newswire.cli import compose, main
from newswire.config import shipped_folder
from processors import names
from processors.understand import Understanding


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


Run = Callable[..., Done]

_load, _read_names = compose.load_understanding, names.read_names


@cache
def shipped_understanding() -> Understanding:
    return _load(shipped_folder())


_names_once = cache(names.read_names)


def _names_of(folder: Path) -> names.Names:
    return (_names_once if folder == shipped_folder() / "taxonomy" else _read_names)(folder)


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, **usual: str) -> Run:
    """Return what runs `newswire` with these arguments and, by name, environment variables, `folder` being the working folder."""

    def done(*arguments: str, **environment: str) -> Done:
        for name, value in (usual | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["newswire", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(int(ended.value.code or 0), said.out, said.err)

    monkeypatch.chdir(folder)
    # Patched: the log of the whole test process is not this command's to set up; and understanding takes over a second to load, its
    # names a third of one, the same each time, which a hundred tests cannot spend.
    monkeypatch.setattr(log, "set_up", lambda **_: None)
    monkeypatch.setattr(compose, "load_understanding", lambda _folder, **_: shipped_understanding())
    monkeypatch.setattr(names, "read_names", _names_of)
    return done
