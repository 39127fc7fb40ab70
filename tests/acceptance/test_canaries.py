"""Every secret has a value of its own, everything that could show one is made to speak, and none of them is found: not in any encoding."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psutil
import pytest
import typer

from newswire import cli
from newswire.bus import Message
from newswire.dead import letters
from newswire.topics import ITEMS
from newswire.variables import VARIABLES
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import ROOT, Answer, Entry, Web, World
from tests.canaries import canary, leaks, spoken
from tests.crash.fleet import STAGES, Fleet, wait_until
from tests.fake_slack import FakeSlack
from tests.fake_smtp import FakeSmtp
from tests.fake_webhook import FakeWebhook, Says
from tests.measured import Say

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

SECRETS: Final[Mapping[str, str]] = {
    "Slack token": "xoxb-" + canary("slack"),
    "webhook secret": canary("webhook-secret", odd=True),
    "webhook secret by secret_env": canary("named-secret", odd=True),
    "webhook path": canary("webhook-path"),
    "incoming webhook": canary("incoming"),
    "webhook over TLS": canary("tls"),
    "webhook without DNS": canary("dns"),
    "SMTP password": canary("smtp-password", odd=True).replace("ä", "a"),
    "store password": canary("store-password", odd=True),
    "Kafka password": canary("kafka-password", odd=True),
    "password of a link": canary("link-password"),
    "password of a redirect": canary("redirect-password"),
    "password of a proxy": canary("proxy-password"),
}
FEED_TOKEN: Final = canary("feed-token")
"""It stands in config/sources, so commands show it to whoever may read that folder; the log, which others collect, does not."""

ROUTES: Final = """\
receivers:
  - {name: desk, slack: {channel: "#desk"}}
  - {name: archive, webhook: {url_env: ARCHIVE_ADDRESS, secret_env: ARCHIVE_SECRET}}
  - {name: echo, webhook: {url_env: ECHO_ADDRESS}}
  - {name: team, slack_webhook: {url_env: TEAM_ADDRESS}}
  - {name: dark, webhook: {url_env: DARK_ADDRESS}}
  - {name: lost, webhook: {url_env: LOST_ADDRESS}}
  - {name: chief, email: {to: [chief@ministry.example], from: newswire@ministry.example}}
route: {to: [desk, archive, echo, team, dark, lost, chief]}
"""

BUG: Final = """
import os
import pathlib

if os.environ.get("CANARY_FORMS"):
    from newswire.reach import ReachWorker

    def step(self):
        raise RuntimeError(pathlib.Path(os.environ["CANARY_FORMS"]).read_text())

    ReachWorker.step = step
