"""A real Prometheus for tests: on loopback, with a data folder of its own, never as root."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import yaml

from tests.servers.processes import ServerUnavailable, free_ports, tail, user_below_root

MISSING: Final = "{} was not found. On Debian: apt-get install {}"

_START_S: Final = 30.0
_STOP_S: Final = 5.0
_ANSWER_S: Final = 20.0
_LEAST_RANGE_S: Final = 5.0  # a rate needs two samples, and they come once a second at the most often
_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION: Final = r"(?:\d+(?:ms|[smhdw]))+"


@dataclass(frozen=True)
class Sample:
    """One series of an instant vector; a scalar has no labels."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Alarm:
    """An alarm that is not inactive."""

    name: str
    labels: Mapping[str, str]  # without the name
    state: str  # "pending" or "firing"
    since: str  # RFC 3339
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prometheus:
    """A server that runs, and its questions."""

    url: str

    def query(self, expression: str) -> list[Sample]:
        """Return the instant vector of an expression, at this moment.

        Raises:
            ValueError: Prometheus cannot read the expression; the message is its own.

        """
        data = self._ask("query", query=expression)
        if data["resultType"] in {"scalar", "string"}:
            return [Sample({}, float(data["result"][1]))]
        return [Sample(one["metric"], float(one["value"][1])) for one in data["result"]]

    def series(self, expression: str, seconds: float, step_s: float = 1) -> list[tuple[Mapping[str, str], list[tuple[float, float]]]]:
        """Return each series of an expression over the last `seconds`: its labels, and (time, value) for each step that has one."""
        now = time.time()
        data = self._ask("query_range", query=expression, start=str(now - seconds), end=str(now), step=str(step_s))
        return [(one["metric"], [(float(at), float(value)) for at, value in one["values"]]) for one in data["result"]]

    def alarms(self) -> list[Alarm]:
        """Return the alarms that are pending or firing."""
        return [
            Alarm(
                one["labels"]["alertname"],
                {name: value for name, value in one["labels"].items() if name != "alertname"},
                one["state"],
                one["activeAt"],
                one["annotations"],
            )
            for one in self._ask("alerts")["alerts"]
        ]

    def targets(self) -> Mapping[str, str]:
        """Return for each process that is scraped how that went last: `up`, `down`, or `unknown` before the first time."""
        return {one["labels"]["instance"]: one["health"] for one in self._ask("targets", state="active")["activeTargets"]}

    def _ask(self, what: str, **words: str) -> dict[str, Any]:
        answer = httpx2.get(f"{self.url}/api/v1/{what}", params=words, timeout=_ANSWER_S, trust_env=False).json()
        if answer["status"] != "success":
            raise ValueError(f"{answer['error']}: {words.get('query', what)}")
        data: dict[str, Any] = answer["data"]
        return data


