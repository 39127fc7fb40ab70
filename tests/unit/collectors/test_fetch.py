import pytest

from collectors.fetch import Redirects, Validators, feed_request, followed, validators_of


@pytest.mark.parametrize("etag", ['"abc"', 'W/"a b"', "unquoted", '"' + "x" * 1_000 + '"'])
def test_a_validator_goes_back_byte_for_byte(etag: str) -> None:
    kept = validators_of({"etag": etag, "last-modified": "yesterday"}, None)
    assert feed_request("https://x.example/", kept).headers["if-none-match"] == etag
    assert feed_request("https://x.example/", kept).headers["if-modified-since"] == "yesterday"


@pytest.mark.parametrize("etag", ["", "é", "a\x01b", "a\x7fb", "x" * 1_025, "a\r\nb: c"])
def test_a_validator_that_cannot_be_sent_is_dropped(etag: str) -> None:
    kept = validators_of({"etag": etag}, "hash")
    assert kept == Validators(None, None, "hash")
    assert set(feed_request("https://x.example/", kept).headers) == {"accept"}


def test_a_permanent_redirect_is_believed_at_the_third_time_in_a_row() -> None:
    known = Redirects()
    for target in ("b", "b", "c", "b", "b"):
        known = followed(known, "a", target)
        assert known.learned_url is None
    known = followed(known, "a", "b")
    assert known == Redirects("b")
    assert followed(known, "a", None) == Redirects("b")
    assert followed(Redirects(None, "b", 2), "a", None) == Redirects()
