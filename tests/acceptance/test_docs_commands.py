"""Every shell block of every page is run as it stands: the commands are there, take these options, and end well."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from newswire.dead import dead_output
from newswire.topics import DEAD
from tests.acceptance.docs_shell import ANSWERS, STAND_INS, run_page, tools
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Entry, Web, World
from tests.examples import DEAD_LETTER
from tests.fake_slack import FakeSlack
from tests.pages import ROOT, Block, all_blocks
from tests.servers.kafka import KafkaCluster

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240), pytest.mark.xdist_group("docs")]

ON_SERVERS: Final = {"docs/kafka-postgresql.md": False, "docs/moving.md": False, "docs/runbooks/NewswireBusAway.md": True}
"""Pages that speak of a Kafka and a PostgreSQL: they are run on real ones; and whether their reader's shell has the settings already."""

EVERYWHERE: Final = {
    "https://paper.example/article": "{article}",
    "https://nation.example/2026/11/02/it-telecom": "{article}",
    "https://example.com/feed": "{feed}",
    "https://…": "{article}",
    "3f2a91": "{silence}",
    "xoxb-…": "xoxb-docs",
    "ID": "{letter}",
    " NAME": " gaming-partners",
    "FILE.jsonl": "reports.jsonl",
    "WORDS": "spectrum",
    "/srv/www/": "",
}
"""What a page writes, and what the world of the test has in its place."""

REPLACED: Final[dict[str, dict[str, str]]] = {
    # Inside of the test's folder; what was made is called after the moment; and a restore wants an empty place.
    "docs/backup.md": {
        "newswire restore /var/backups/newswire/newswire-20261128T020000Z": "NEWSWIRE_DATA=restored newswire restore backups/newswire-*",
        "newswire-20261128T020000Z": "newswire-*",
        "/var/backups/newswire": "backups",
    },
    "docs/upgrading.md": {
        "newswire restore DIR/newswire-20261128T020000Z": "newswire backup copies && NEWSWIRE_DATA=restored newswire restore copies/newswire-*",
    },
    # No internet: the new configuration reads the web of the test.
    "docs/first-watchlist.md": {
        "newswire init desk  ": "newswire init desk && cp config/sources/test.yaml desk/sources/first.yaml ",
        # No terminal: what would be asked is given.
        "newswire watchlist new submarine-cables": "newswire watchlist new submarine-cables --title Cables --any 'submarine cable' --partners any --severity high",
    },
    "docs/taxonomy.md": {'shipped="$(': 'newswire init desk && shipped="$('},  # the folder that its reader has
    "docs/moving.md": {
        "/var/lib/newswire-back": "back",
        "kafka://broker-1.example:9093,broker-2.example:9093": "{kafka}",
        "/run/secrets/newswire-store": "store-url",
    },
    "docs/kafka-postgresql.md": {
        "postgresql+psycopg://newswire:…@db.example:5432/newswire?sslmode=verify-full&sslrootcert=/etc/newswire/ca.pem": "{store}",
        "kafka://broker-1.example:9093,broker-2.example:9093,broker-3.example:9093": "{kafka}",
        "3:1200": "3:0",
        # The brokers of the tests ask for no password.
        "export NEWSWIRE_KAFKA_S": "export NOT_KAFKA_S",
    },
}


@dataclass(frozen=True)
class Prepared:
    """A data folder and a configuration to copy, and what stands in them."""

    root: Path
    tools: Path
    article: str
    silence: str


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """The demo's archive with a dead letter and a silence, and a server that runs commands."""
    base = tmp_path_factory.mktemp("docs")
    world = World(base / "world")
    for name in ("taxonomy", "model"):  # the shipped ones serve, and are not checked anew for each command
        shutil.rmtree(world.config / name)
    world.run("demo", "--keep", "var", timeout=120)
    world.run("silence", "add", "--country", "NO", "--for", "2d", "--by", "Ayesha", "--why", "known")
    silence = json.loads(world.run("silence", "list", "--json").stdout.splitlines()[0])["silence_id"]
    with world.bus() as bus:
        bus.publish(DEAD, [dead_output(DEAD_LETTER).message])
    article = next(one["url"] for one in world.json_lines("alerts") if "gaming-partners" in one["watchlists"])
    (world.root / ".venv" / "bin").mkdir(parents=True)
    (world.root / ".venv" / "bin" / "activate").write_text("# our own stands on the path\n")
    (world.root / "feeds.txt").write_text("https://not-there.invalid/feed\n")
    reports = world.run("export", "reports", "--format", "jsonl").stdout
    _what_pages_name(world.root, reports)
    shutil.copytree(ROOT / "deploy", world.root / "deploy")  # pages on deployment are read at the root of a clone
    socket = base / "asks"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fork_server", str(socket), *ANSWERS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "listening\n"
        yield Prepared(world.root, tools(base / "tools", socket), article, silence)
        server.kill()


