from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswire.bus.size import MESSAGE_LIMIT_BYTES, size_of
from newswire.codec import decode, encode
from newswire.records import Basis, CountryMention, Evidence, Field, Report, Role, Span
from processors.report import REPORT_BYTES, fitted, make_report, message_of
from tests.fake_pages import BODY, FakeUnderstanding, an_item
from tests.fakes import NOW


def a_report(text: str = BODY) -> Report:
    return make_report(FakeUnderstanding(), an_item(content="feed " * 50), text, basis=Basis.PAGE, final=True, now=NOW)


def test_a_report_says_what_was_understood_and_leaves_the_feeds_content_behind() -> None:
    report = a_report()
    assert report.item == replace(an_item(), content="")
    assert report.text == BODY
    (evidence,) = report.evidence
    assert evidence.span is not None
    assert report.text[evidence.span.start : evidence.span.end] == evidence.span.text
    assert decode(Report, message_of(report).value) == report


def test_the_sources_word_on_language_goes_before_the_pages() -> None:
    understanding = FakeUnderstanding()
    for hint, page, read in (("ur", "en", "ur"), (None, "fr", "fr"), (None, None, None)):
        make_report(understanding, an_item(language_hint=hint), "", basis=Basis.PAGE, final=True, now=NOW, language_hint=page)
        assert understanding.reads[-1]["language_hint"] == read


@pytest.mark.parametrize("letter", ["a", "خ", "中", "😀", '"', "\n", "\x7f"])
def test_a_report_fits_the_bus_whatever_its_text(letter: str) -> None:
    report = a_report("start" + letter * 1_000_000)
    assert size_of(message_of(report)) <= MESSAGE_LIMIT_BYTES
    assert report.text.endswith("[…]")
    assert letter.isspace() or REPORT_BYTES - 32 <= len(encode(report)) <= REPORT_BYTES  # no more than needed is cut


def test_a_summary_that_alone_is_too_large_is_cut_too() -> None:
    report = fitted(replace(a_report(), item=an_item(summary='"' * 800_000)))
    assert len(encode(report)) <= REPORT_BYTES


@settings(max_examples=25)
@given(st.integers(min_value=3_000, max_value=12_000), st.text(min_size=1, max_size=40))
def test_a_cut_keeps_the_spans_that_stand_and_drops_those_that_do_not(limit: int, word: str) -> None:
    text = word * (12_000 // len(word))
    spans = [Span(Field.BODY, start, start + 5, text[start : start + 5]) for start in (0, len(text) // 2, len(text) - 5)]
    spans.append(Span(Field.TITLE, 0, 8, "Minister"))
    report = replace(
        a_report(text),
        countries=tuple(CountryMention("FR", Role.MENTIONED, span) for span in spans),
        evidence=tuple(Evidence("word", 1.0, span) for span in spans),
    )
    cut = fitted(report, limit_bytes=limit)
    assert len(encode(cut)) <= max(limit, len(encode(replace(report, text=""))))
    assert len(cut.evidence) == len(report.evidence)
    for mention in cut.countries:
        source = cut.text if mention.span.field is Field.BODY else cut.item.title
        assert mention.span.end <= len(source)
    assert cut.countries[-1].span.field is Field.TITLE