"""
"""A bug in a worker of every stage: its traceback holds each secret in every form."""


@dataclass(frozen=True)
class Scene:
    """A world with all its secrets, and the servers that repeat them."""

    world: World
    web: Web
    link: str


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world = World(tmp_path / "world")
    with ExitStack() as stack:
        web, slack = stack.enter_context(Web()), stack.enter_context(FakeSlack(faults=["error:invalid_auth"] * 100))
        echo = [Says(500, f"you sent {value}: {' '.join(spoken(value))}".encode()) for value in SECRETS.values()]
        archive, team = stack.enter_context(FakeWebhook()), stack.enter_context(FakeWebhook([Says(404, b"no_service")] * 50))
        shy = stack.enter_context(FakeWebhook(echo * 10))
        password = SECRETS["SMTP password"]
        refusal = f"535 no such name as chief with {password}, {' '.join(spoken(password))}"
        mail = stack.enter_context(FakeSmtp({"AUTH": refusal}, offers=("AUTH PLAIN LOGIN",)))
        article = FIVE["demo-us-gaming"]
        page = web.page("/article", article["title"], article["text"])
        link = page.replace("http://", f"http://reader:{SECRETS['password of a link']}@")
        web.feed("/feed", [Entry(article["title"], article["summary"], link), Entry("Nothing", "of note", link.replace("article", "gone"))])
        away = web.base.replace("http://", f"http://reader:{SECRETS['password of a redirect']}@") + "/feed"
        web.answers["/moved"] = Answer(b"", status=302, headers={"Location": away})
        sources = [f"{web.base}/{path}?access_token={FEED_TOKEN}" for path in ("feed", "gone", "moved")]
        world.sources(*sources, "http://127.0.0.1:9/refused?key=" + FEED_TOKEN, interval="1s", country="PK")
        world.allow_ports(web.port, 9)
        (world.config / "routes.yaml").write_text(ROUTES, encoding="utf-8")
        token = tmp_path / "token"
        token.write_text(SECRETS["Slack token"] + "\n")
        world.environment |= {
            "NEWSWIRE_SLACK_TOKEN_FILE": str(token),
            "NEWSWIRE_SLACK_URL": slack.url,
            "NEWSWIRE_WEBHOOK_SECRET": SECRETS["webhook secret"],
            "ARCHIVE_ADDRESS": archive.address.replace("secret-path", SECRETS["webhook path"]),
            "ARCHIVE_SECRET": SECRETS["webhook secret by secret_env"],
            "ECHO_ADDRESS": shy.address.replace("secret-path", SECRETS["webhook path"]),
            "TEAM_ADDRESS": team.address.replace("secret-path", SECRETS["incoming webhook"]),
            "DARK_ADDRESS": archive.address.replace("http://", "https://").replace("secret-path", SECRETS["webhook over TLS"]),
            "LOST_ADDRESS": f"https://nowhere.invalid/hooks/{SECRETS['webhook without DNS']}",
            "NEWSWIRE_SMTP_URL": f"smtp+plain://127.0.0.1:{mail.port}",
            "NEWSWIRE_SMTP_USER": "chief",
            "NEWSWIRE_SMTP_PASSWORD": password,
            "NEWSWIRE_LOG": "debug",
        }
        yield Scene(world, web, link)


def dead_ends(world: World) -> str:
    """Bring two records to the dead letters, one of which holds a secret where records do, and return the id of one."""
    with world.bus() as bus:
        bus.publish(ITEMS, [Message("a", b"no record"), Message("b", b'{"schema": "item/99"}')])
        world.run("process", "--until-idle", status=1)  # messages wait for those who refuse them
        return next(iter(letters(bus))).dead_id


class Commands:
    """`newswire` with all modules loaded, asked for one command after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.command_line"],
            env=world.full_environment(),
            cwd=world.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str]) -> tuple[int, str]:
        """Return how a command ended, and all that it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return status, "".join((self._world.root / name).read_text(errors="surrogateescape") for name in ("out", "err"))

    def close(self) -> None:
        self._process.communicate(timeout=30)


def all_commands() -> Iterator[tuple[str, bool]]:
    """Yield each command's name, and whether it prints JSON where it is asked to."""
    cli.add_commands()

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                yield from walk(inner, (*path, name))
        else:
            yield " ".join(path), any("--json" in parameter.opts for parameter in command.params)

    yield from walk(typer.main.get_command(cli.app), ())


NOT_DRIVEN: Final = {
    "run": "driven as a process, as the stages are",
    "collect": "driven as a process",
    "process": "driven as a process",
    "alert": "driven as a process",
    "demo": "a world of its own, with no secret in it",
    "train": "reads the corpus and writes the model",
    "evaluate": "reads the corpus",
    "schemas": "writes into the checkout",
}


