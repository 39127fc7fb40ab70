"""Hostile feeds and pages beside a good one: each ends in one counted outcome with a closed reason, and the good one is told."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from newswire.bus import Message
from newswire.topics import ITEMS
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import Answer, Entry, Web, World
from tests.fake_slack import FakeSlack
from tests.hostile_server import brotli_bomb, gzip_bomb

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


def good_source(web: Web) -> str:
    article = FIVE["demo-us-gaming"]
    return web.feed("/good", [Entry(article["title"], article["summary"], web.page("/article", article["title"], article["text"]))])


def reasons(world: World) -> dict[str, str | None]:
    return {source["url"]: source["reason"] for source in world.json_lines("sources", "list")}


@contextmanager
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port on loopback that notes every connection made to it."""
    met: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                while True:
                    connection, peer = server.accept()
                    met.append(peer)
                    connection.close()
            except OSError:
                return

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], met


@contextmanager
def raw_server(first: bytes, drip: bytes, every_s: float) -> Iterator[str]:
    """A server that sends `first`, then `drip` again and again until the client leaves."""
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(4096)
                    connection.sendall(first)
                    while not ended.wait(every_s):
                        connection.sendall(drip)
                except OSError:
                    return

        def accept() -> None:
            try:
                while True:
                    Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
            except OSError:
                return

        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/feed"
        ended.set()


def test_a_redirect_to_a_private_address_meets_nobody(world: World, web: Web, slack: FakeSlack) -> None:
    with listener() as (port, met):
        web.answers["/to-private"] = Answer(b"", status=302, headers={"Location": f"http://10.0.0.1:{port}/"})
        web.answers["/to-metadata"] = Answer(b"", status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
        web.answers["/to-loopback-name"] = Answer(b"", status=302, headers={"Location": f"http://[::ffff:127.0.0.1]:{port}/"})
        web.answers["/to-file"] = Answer(b"", status=302, headers={"Location": "file:///etc/passwd"})
        urls = [web.base + path for path in ("/to-private", "/to-metadata", "/to-loopback-name", "/to-file")]
        world.sources(good_source(web), *urls)
        world.allow_ports(web.port, port)
        # The test's own web is one address; everything else on loopback stays private.
        world.environment["NEWSWIRE_ALLOW_NETWORKS"] = "127.0.0.1/32"
        world.slack(slack.url)
        world.run("run", "--until-idle")
        found = reasons(world)
        assert found[urls[0]] == found[urls[1]] == "blocked_address"
        assert found[urls[3]] in {"bad_url", "redirect"}
        assert len(slack.posted) == 1
    with listener() as (port, met):
        world.environment["NEWSWIRE_ALLOW_NETWORKS"] = ""
        world.allow_ports(port)
        world.sources(f"http://localhost:{port}/feed", f"http://2130706433:{port}/feed", f"http://0x7f.1:{port}/feed")
        world.run("run", "--until-idle")
        assert {reason for url, reason in reasons(world).items() if str(port) in url} == {"blocked_address"}
        assert met == []


def test_garbage_bombs_drips_and_hanging_pages_end_and_the_good_feed_is_told(world: World, web: Web, slack: FakeSlack) -> None:
    web.answers["/garbage"] = Answer(bytes(range(256)) * 400, "application/rss+xml")
    web.answers["/empty"] = Answer(b"", "application/rss+xml")
    web.answers["/html"] = Answer(b"<html><body><p>No feed here", "text/html")
    web.answers["/gzip-bomb"] = Answer(gzip_bomb(), "application/rss+xml", headers={"Content-Encoding": "gzip"})
    web.answers["/brotli-bomb"] = Answer(brotli_bomb(), "application/rss+xml", headers={"Content-Encoding": "br"})
    web.answers["/attributes"] = Answer(
        b"<rss><channel><item " + b" ".join(b'a%d="1"' % n for n in range(40_000)) + b"><title>x &nbsp; y</title></item></channel></rss>",
        "application/rss+xml",
    )
    authors = b'"author":{"@type":"Person",' * 5000
    web.answers["/hangs"] = Answer(
        b'<html><head><script type="application/ld+json">{' + authors + b"</script></head><body><p>x</p></body></html>"
    )
    web.answers["/many-h1"] = Answer(b"<html><body>" + b"<h1>a</h1>" * 100_000 + b"</body></html>")
    hanging = web.feed(
        "/hanging-pages",
        [
            Entry("Ambassador of Japan meets telecom minister on 5G", "They agreed to work together.", web.base + "/hangs"),
            Entry("Telecom minister meets ambassador of Germany on cables", "They agreed to work together.", web.base + "/many-h1"),
        ],
    )
    untitled = web.feed("/untitled", [Entry("", "", web.base + "/untitled-1")])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: 100000\r\n\r\n"
    with raw_server(head, b"x", 0.5) as drip, raw_server(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.01) as hints:
        paths = ("/garbage", "/empty", "/html", "/gzip-bomb", "/brotli-bomb", "/attributes")
        world.sources(good_source(web), hanging, untitled, drip, hints, *(web.base + path for path in paths), country="PK")
        world.allow_ports(web.port, *(int(re.findall(r":(\d+)/", url)[0]) for url in (drip, hints)))
        world.slack(slack.url)
        running = world.run("run", "--until-idle", timeout=100)
        found = reasons(world)
        assert found[drip] == found[hints] == "deadline"
        assert found[web.base + "/gzip-bomb"] == found[web.base + "/brotli-bomb"] == "too_large"
        assert {found[web.base + path] for path in ("/garbage", "/empty", "/html")} <= {"not_a_feed", "undecodable", "parse_error"}
        assert found[web.base + "/attributes"] in {"ok", "parse_killed", "parse_error", "not_a_feed"}
        told = {message.body["metadata"]["event_payload"]["alert_id"] for message in slack.posted}
        assert len(told) == 3  # the good one, and the two whose pages could not be read
        assert "Traceback" not in running.stderr
        for path in ("/hangs", "/many-h1"):
            stages = {step["stage"]: step for step in world.json("why", web.base + path)["stages"]}
            assert stages["read_page"]["outcome"] in {"feed_final", "reported"}
        lines = [json.loads(line) for line in running.stderr.splitlines() if line.startswith("{")]
        for url in (drip, web.base + "/garbage", web.base + "/gzip-bomb"):
            assert len([line for line in lines if line.get("level") == "warning" and url in json.dumps(line)]) == 1


def test_a_title_cannot_ping_hide_or_colour(world: World, web: Web, slack: FakeSlack) -> None:
    article = FIVE["demo-us-gaming"]
    title = f"<!channel> <@U1> \u202e{article['title']}\u202c \x1b[31mgaming\u200b industry <http://evil.example|click>"
    feed = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "t",
            "items": [
                {
                    "id": "1",
                    "url": web.base + "/a",
                    "title": title,
                    "content_text": article["text"],
                    "date_published": datetime.now(UTC).isoformat(),
                }
            ],
        }
    )
    web.answers["/feed.json"] = Answer(feed.encode(), "application/feed+json")
    world.sources(web.base + "/feed.json", country="PK")
    world.allow_ports(web.port)
    world.slack(slack.url)
    world.run("run", "--until-idle")
    assert len(slack.posted) == 1
    body = json.dumps(slack.posted[0].body, ensure_ascii=False)
    text_sinks = json.dumps(slack.posted[0].body.get("text", ""))
    for forbidden in ("\u202e", "\u202c", "\x1b", "\\u001b", "\u200b"):
        assert forbidden not in body
    for forbidden in ("<!channel>", "<@U1>", "<http"):
        assert forbidden not in text_sinks
    for block in re.findall(r'"type": "mrkdwn", "text": "([^"]*)"', body):
        assert "<!" not in block
        assert "<@" not in block
    for name in ("NEWSWIRE_SLACK_TOKEN", "NEWSWIRE_BUS", "NEWSWIRE_STORE"):
        world.environment.pop(name, None)
    world.environment["NEWSWIRE_DATA"] = str(world.root / "other")  # a world where nothing was told yet
    printed = world.run("run", "--until-idle").stdout
    assert "gaming industry" in printed
    assert not set(printed) & set("\u202e\u202c\x1b\u200b")