@contextmanager
def prometheus_server(
    folder: Path,
    targets: Mapping[str, str],
    *,
    rules: Sequence[Path] = (),
    scrape_s: float = 1,
    evaluate_s: float = 1,
    alertmanagers: Sequence[str] = (),
) -> Iterator[Prometheus]:
    """Yield a server that answers and scrapes `targets` (name of the process → HOST:PORT) as job `newswire`, the name as `instance`.

    Its log is kept in `folder`. `alertmanagers` are the addresses (HOST:PORT) that are told of alarms.

    Raises:
        ServerUnavailable: Prometheus is not installed, or does not start.
        ValueError: it cannot read one of the rules.

    """
    program = program_path("prometheus", "prometheus")
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with own_folder("newswire-prometheus-", "prometheus", "nobody") as home:
        config = {
            "global": {"scrape_interval": _milliseconds(scrape_s), "evaluation_interval": _milliseconds(evaluate_s)},
            "rule_files": [str(_copied(path, home / f"rules-{number}.yaml")) for number, path in enumerate(rules)],
            "scrape_configs": [
                {
                    "job_name": "newswire",
                    "static_configs": [{"targets": [where], "labels": {"instance": name}} for name, where in targets.items()],
                }
            ],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]},
        }
        (home / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
        words = (
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address={address}",
            "--log.level=warn",
            "--rules.alert.resend-delay=1s",  # an alarm may fire before the Alertmanager is known
        )
        log = folder / "prometheus.log"
        with ExitStack() as stack:
            try:
                stack.enter_context(process_below_root((str(program), *words), home, log, ready=f"http://{address}/-/ready"))
            except ServerUnavailable as error:
                if "loading groups failed" in str(error):  # no reason to skip a test: the rules are ours
                    raise ValueError(str(error)) from None
                raise
            yield Prometheus(f"http://{address}")


def quicker(rules: Path, to: Path, factor: float) -> Path:
    """Write a file of rules whose durations are divided by `factor`, and return where it is.

    Divided are `for`, `keep_firing_for`, ranges (`[5m]`; never under five seconds, or a rate has no two samples), offsets, and numbers
    that an expression writes as a product with seconds (`15 * 60`, `2 * 3600`, `3 * 86400`): so do the rules write how long something has lasted.
    A group's own interval is left out: the server's counts.
    """
    document = yaml.safe_load(rules.read_text("utf-8"))
    for group in document["groups"]:
        group.pop("interval", None)
        for rule in group["rules"]:
            rule["expr"] = quicker_expression(rule["expr"], factor)
            for key in ("for", "keep_firing_for"):
                if key in rule:
                    rule[key] = _milliseconds(_seconds(rule[key]) / factor)
    to.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return to


def quicker_expression(expression: str, factor: float) -> str:
    """Return an expression whose durations are divided by `factor`."""

    def ranged(found: re.Match[str]) -> str:
        parts = (_milliseconds(max(_LEAST_RANGE_S, _seconds(part) / factor)) if part else "" for part in found[1].split(":"))
        return f"[{':'.join(parts)}]"

    shorter = re.sub(rf"\[({_DURATION}(?::(?:{_DURATION})?)?)\]", ranged, expression)
    shorter = re.sub(rf"\boffset ({_DURATION})", lambda found: f"offset {_milliseconds(_seconds(found[1]) / factor)}", shorter)
    return re.sub(r"\b(\d+(?:\.\d+)?) \* (60|3600|86400)\b", lambda found: f"{float(found[1]) * float(found[2]) / factor:g}", shorter)


def program_path(name: str, package: str) -> Path:
    """Return where a program is.

    Raises:
        ServerUnavailable: it is not installed; the message says how to get it.

    """
    found = shutil.which(name)
    if found is None:
        raise ServerUnavailable(MISSING.format(name, package))
    return Path(found)


@contextmanager
def own_folder(prefix: str, *users: str) -> Iterator[Path]:
    """Yield a temporary folder that belongs to the first of these users, where we are root: pytest's own are closed to all others."""
    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    try:
        if (user := user_below_root(*users)) is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def process_below_root(words: Sequence[str], home: Path, log: Path, *, ready: str) -> Iterator[None]:
    """Run a program as the owner of `home` until the block ends; the block begins when a GET of `ready` answers 200.

    Raises:
        ServerUnavailable: it ended, or did not answer in time; the message has the end of its log.

    """
    owner = home.stat()
    below = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with log.open("ab") as output:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            process_group=0,
            **below,  # type: ignore[call-overload]  # mypy cannot see into a mapping
        )
    try:
        _wait(lambda: _answers(ready), process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    name, deadline = Path(str(process.args[0])).name, time.monotonic() + _START_S  # type: ignore[index]  # it was given a sequence
    while not answers():
        if process.poll() is not None:
            raise ServerUnavailable(f"{name} ended with {process.returncode} before it answered:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise ServerUnavailable(f"{name} did not answer within {_START_S:g} s:\n{tail(log)}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(url, timeout=_ANSWER_S, trust_env=False).status_code == httpx2.codes.OK
    return False


def _copied(path: Path, to: Path) -> Path:
    to.write_text(path.read_text("utf-8"), "utf-8")  # where we are root, the file itself may be closed to the server
    return to


def _seconds(duration: str) -> float:
    return sum(float(number) * _UNITS_S[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdw])", str(duration)))


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
