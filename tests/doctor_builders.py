"""What the checks of `newswire doctor` are asked about, for their tests: a folder, settings, a resolver that knows what it is told."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from newswire.cli.doctor.finding import Asked, Check, Finding, Level
from newswire.clock import Clock, ManualClock
from newswire.settings import Settings
from newswire.variables import DiskLow
from tests.fakes import NOW
from tests.secrets_of_all import SOURCES, WATCHLIST


def a_folder(folder: Path, *, routes: str | None = None, sources: str = SOURCES) -> Path:
    """Return a configuration folder without a fault."""
    for name, text in {"sources/all.yaml": sources, "watchlists/cables.yaml": WATCHLIST, "routes.yaml": routes}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return folder


def knows(**addresses: str) -> Callable[[str], list[str]]:
    """Return a resolver that finds these hosts, written with `_` for `.`, and no other."""

    def resolve(host: str) -> list[str]:
        found = addresses.get(host.replace(".", "_"))
        if found is None:
            raise OSError(-2, "Name or service not known")
        return [found]

    return resolve


def asked(
    tmp_path: Path,
    *,
    routes: str | None = None,
    sources: str = SOURCES,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    resolve: Callable[[str], list[str]] | None = None,
    deep: bool = False,
    send_to: str | None = None,
    **told: Any,
) -> Asked:
    """Return what the checks are asked about; `told` are settings."""
    folder = a_folder(tmp_path / "config", routes=routes, sources=sources)
    usual: dict[str, Any] = {"config": folder, "data": tmp_path / "var", "disk_low": DiskLow(), "http_port": 0}
    settings = Settings(**(usual | told))
    return Asked(settings, folder, environ or {}, clock or ManualClock(NOW), resolve or knows(), deep, send_to)


def found(check: Check, what: Asked) -> list[tuple[Level, str]]:
    """Return level and words of all that a check finds."""
    return [(one.level, one.what) for one in check(what)]


def worst(check: Check, what: Asked) -> Finding:
    """Return the worst that a check finds."""
    order = list(Level)
    return min(check(what), key=lambda one: order.index(one.level))
