import pytest

from alerting.official import is_official


@pytest.mark.parametrize(
    "url",
    [
        "https://mofa.gov.pk/feed/",
        "https://www.state.gov/rss",
        "https://www.gov.uk/government/organisations/x.atom",
        "https://www.soumu.go.jp/news.rdf",
        "https://www.msit.go.kr/rss.do",
        "https://www.gob.mx/sre/rss",
        "https://www.diplomatie.gouv.fr/spip.php",
        "https://www.itu.int/hub/feed/",
        "https://digital-strategy.ec.europa.eu/en/rss.xml",
        "https://news.un.org/feed",
        "https://www.news.admin.ch/rss",
        "https://MOFA.GOV.PK./feed",
    ],
)
def test_a_governments_or_bodys_own_feed(url: str) -> None:
    assert is_official(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.dawn.com/feeds/home",
        "https://tribune.com.pk/feed",
        "https://mofa.gov.pk.evil.example/feed",
        "https://gov.example/feed",
        "https://go.com/feed",
        "https://go.it/feed",
        "https://notun.org/feed",
        "https://example.com/mofa.gov.pk",
        "https://mofa.gov.pk@evil.example/",
        "gov",
        "",
        "https://[bad/",
    ],
)
def test_any_other(url: str) -> None:
    assert not is_official(url)