def _what_pages_name(root: Path, reports: str) -> None:
    """Write the files that a person would have, when a page says `article.txt` or `old.yaml`."""
    (root / "reports.jsonl").write_text(reports, "utf-8")
    item = {"title": FIVE["demo-us-gaming"]["title"], "text": FIVE["demo-us-gaming"]["text"]}
    (root / "items.jsonl").write_text((json.dumps(item) + "\n") * 12, "utf-8")
    (root / "article.txt").write_text(f"{item['title']}\n{item['text']}\n", "utf-8")
    (root / "page.html").write_text(f"<html><body><article><h1>{item['title']}</h1><p>{item['text']}</p></article></body></html>", "utf-8")
    shutil.copy(root / "config" / "watchlists" / "gaming-partners.yaml", root / "old.yaml")
    draft = (root / "old.yaml").read_text("utf-8").replace("title:", "status: draft\ntitle:", 1)
    (root / "config" / "watchlists" / "another.yaml").write_text(draft, "utf-8")
    (root / "config" / "watchlists" / "another.yaml").rename(root / "another.yaml")


@pytest.fixture
def place(prepared: Prepared, tmp_path: Path, web: Web, slack: FakeSlack) -> Mapping[str, Any]:
    """A copy of the prepared world for one page: its folder, the environment, and what stands for the page's examples."""
    world = World(tmp_path / "world")
    shutil.rmtree(world.root)
    shutil.copytree(prepared.root, world.root)
    article = FIVE["demo-us-gaming"]
    link = web.page("/article", article["title"], article["text"])
    world.sources(web.feed("/feed", [Entry(article["title"], article["summary"], link)]), outlet="Islamabad Wire", country="PK")
    other = web.feed("/other", [Entry("Ministers meet", "They met.", web.page("/met", "Ministers meet", "They met in Oslo."))])
    world.allow_ports(web.port)
    world.slack(slack.url)
    environment = {name: value for name, value in world.environment.items() if name != "NEWSWIRE_CONFIG"} | {"NEWSWIRE_DATA": "var"}
    shutil.copytree(world.config, tmp_path / "other" / "config")
    for command in (("init", "-q", "-b", "main"), ("add", "config"), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a")):
        subprocess.run(["git", *command], cwd=world.root, check=True)
    given = {"article": prepared.article, "feed": other, "silence": prepared.silence, "letter": DEAD_LETTER.dead_id}
    return {"world": world, "environment": environment, "given": given, "tools": prepared.tools}


def replaced(page: str, given: Mapping[str, str]) -> dict[str, str]:
    return {written: instead.format(**given) for written, instead in (REPLACED.get(page, {}) | EVERYWHERE).items()}


def by_page(*, on_servers: bool) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for block in all_blocks("sh", "bash", "shell", "console"):
        if (block.page in ON_SERVERS) is on_servers:
            found.setdefault(block.page, []).append(block)
    return found


HERE, SERVERS = by_page(on_servers=False), by_page(on_servers=True)


@pytest.mark.parametrize("page", sorted(HERE))
def test_every_command_of_the_page_works(page: str, place: Mapping[str, Any]) -> None:
    ran = run_page(page, HERE[page], place["world"].root, place["tools"], replaced(page, place["given"]), place["environment"])
    assert ran.status == 0, ran.said[-3000:]
    assert "Traceback" not in ran.said


@pytest.mark.servers
@pytest.mark.parametrize("page", sorted(SERVERS))
def test_every_command_of_the_page_works_on_real_servers(
    page: str, place: Mapping[str, Any], kafka: KafkaCluster, request: pytest.FixtureRequest
) -> None:
    root = place["world"].root
    given = place["given"] | {"kafka": f"kafka://{kafka.servers}", "store": request.getfixturevalue("postgres").new_database()}
    (root / "store-url").write_text(request.getfixturevalue("migrated")(), "utf-8")
    prefix = {"NEWSWIRE_TOPIC_PREFIX": f"{root.parent.name.replace('_', '-')}.", "NEWSWIRE_KAFKA_NUM_PARTITIONS": "4"}
    for block in all_blocks("ini"):
        if block.page == page and block.file:
            text = block.text
            for written, instead in replaced(page, given).items():
                text = text.replace(written, instead)
            more = "".join(f"{name}={value}\n" for name, value in prefix.items())
            (root / block.file).write_text(text + more, "utf-8")
    environment = place["environment"] | (prefix if page != "docs/moving.md" else {})
    if ON_SERVERS[page]:
        environment |= {"NEWSWIRE_BUS": given["kafka"], "NEWSWIRE_STORE": (root / "store-url").read_text("utf-8")}
        place["world"].environment = dict(environment)
        place["world"].run("topics", "create")
    ran = run_page(page, SERVERS[page], root, place["tools"], replaced(page, given), environment)
    assert ran.status == 0, ran.said[-3000:]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("newswire silence add --until never", "docs/a.md:5: newswire silence add --until never: ended with 2"),
        ("newswire sources list --jsn", "docs/a.md:5: newswire sources list --jsn: ended with 2"),
        ("frobnicate --all", "frobnicate: no such command here"),
        ("make nothing", "No rule to make target 'nothing'"),
    ],
)
def test_what_is_wrong_on_a_page_is_found_at_its_line(line: str, words: str, place: Mapping[str, Any]) -> None:
    blocks = [Block("docs/a.md", 3, "sh", "newswire --version\n"), Block("docs/a.md", 5, "sh", line + "\n")]
    ran = run_page("docs/a.md", blocks, place["world"].root, place["tools"], {}, place["environment"])
    assert ran.status != 0
    assert words in ran.said


def test_what_is_not_run_has_its_reason() -> None:
    assert all(len(reason.split()) > 3 for reason in STAND_INS.values())