def driven(scene: Scene, dead_id: str) -> Mapping[str, list[str]]:
    """Return the arguments with which each command is driven."""
    root = scene.world.root
    (root / "records.jsonl").write_text('{"id": "a", "title": "Minister meets ambassador"}\n')
    return {
        "alerts": [],
        "assess": [str(root / "records.jsonl"), "--out", str(root / "assessed.jsonl")],
        "backtest": [],
        "backup": [str(root / "backup")],
        "check": [],
        "dead list": [],
        "dead replay": ["--all"],
        "dead show": [dead_id],
        "doctor": [],
        "explain": ["gaming", scene.link],
        "export alerts": [],
        "export reports": [],
        "init": [str(root / "fresh")],
        "migrate": [],
        "migrate-store": [],
        "promote": ["nothing"],
        "receivers list": [],
        "receivers test": ["echo"],
        "reference": [],
        "replay": ["news.items"],
        "restore": [str(root / "backup")],
        "search": ["gaming"],
        "silence add": ["--watchlist", "nothing", "--for", "1h", "--reason", "x"],
        "silence expire": ["1"],
        "silence list": [],
        "sources add": [scene.web.base + "/feed?access_token=" + FEED_TOKEN],
        "sources check": [],
        "sources list": [],
        "staged": [],
        "status": [],
        "test": [],
        "topics check": [],
        "topics create": [],
        "watchlist list": [],
        "watchlist new": ["fresh-list"],
        "why": [scene.link],
    }


@contextmanager
def terminal(written: Path) -> Iterator[int]:
    """Yield a terminal to write to; what is written there is kept in a file."""
    ours, theirs = pty.openpty()

    def keep() -> None:
        with written.open("wb") as file:
            try:
                while said := os.read(ours, 65_536):
                    file.write(said)
                    file.flush()
            except OSError:  # how Linux says that nobody writes any more
                return

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield theirs
    finally:
        os.close(theirs)
        thread.join(30)
        os.close(ours)