def test_records_that_nobody_can_read_are_dead_letters_and_the_next_is_handled(world: World, web: Web, slack: FakeSlack) -> None:
    world.sources(good_source(web), country="PK")
    world.allow_ports(web.port)
    world.slack(slack.url)
    world.run("collect", "--until-idle")
    with world.bus() as bus:
        [item] = bus.browse(ITEMS)
        newer = item.value.replace(b'"schema":1', b'"schema":99').replace(item.key.encode(), b"an-item-of-tomorrow")
        bus.publish(ITEMS, [Message("an-item-of-tomorrow", newer), Message("no-item", b"\xff\x00 no JSON at all")])
    article = FIVE["demo-korea"]
    world.sources(
        web.feed("/next", [Entry(article["title"], article["summary"], web.page("/k", article["title"], article["text"]))]),
        name="next",
        country="PK",
    )
    world.run("run", "--until-idle")
    letters = {letter["reason"]: letter for letter in world.json_lines("dead", "list")}
    assert set(letters) == {"unknown_schema", "bad_record"}
    letter = letters["unknown_schema"]
    assert letter["topic"] == "news.items"
    assert len(slack.posted) == 2  # the one before it, and the one after it
    shown = json.loads(world.run("dead", "show", letter["dead_id"]).stdout)
    assert '"schema":99' in shown["value"]
    world.run("dead", "replay", letter["dead_id"])
    world.run("run", "--until-idle")
    assert max(one["attempts"] for one in world.json_lines("dead", "list")) == 2


def test_faults_of_a_file_come_all_at_once_with_their_lines(world: World) -> None:
    (world.config / "watchlists" / "north.yaml").write_text(
        "title: Norway and Sweden\n"
        "severity: high\n"
        "when:\n"
        "  any: [broadband]\n"
        "  partners: [NO, SE]\n"
        "severity: low\n"
        "colour: blue\n"
        "max_age: [1, 2]\n",
        encoding="utf-8",
    )
    done = world.run("check", status=2)
    faults = done.stderr.splitlines()
    for line, words in ((6, "severity"), (7, "colour"), (8, "duration")):
        assert any(f"north.yaml:{line}:" in fault and words in fault for fault in faults), done.stderr
    assert "Traceback" not in done.stderr
    assert world.run("run", "--until-idle", status=2).stderr.count("north.yaml:") == 3
    (world.config / "watchlists" / "north.yaml").write_text(
        "title: Norway and Sweden\n"
        "when:\n"
        "  any: [broadband]\n"
        "  partners: [NO, SE]\n"
        "tests:\n"
        "  - {name: Norway is Norway, item: {title: Broadband talks, label: diplomacy, partners: [NO]}, alert: true}\n"
        "  - {name: Denmark is not, item: {title: Broadband talks, label: diplomacy, partners: [DK]}, alert: false}\n",
        encoding="utf-8",
    )
    world.run("check")
    world.run("test", "north")
    (world.config / "watchlists" / "half.yaml").write_text('title: "Half\nwhen:\n  any: [', encoding="utf-8")
    half = world.run("check", status=2)
    assert len([line for line in half.stderr.splitlines() if "half.yaml:" in line]) == 1
