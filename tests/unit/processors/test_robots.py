import pytest

from newswire.http import Fetched, FetchFailed
from newswire.outcomes import FetchReason
from processors.robots import PARSED_BYTES, Robots, Verdict, allowed, asks_for_delay, delay, learned, patience, robots_url, verdict

URL = "https://news.example/robots.txt"
NOW = 1_000_000.0
DAY = 86_400.0


def read(body: bytes) -> Fetched:
    return Fetched(URL, 200, {}, body, None, 0.1)


def failed(reason: FetchReason, retry_after_s: float | None = None) -> FetchFailed:
    return FetchFailed(URL, reason, "as told", retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("rules", "url", "may"),
    [
        ("User-agent: *\nDisallow: /private/", "https://a.example/private/x", False),
        ("User-agent: *\nDisallow: /private/", "https://a.example/news/x", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Newswire\nDisallow:", "https://a.example/x", True),
        ("User-agent: newswire\nDisallow: /", "https://a.example/x", False),
        ("User-agent: other\nDisallow: /", "https://a.example/x", True),
        ("User-agent: *\nDisallow: /*.pdf$", "https://a.example/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*?print=", "https://a.example/a?print=1", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/news", "https://a.example/a/news/1", True),
        ("User-agent: *\nDisallow: /خبر", "https://a.example/%D8%AE%D8%A8%D8%B1/1", False),
        ("garbage \x01 : : \n<html>", "https://a.example/x", True),
    ],
)
def test_the_rules_are_read_as_rfc_9309_says(rules: str, url: str, may: bool) -> None:
    assert allowed(rules, url) is may


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (read(b"User-agent: *\nDisallow: /"), Verdict.RULES),
        (read(b" \n"), Verdict.ALLOWED),
        (failed(FetchReason.HTTP_4XX), Verdict.ALLOWED),
        (failed(FetchReason.GONE), Verdict.ALLOWED),
        (failed(FetchReason.REDIRECT), Verdict.ALLOWED),
        (failed(FetchReason.BLOCKED_ADDRESS), Verdict.ALLOWED),  # the page is blocked likewise, and says so itself
        (failed(FetchReason.TOO_LARGE), Verdict.REFUSED),
        (failed(FetchReason.HTTP_5XX), Verdict.WAIT),
        (failed(FetchReason.RATE_LIMITED), Verdict.WAIT),
        (failed(FetchReason.DNS), Verdict.WAIT),
        (failed(FetchReason.DEADLINE), Verdict.WAIT),
        (failed(FetchReason.TLS), Verdict.WAIT),
    ],
)
def test_an_answer_says_what_holds_for_the_host(answer: Fetched | FetchFailed, says: Verdict) -> None:
    robots = learned(answer, None, NOW)
    assert verdict(robots) is says
    assert robots.until == NOW + (300.0 if says is Verdict.WAIT else DAY)


def test_an_unreachable_file_leaves_the_known_rules_in_force() -> None:
    known = Robots("User-agent: *\nDisallow: /", FetchReason.OK, NOW - 1)
    robots = learned(failed(FetchReason.HTTP_5XX, retry_after_s=900), known, NOW)
    assert robots == Robots(known.text, FetchReason.OK, NOW + 900)


def test_the_start_of_a_long_file_is_read_and_its_bytes_fit_any_store() -> None:
    robots = learned(read(b"\xef\xbb\xbfUser-agent: *\0\nDisallow: /\xff\n" + b"#" * 2 * PARSED_BYTES), None, NOW)
    assert robots.text.startswith("User-agent: *\nDisallow: /")
    assert len(robots.text) <= PARSED_BYTES


@pytest.mark.parametrize(
    ("rules", "granted"),
    [
        ("User-agent: *\nCrawl-delay: 10", 10.0),
        ("User-agent: *\nCrawl-delay: 10\n\nUser-agent: newswire\ncrawl-delay: 0.5", 0.5),
        ("User-agent: other\nCrawl-delay: 10", None),
        ("User-agent: *\nCrawl-delay: 86400", 60.0),
        ("User-agent: *\nCrawl-delay: 1e400", None),
        ("User-agent: *\nCrawl-delay: -3", None),
        ("User-agent: *\nCrawl-delay: soon", None),
        ("User-agent: *\nCrawl-delay: 0", None),
    ],
)
def test_a_crawl_delay_is_granted_within_a_minute(rules: str, granted: float | None) -> None:
    assert asks_for_delay(rules)
    assert patience(delay(rules) or 0.0) == granted


def test_the_file_stands_at_the_root_of_the_same_port() -> None:
    assert robots_url("http://a.example:8080/x/y?z#f") == "http://a.example:8080/robots.txt"
