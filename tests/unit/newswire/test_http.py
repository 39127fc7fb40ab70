import contextlib
import gzip
import logging
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path

import brotli
import pytest
from backports import zstd

from newswire.clock import ManualClock, SystemClock
from newswire.guard import Guard
from newswire.http import Fetched, FetchFailed, GuardedHttp, HostSlots, Request
from newswire.http.answers import retry_after_s, sendable
from newswire.metrics import Metrics
from newswire.outcomes import FetchReason
from tests import hostile_server as hostile
from tests.fakes import NOW
from tests.hostile_server import HostileServer, Script, redirect, status

CERTIFICATE = Path(__file__).parents[2] / "golden" / "tls" / "pub.test.pem"
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the system's would be read from disk for each test
GOOD = status(200, 'ETag: "1"\r\n', b"<rss/>")
Make = Callable[..., GuardedHttp]


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer({"/good": GOOD}) as running:
        yield running


@pytest.fixture
def make(metrics: Metrics) -> Iterator[Make]:
    clients: list[GuardedHttp] = []

    def make(
        port: int,
        *,
        networks: Sequence[str] = ("127.0.0.1/32",),
        resolver: Callable[[str, int], Sequence[str]] | None = None,
        slots: HostSlots | None = None,
        tls: ssl.SSLContext | None = None,
        connections: int = 400,
    ) -> GuardedHttp:
        clients.append(
            GuardedHttp(
                guard=Guard(map(ip_network, networks), [port]),
                slots=slots,
                metrics=metrics,
                user_agent="newswire/test",
                clock=SystemClock(),
                connections=connections,
                resolver=resolver,
                ssl_context=tls or NO_AUTHORITIES,
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make: Make, server: HostileServer) -> GuardedHttp:
    return make(server.port)


def fetch(
    client: GuardedHttp, url: str, deadline_s: float = 5.0, cap_bytes: int = 100_000, headers: Mapping[str, str] | None = None
) -> Fetched | FetchFailed:
    return client.submit(Request(url, cap_bytes, deadline_s, headers or {})).result(timeout=20)


def fetched(client: GuardedHttp, url: str, **headers: str) -> Fetched:
    answer = fetch(client, url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert isinstance(answer, Fetched), answer
    return answer


def failed(client: GuardedHttp, url: str, deadline_s: float = 5.0, cap_bytes: int = 100_000) -> FetchFailed:
    answer = fetch(client, url, deadline_s, cap_bytes)
    assert isinstance(answer, FetchFailed), answer
    return answer


def test_a_body_comes_with_its_headers_in_lower_case(client: GuardedHttp, server: HostileServer) -> None:
    answer = fetched(client, server.url("/good?a=b#c"))
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"<rss/>", '"1"')
    assert (answer.url, answer.permanent_url) == (server.url("/good?a=b"), None)
    head = server.requests[0].lower()
    assert head.startswith("get /good?a=b http/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in head
    assert "user-agent: newswire/test\r\n" in head
    assert "cookie" not in head


def test_a_304_is_an_answer_where_it_was_asked_for(client: GuardedHttp, server: HostileServer, metrics: Metrics) -> None:
    server.scripts["/same"] = hostile.raw(b"HTTP/1.1 304 Not Modified\r\n\r\n")
    assert fetched(client, server.url("/same"), if_none_match='"1"').status == 304
    assert 'if-none-match: "1"' in server.requests[0]
    assert failed(client, server.url("/same")).reason is FetchReason.PROTOCOL
    assert count(metrics, FetchReason.NOT_MODIFIED) == 1


def test_each_fetch_is_counted_once(client: GuardedHttp, server: HostileServer, metrics: Metrics) -> None:
    fetched(client, server.url("/good"))
    failed(client, server.url("/none"))
    failed(client, "ftp://a.example/")
    begun = metrics.registry.get_sample_value("newswire_http_fetches_in_total", {"kind": "page"})
    assert (begun, count(metrics, FetchReason.OK), count(metrics, FetchReason.HTTP_4XX), count(metrics, FetchReason.BAD_URL)) == (
        3,
        1,
        1,
        1,
    )
    assert metrics.registry.get_sample_value("newswire_http_body_bytes_total", {"kind": "page"}) == 6
    assert metrics.registry.get_sample_value("newswire_http_fetch_seconds_count", {"kind": "page"}) == 3


def count(metrics: Metrics, reason: FetchReason) -> float | None:
    return metrics.registry.get_sample_value("newswire_http_fetches_total", {"kind": "page", "reason": reason})


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (status(410), FetchReason.GONE),
        (status(404), FetchReason.HTTP_4XX),
        (status(403), FetchReason.HTTP_4XX),
        (status(429), FetchReason.RATE_LIMITED),
        (status(503, "Retry-After: 60\r\n"), FetchReason.RATE_LIMITED),
        (status(503), FetchReason.HTTP_5XX),
        (status(500), FetchReason.HTTP_5XX),
        (status(206, "", b"half"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 204 No Content\r\n\r\n"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), FetchReason.PROTOCOL),
        (status(300), FetchReason.REDIRECT),
        (status(302), FetchReason.REDIRECT),
        (hostile.raw(b"<html>HTTP/0.9</html>"), FetchReason.PROTOCOL),
        (hostile.raw(b""), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nhello"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), FetchReason.PROTOCOL),
        (hostile.raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"), FetchReason.PROTOCOL),
        (hostile.encoded("gzip", gzip.compress(b"x" * 5000)[:30]), FetchReason.PROTOCOL),
        (hostile.encoded("gzip", b"no gzip at all"), FetchReason.PROTOCOL),
        (hostile.encoded("br", brotli.compress(b"hello" * 5000)[:-1]), FetchReason.PROTOCOL),
        (hostile.encoded("zstd", zstd.compress(b"hello" * 5000)[:-5]), FetchReason.PROTOCOL),
        (hostile.encoded("gzip, gzip, gzip", b"x"), FetchReason.PROTOCOL),
        (hostile.STORM_OF_103, FetchReason.PROTOCOL),
        (hostile.ENDLESS_CHUNKED, FetchReason.TOO_LARGE),
        (hostile.ENDLESS_UNFRAMED, FetchReason.TOO_LARGE),
        (hostile.endless(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x", 0.05), FetchReason.TOO_LARGE),
    ],
)
def test_every_answer_has_one_closed_end(client: GuardedHttp, server: HostileServer, script: Script, reason: FetchReason) -> None:
    server.scripts["/case"] = script
    answer = failed(client, server.url("/case"))
    assert answer.reason is reason, answer
    assert answer.detail.isprintable()
    assert len(answer.detail) < 400
    assert fetched(client, server.url("/good")).body == b"<rss/>"


@pytest.mark.parametrize("script", [hostile.silence, hostile.DRIP_BODY, hostile.DRIP_HEADER, hostile.DRIP_OF_103])
def test_one_deadline_ends_whatever_goes_on_for_ever(client: GuardedHttp, server: HostileServer, script: Script) -> None:
    server.scripts["/slow"] = script
    slow = client.submit(Request(server.url("/slow"), 1_000_000, 0.4))
    assert fetched(client, server.url("/good")).body == b"<rss/>"
    answer = slow.result(timeout=3)
    assert isinstance(answer, FetchFailed)
    assert (answer.reason, answer.detail) == (FetchReason.DEADLINE, "not done within 0.4 s")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo") + b"\0\0\0"),
        ("x-gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello", wbits=-15)),
        ("br", brotli.compress(b"hello")),
        ("zstd", zstd.compress(b"hel") + zstd.compress(b"lo")),
        ("gzip, br", brotli.compress(gzip.compress(b"hello"))),
        ("identity", b"hello"),
        ("utf-8", b"hello"),
    ],
    ids=["gzip", "gzip-members", "x-gzip", "deflate", "deflate-raw", "br", "zstd-frames", "br-of-gzip", "identity", "unknown"],
)
def test_every_encoding_that_is_asked_for_is_undone(client: GuardedHttp, server: HostileServer, encoding: str, body: bytes) -> None:
    server.scripts["/encoded"] = hostile.encoded(encoding, body)
    assert fetched(client, server.url("/encoded")).body == b"hello"


def test_an_empty_body_that_is_said_to_be_compressed_is_empty(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts["/empty"] = hostile.encoded("gzip", b"")
    assert fetched(client, server.url("/empty")).body == b""


def test_the_cap_counts_decoded_bytes(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts["/bomb"] = hostile.encoded("gzip", gzip.compress(b"x" * 100_001))
    answer = failed(client, server.url("/bomb"), cap_bytes=100_000)
    assert (answer.reason, answer.detail) == (FetchReason.TOO_LARGE, "the body is larger than 100000 bytes")
    assert isinstance(fetch(client, server.url("/bomb"), cap_bytes=100_001), Fetched)


def test_redirects_are_followed_and_permanent_ones_learned(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts |= {"/a": redirect("/b", 301), "/b": redirect(server.url("/good"), 308), "/c": redirect("a", 302)}
    assert fetched(client, server.url("/a")).permanent_url == server.url("/good")
    through_a_temporary_one = fetched(client, server.url("/c"))
    assert (through_a_temporary_one.url, through_a_temporary_one.permanent_url) == (server.url("/good"), None)


def test_a_redirect_is_handed_back_to_one_who_asks_for_that(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts |= {"/a": redirect("/b?x=1", 301), "/b": GOOD}
    answer = client.submit(Request(server.url("/a"), 1_000, 5, hand_back=True)).result(10)
    assert isinstance(answer, FetchFailed)
    assert (answer.reason, answer.status, answer.led_to) == (FetchReason.REDIRECTED, 301, server.url("/b?x=1"))
    assert len(server.requests) == 1


def test_the_body_of_a_redirect_is_not_read(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts["/endless"] = hostile.REDIRECT_WITH_ENDLESS_BODY
    assert fetched(client, server.url("/endless")).body == b"<rss/>"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("http://169.254.169.254/latest/", FetchReason.BLOCKED_ADDRESS),
        ("http://10.0.0.1/", FetchReason.BLOCKED_ADDRESS),
        ("//192.168.0.1/", FetchReason.BLOCKED_ADDRESS),
        ("http://[::1]/", FetchReason.BLOCKED_ADDRESS),
        ("http://inner.test/", FetchReason.BLOCKED_ADDRESS),
        ("http://8.8.8.8:22/", FetchReason.BLOCKED_PORT),
        ("file:///etc/passwd", FetchReason.REDIRECT),
        ("gopher://a.example/", FetchReason.REDIRECT),
        ("http://user:secret@a.example/", FetchReason.REDIRECT),
        ("https:ok", FetchReason.REDIRECT),
        ("http://[::1/", FetchReason.REDIRECT),
        ("http://a.example/" + "x" * 3000, FetchReason.REDIRECT),
        ("/loop", FetchReason.REDIRECT),
    ],
)
def test_every_hop_is_checked(make: Make, server: HostileServer, place: str, reason: FetchReason) -> None:
    server.scripts["/loop"] = redirect(place)
    answer = failed(make(server.port, resolver=lambda name, port: ["10.9.8.7"]), server.url("/loop"))
    assert answer.reason is reason, answer
    assert "secret" not in answer.url + answer.detail


def test_redirects_end_at_their_number(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts |= {f"/{n}": redirect(f"/{n + 1}") for n in range(6)} | {"/6": GOOD}
    assert failed(client, server.url("/0")).detail == "more than 5 redirects"
    assert fetched(client, server.url("/1")).url == server.url("/6")


def test_credentials_stay_with_their_host_and_validators_go_along(make: Make) -> None:
    with HostileServer({"/good": GOOD}, host="127.0.0.2") as other, HostileServer({}, port=other.port) as first:
        first.scripts["/feed"] = redirect(other.url("/good"))
        client = make(first.port, networks=["127.0.0.0/30"])
        fetched(client, first.url("/feed"), authorization="Bearer x", if_none_match='"1"', host="evil.example")
        assert "authorization: Bearer x" in first.requests[0]
        assert "evil" not in first.requests[0]
        assert "authorization" not in other.requests[0]
        assert 'if-none-match: "1"' in other.requests[0]


def test_a_validator_that_cannot_be_sent_is_dropped(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts["/bad"] = status(200, 'ETag: "\xe9\x01"\r\n', b"x")
    etag = fetched(client, server.url("/bad")).headers["etag"]
    again = fetched(client, server.url("/bad"), if_none_match=etag, if_modified_since="x" * 2000, accept="text/xml")
    assert again.status == 200
    assert "if-none-match" not in server.requests[1]
    assert "accept: text/xml" in server.requests[1]


def test_only_printable_ascii_goes_out() -> None:
    given = {
        "If-None-Match": ' W/"a b" ',
        "X-A": "a\nb",
        "X-B": "é",
        "X-C": "x" * 1025,
        "X D": "x",
        "X-E": "",
        "Transfer-Encoding": "chunked",
    }
    assert sendable(given) == {"if-none-match": 'W/"a b"'}


# -- addresses


def test_a_name_is_resolved_once_and_the_checked_address_is_dialled(make: Make, server: HostileServer) -> None:
    asked: list[str] = []
    answers = iter([["127.0.0.1"], ["127.0.0.66"]])

    def rebinding(name: str, port: int) -> list[str]:
        asked.append(name)
        return next(answers)

    with HostileServer({"/good": GOOD}, host="127.0.0.66", port=server.port) as inner:
        # 127.0.0.1 stands for a public address here: it is allowed, 127.0.0.66 is not.
        client = make(server.port, resolver=rebinding)
        assert fetched(client, server.url("/good", host="rebind.test")).body == b"<rss/>"
        answer = failed(client, server.url("/good", host="rebind.test"))
        assert answer.reason is FetchReason.BLOCKED_ADDRESS
        assert answer.detail.startswith("rebind.test resolves to 127.0.0.66, which is a loopback address")
        assert (asked, server.connections, inner.connections) == (["rebind.test", "rebind.test"], 1, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "127.1", "localhost", "[::ffff:7f00:1]"])
def test_no_spelling_of_loopback_is_dialled(make: Make, server: HostileServer, host: str) -> None:
    answer = failed(make(server.port, networks=[]), server.url("/good", host=host))
    assert answer.reason in (FetchReason.BLOCKED_ADDRESS, FetchReason.BAD_URL), answer
    assert server.connections == 0


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["64:ff9b::7f00:1"], ["fe80::1%lo"], ["100.64.0.1"], ["::"], ["x"]]
)
def test_one_answer_that_is_not_public_refuses_the_name(make: Make, server: HostileServer, addresses: list[str]) -> None:
    answer = failed(make(server.port, resolver=lambda name, port: addresses), server.url("/good", host="a.test"))
    assert answer.reason is FetchReason.BLOCKED_ADDRESS
    assert server.connections == 0


def test_a_name_without_an_address_is_a_dns_failure(make: Make, server: HostileServer) -> None:
    def resolver(name: str, port: int) -> list[str]:
        if name == "empty.test":
            return []
        raise UnicodeError("label too long") if name == "long.test" else OSError("Name or service not known")

    client = make(server.port, resolver=resolver)
    reasons = {failed(client, server.url("/", host=host)).reason for host in ("empty.test", "long.test", "none.test")}
    assert reasons == {FetchReason.DNS}


def test_an_address_that_does_not_answer_gives_way_to_the_next(make: Make, server: HostileServer) -> None:
    client = make(server.port, networks=["127.0.0.0/8", "::1/128"], resolver=lambda name, port: ["127.0.0.9", "127.0.0.8", "127.0.0.1"])
    assert fetched(client, server.url("/good", host="many.test")).body == b"<rss/>"


def test_hanging_names_do_not_hold_a_healthy_one(make: Make, server: HostileServer) -> None:
    let_go = threading.Event()

    def resolver(name: str, port: int) -> list[str]:
        if name.startswith("hangs"):
            let_go.wait(10)
        return ["127.0.0.1"]

    client = make(server.port, resolver=resolver)
    hanging = [client.submit(Request(server.url("/good", host=f"hangs{n}.test"), 1000, 5)) for n in range(20)]
    assert fetched(client, server.url("/good", host="healthy.test")).body == b"<rss/>"
    let_go.set()
    assert all(isinstance(future.result(timeout=5), Fetched) for future in hanging)


def test_refused_and_reset_connections_are_connect_failures(client: GuardedHttp, server: HostileServer) -> None:
    server.close()
    assert failed(client, server.url("/good")).reason is FetchReason.CONNECT


def test_tls_checks_the_name_and_not_the_address(make: Make) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(CERTIFICATE)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with HostileServer({"/good": GOOD}, tls=server_side) as server:
        client = make(server.port, tls=trusting, resolver=lambda name, port: ["127.0.0.1"])
        assert fetched(client, server.url("/good", host="pub.test", scheme="https")).body == b"<rss/>"
        wrong_name = failed(client, server.url("/good", host="other.test", scheme="https"))
        assert wrong_name.reason is FetchReason.TLS
        assert "CERTIFICATE_VERIFY_FAILED" in wrong_name.detail
    with HostileServer({"/": hostile.silence}) as mute:
        client = make(mute.port, tls=trusting, resolver=lambda name, port: ["127.0.0.1"])
        assert failed(client, mute.url("/", host="pub.test", scheme="https"), deadline_s=0.3).reason is FetchReason.DEADLINE


def test_a_plain_server_behind_https_is_a_tls_failure(make: Make) -> None:
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(HostileServer())
        plain_answer = make(plain.port)
        threading.Timer(0.1, plain.close).start()
        assert failed(plain_answer, plain.url("/", scheme="https")).reason in (FetchReason.TLS, FetchReason.CONNECT)


# -- slots


class ScriptedSlots:
    """Answers acquires from a list, and remembers what was given back."""

    def __init__(self, waits: Sequence[float | Exception] = ()) -> None:
        self.waits = list(waits)
        self.released: list[tuple[str, float | None, bool]] = []
        self.acquired: list[str] = []

    def acquire(self, host: str) -> float:
        return self.settle([host], [])[0]

    def release(self, host: str, *, retry_after_s: float | None = None, failed: bool = False) -> None:
        self.settle([], [(host, retry_after_s, failed)])

    def settle(self, acquires: Sequence[str], releases: Sequence[tuple[str, float | None, bool]]) -> list[float]:
        self.released += releases
        self.acquired += acquires
        answers = [self.waits.pop(0) if self.waits else 0.0 for _ in acquires]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [answer for answer in answers if not isinstance(answer, Exception)]


def test_a_slot_is_taken_and_given_back_for_each_hop(make: Make, server: HostileServer) -> None:
    server.scripts |= {"/a": redirect("/good"), "/busy": status(429, "Retry-After: 90\r\n"), "/down": status(500), "/none": status(404)}
    slots = ScriptedSlots()
    client = make(server.port, slots=slots)
    host = f"127.0.0.1:{server.port}"
    for path in ("/a", "/busy", "/down", "/none"):
        fetch(client, server.url(path))
    client.close()
    assert slots.acquired == [host] * 5
    assert slots.released == [(host, None, False), (host, None, False), (host, 90.0, True), (host, None, True), (host, None, False)]


def test_a_short_wait_is_slept_and_one_past_the_deadline_ends_the_fetch_at_once(make: Make, server: HostileServer) -> None:
    slots = ScriptedSlots([0.05, 0.05, 0.0, 60.0])
    client = make(server.port, slots=slots)
    assert fetched(client, server.url("/good")).body == b"<rss/>"
    answer = failed(client, server.url("/good"))
    assert (answer.reason, answer.retry_after_s) == (FetchReason.HOST_BUSY, 60.0)
    client.close()
    assert len(slots.released) == 1


def test_a_fetch_that_is_given_up_holds_no_slot(make: Make, server: HostileServer) -> None:
    server.scripts["/slow"] = hostile.silence
    slots = ScriptedSlots()
    client = make(server.port, slots=slots)
    assert failed(client, server.url("/slow"), deadline_s=0.2).reason is FetchReason.DEADLINE
    host = f"127.0.0.1:{server.port}"
    fetched(client, server.url("/good"))
    assert slots.released[0] == (host, None, True)


def test_a_store_in_trouble_ends_the_fetch_and_not_the_client(make: Make, server: HostileServer, caplog: pytest.LogCaptureFixture) -> None:
    client = make(server.port, slots=ScriptedSlots([OSError("disk full")]))
    answer = failed(client, server.url("/good"))
    assert answer.reason is FetchReason.HOST_BUSY
    assert "the store does not answer (OSError)" in answer.detail
    assert "host slots could not be kept" in caplog.text
    assert fetched(client, server.url("/good")).body == b"<rss/>"


# -- the client itself


def test_many_threads_may_submit(client: GuardedHttp, server: HostileServer) -> None:
    futures: list[Future[Fetched | FetchFailed]] = []

    def submit() -> None:
        futures.extend(client.submit(Request(server.url("/good"), 1000, 10)) for _ in range(10))

    threads = [threading.Thread(target=submit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(future.result(timeout=10), Fetched) for future in futures)
    assert len(futures) == 50


def test_closing_cancels_what_is_in_flight_and_what_comes_later(make: Make, server: HostileServer, metrics: Metrics) -> None:
    server.scripts["/slow"] = hostile.silence
    slots = ScriptedSlots()
    client = make(server.port, slots=slots)
    slow = [client.submit(Request(server.url("/slow"), 1000, 60)) for _ in range(5)]
    fetched(client, server.url("/good"))
    client.close()
    assert all(future.cancelled() for future in slow)
    assert client.submit(Request(server.url("/good"), 1000, 60)).cancelled()
    assert count(metrics, FetchReason.CANCELLED) == 5
    assert len(slots.released) == len(slots.acquired) == 6
    assert not any(is_failed for _, _, is_failed in slots.released)


def test_a_future_can_be_cancelled_by_who_holds_it(client: GuardedHttp, server: HostileServer) -> None:
    server.scripts["/slow"] = hostile.silence
    slow = client.submit(Request(server.url("/slow"), 1000, 60))
    assert slow.cancel()
    assert wait([slow], timeout=1).done == {slow}


def test_more_fetches_than_connections_wait_for_their_turn(make: Make, server: HostileServer) -> None:
    client = make(server.port, connections=2)
    futures = [client.submit(Request(server.url("/good"), 1000, 10)) for _ in range(20)]
    assert all(isinstance(future.result(timeout=10), Fetched) for future in futures)


def test_what_nobody_foresaw_ends_one_fetch_with_a_log_line(make: Make, server: HostileServer, caplog: pytest.LogCaptureFixture) -> None:
    def resolver(name: str, port: int) -> list[str]:
        raise KeyError("a bug")

    client = make(server.port, resolver=resolver)
    answer = failed(client, server.url("/", host="a.test"))
    assert (answer.reason, answer.detail) == (FetchReason.PROTOCOL, "unforeseen: KeyError")
    assert "ended in a way that nobody foresaw" in caplog.text


def test_no_url_is_logged(client: GuardedHttp, server: HostileServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        fetched(client, server.url("/good?token=secret"))
    assert "secret" not in caplog.text


# -- Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("9" * 30, 86_400.0),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120.0),
        (format_datetime(NOW - timedelta(minutes=2), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), 86_400.0),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("1e400", None),
        ("x" * 1000, None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value: str, seconds: float | None, clock: ManualClock) -> None:
    assert retry_after_s({"retry-after": value}, clock.now()) == seconds