def served(log: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what a process serves, by the address in its log."""
    base = re.findall(r"(http://127[^\"\s]+)/metrics", log.read_text(errors="replace"))[0]
    for page in ("/metrics", "/readyz", "/healthz"):
        request = urllib.request.Request(base + page)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                yield f"{log.name} {page}", answer.read()
        except urllib.error.HTTPError as answer:
            yield f"{log.name} {page}", answer.read()


def children(pid: int) -> Iterator[tuple[str, bytes]]:
    """Yield the command lines and the environments of a process's descendants."""
    for child in psutil.Process(pid).children(recursive=True):
        for name in ("cmdline", "environ"):
            yield f"{name} of a child", Path(f"/proc/{child.pid}/{name}").read_bytes()


def test_no_secret_is_shown_by_a_watch_whose_receivers_fail_in_every_way(scene: Scene, tmp_path: Path, say: Say) -> None:
    world = scene.world
    texts: list[tuple[str, str | bytes]] = []
    with Fleet(world) as fleet, world.store() as store:
        life = fleet.start("run")
        wait_until(lambda: {"desk", "archive", "echo", "team", "dark", "lost", "chief"} <= tried(store), limit_s=90)
        wait_until(lambda: any(True for _ in children(life.process.pid)), limit_s=30)
        texts += [*served(life.log), *children(life.process.pid)]
        assert any("cmdline" in place for place, _ in texts)
        fleet.dismiss_all()
        texts.append(("the log", life.log.read_bytes()))
    logged = len(texts[-1][1])

    dead_id = dead_ends(world)
    table, known = driven(scene, dead_id), dict(all_commands())
    assert set(known) == set(table) | set(NOT_DRIVEN), "how is a new command driven here?"
    commands = Commands(world)
    for name, arguments in table.items():
        for more in ([], ["--json"]) if known[name] else ([],):
            texts.append((" ".join((name, *more)), commands.run([*name.split(), *arguments, *more])[1]))
    commands.close()
    assert not [place for place, text in texts if "Traceback" in str(text) and place != "the log"]
    texts += [
        (str(path.relative_to(tmp_path)), path.read_bytes()) for path in files(world.data, world.root / "backup", world.root / "fresh")
    ]
    with world.bus() as bus:
        texts += [("a dead letter", repr(letter)) for letter in letters(bus)]
    assert leaks(texts, SECRETS) == []
    assert leaks([texts[0], *[one for one in texts if one[0] == "the log"]], {"feed token": FEED_TOKEN}) == []
    say(
        f"{len(SECRETS)} secrets in {len(texts)} texts of {sum(len(text) for _, text in texts) >> 20} MiB, of them {logged >> 10} KiB of log: none found"
    )


def tried(store: Any) -> set[str]:
    """Return the receivers of which it is known how the last attempt ended."""
    from newswire.store.standings import standings  # noqa: PLC0415

    with store.read() as connection:
        return {
            name
            for name, standing in standings(connection, 0.0).items()
            if standing.trouble_for or standing.last_sent_at or standing.last_failed_at
        }


def files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("stage", ["run", *STAGES])
def test_no_secret_is_shown_in_the_traceback_of_a_bug(scene: Scene, tmp_path: Path, stage: str) -> None:
    world = scene.world
    of_environment = {name: value for name, value in SECRETS.items() if name.split()[0] in {"Slack", "webhook", "incoming", "SMTP"}}
    (tmp_path / "bug").mkdir()
    (tmp_path / "bug" / "sitecustomize.py").write_text(BUG)
    (tmp_path / "forms").write_text("\n".join(form for value in of_environment.values() for form in spoken(value)))
    bug = {"PYTHONPATH": f"{tmp_path / 'bug'}:{ROOT}", "CANARY_FORMS": str(tmp_path / "forms")}
    for on_terminal in (False, True):
        log = tmp_path / f"{on_terminal}.log"
        log.touch()
        with ExitStack() as stack:
            stderr = stack.enter_context(terminal(log)) if on_terminal else stack.enter_context(log.open("wb")).fileno()
            process = subprocess.Popen(
                world.command(stage), env=world.full_environment(**bug), cwd=world.root, stdout=subprocess.DEVNULL, stderr=stderr
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            wait_until(lambda: b"bug in a step" in log.read_bytes(), limit_s=60)  # noqa: B023 -- it is called within the loop
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert b"RuntimeError" in log.read_bytes()
        assert leaks([(log.name, log.read_bytes())], SECRETS) == []


def test_every_secret_variable_has_a_canary() -> None:
    here = {"NEWSWIRE_SLACK_TOKEN", "NEWSWIRE_WEBHOOK_SECRET", "NEWSWIRE_SMTP_USER", "NEWSWIRE_SMTP_PASSWORD", "NEWSWIRE_STORE"}
    assert {variable.name for variable in VARIABLES if variable.secret} == here


def test_no_secret_is_shown_by_a_start_that_a_server_refuses(embedded: World) -> None:
    store = f"postgresql+psycopg://newswire:{quote(SECRETS['store password'], safe='')}@127.0.0.1:9/news"
    proxy = f"http://reader:{SECRETS['password of a proxy']}@127.0.0.1:9"
    more = {
        "NEWSWIRE_BUS": "kafka://127.0.0.1:9",
        "NEWSWIRE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "NEWSWIRE_KAFKA_SASL_MECHANISM": "PLAIN",
        "NEWSWIRE_KAFKA_SASL_PLAIN_USERNAME": "newswire",
        "NEWSWIRE_KAFKA_SASL_PLAIN_PASSWORD": SECRETS["Kafka password"],
        "NEWSWIRE_KAFKA_REQUEST_TIMEOUT_MS": "1000",
        "NEWSWIRE_LOG": "debug",
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
    }
    embedded.sources("http://127.0.0.1:9/feed")
    said: list[tuple[str, str]] = []
    for arguments in (("run", "--until-idle"), ("status",), ("doctor",), ("topics", "check")):
        for store_too in ({"NEWSWIRE_STORE": store}, {}):
            embedded.environment |= more | store_too
            done = embedded.run(*arguments, status=None)
            embedded.environment.pop("NEWSWIRE_STORE", None)
            said.append((" ".join(arguments), done.stdout + done.stderr))
    assert leaks(said, SECRETS) == []
    assert not [text for _, text in said if "Traceback" in text]
