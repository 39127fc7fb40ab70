"""Boilerplate is cut before anything is judged, in all languages, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.records import Basis, Field
from processors.boilerplate import blanked, boilerplate_spans, without_boilerplate
from processors.reading import Reading, read
from processors.report import make_report
from processors.taxonomy import Taxonomy
from processors.understand import Understanding
from tests.fake_pages import an_item
from tests.fakes import NOW

CORPUS = Path(__file__).resolve().parents[3] / "corpus"
FOOTERS = {
    "en": (
        "Read also: Gaming industry booms in Seoul as minister meets the French ambassador\n"
        "Related stories\nNigeria signs cloud accord with Huawei\nITU council seat for Kenya\n"
        "Subscribe to our newsletter.\nFollow us on Facebook.\nWe use cookies to improve your visit.\n© 2025 The Daily. All rights reserved."
    ),
    "ur": "یہ بھی پڑھیں: چین کے سفیر کی وزیر آئی ٹی سے ملاقات، گیمنگ صنعت پر بات\nمتعلقہ خبریں\nجاپان کا سیٹلائٹ معاہدہ\nہمارا واٹس ایپ چینل فالو کریں\nجملہ حقوق محفوظ ہیں",
    "ar": "اقرأ أيضاً: وزير الاتصالات يستقبل السفير الصيني\nأخبار ذات صلة\nاليابان توقع اتفاقية أقمار صناعية\nتابعونا على فيسبوك\nيستخدم هذا الموقع ملفات تعريف الارتباط\nجميع الحقوق محفوظة",
    "zh": "相关阅读：韩国大使会见部长谈游戏产业\n相关新闻\n日本签署卫星协议\n扫码关注公众号\n未经授权请勿转载\n责任编辑：王明",
    "fa": "بیشتر بخوانید: سفیر چین با وزیر ارتباطات دیدار کرد\nمطالب مرتبط\nژاپن قرارداد ماهواره امضا کرد\nما را در تلگرام دنبال کنید\nتمامی حقوق محفوظ است",
    "hi": "यह भी पढ़ें: चीन के राजदूत ने मंत्री से गेमिंग पर बात की\nसंबंधित खबरें\nजापान का उपग्रह समझौता\nहमें फॉलो करें\nसर्वाधिकार सुरक्षित",
    "bn": "আরও পড়ুন: চীনের রাষ্ট্রদূতের সঙ্গে মন্ত্রীর বৈঠক\nসম্পর্কিত খবর\nজাপানের সঙ্গে স্যাটেলাইট চুক্তি\nসাবস্ক্রাইব করুন\nসর্বস্বত্ব সংরক্ষিত",
    "ko": "관련기사: 장관, 중국 대사와 게임 산업 논의\n많이 본 뉴스\n일본, 위성 협정 서명\n뉴스레터 구독\n저작권자 ⓒ 무단전재 및 재배포 금지",
    "ja": "関連記事：総務相が中国大使とゲーム産業を協議\n人気記事\n韓国、衛星協定に署名\nニュースレター登録\n無断転載を禁じます",
    "tr": "Ayrıca okuyun: Bakan, Çin büyükelçisiyle oyun sektörünü görüştü\nİlgili haberler\nJaponya uydu anlaşması imzaladı\nBizi takip edin\nTüm hakları saklıdır",
    "fr": "À lire aussi : le ministre reçoit l'ambassadeur de Chine\nArticles similaires\nLe Japon signe un accord sur les satellites\nAbonnez-vous à notre newsletter\nTous droits réservés",
    "ru": "Читайте также: министр встретился с послом Китая\nПохожие новости\nЯпония подписала соглашение о спутниках\nПодписывайтесь на наш канал\nВсе права защищены",
    "es": "Lea también: la ministra recibe al embajador de China\nNoticias relacionadas\nJapón firma un acuerdo de satélites\nSíganos en Facebook\nTodos los derechos reservados",
    "de": "Lesen Sie auch: Minister trifft chinesischen Botschafter\nMehr zum Thema\nJapan unterzeichnet Satellitenabkommen\nNewsletter\nAlle Rechte vorbehalten",
    "pt": "Leia também: ministro recebe embaixador da China\nNotícias relacionadas\nJapão assina acordo de satélites\nSiga-nos no Facebook\nTodos os direitos reservados",
    "id": "Baca juga: Menteri bertemu duta besar Tiongkok\nBerita terkait\nJepang teken perjanjian satelit\nIkuti kami di Facebook\nHak cipta dilindungi undang-undang",
}
KEPT = [
    "The regulator fined the company over its cookies, and said consent must be free.",
    "Related parties must register by March.",
    "Share prices of the operator fell.",
    "Comments from the public will be taken until June.",
    "The post office signed an agreement with Japan.",
    "Copyright authorities of both countries are to draft a guide.",
    "More from the summit is expected on Friday.",
    "شارك الوزير في المؤتمر وألقى كلمة.",
    "مشاركة المغرب في القمة الرقمية",
    "إعلان مشترك بين البلدين حول الاتصالات",
    "双方分享了数字政府的经验。",
    "Anzeige gegen den Betreiber wurde erstattet.",
    "Partager les données entre les deux pays est le but de l'accord.",
    "Реклама азартных игр запрещена законом.",
]


@pytest.mark.parametrize("language", FOOTERS)
def test_a_footer_is_cut_whole(language: str) -> None:
    body = "A first line stays.\n\nA second line, about the minister, stays."
    assert without_boilerplate(f"{body}\n\n{FOOTERS[language]}") == body


@pytest.mark.parametrize("text", KEPT)
def test_a_writers_own_sentence_stays(text: str) -> None:
    assert without_boilerplate(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("They met on Monday. Read also: Gaming industry booms. ", "They met on Monday."),
        ("They met on Monday. Follow us on Telegram and X.", "They met on Monday."),
        ("Read also: headline\nThe talks go on.", "The talks go on."),
        ("Read also:\nGaming industry booms in Seoul\nThe talks go on, said the minister.", "The talks go on, said the minister."),
        ("Before.\nMost read: Gold slips | Gaming industry booms | Rain\nAfter the break.", "Before.\n\nAfter the break."),
        ("Facebook | Twitter | WhatsApp\nThey met.", "They met."),
        (
            "Before.\n\nRelated stories\n- Gaming industry booms\n- Rain in Oslo?\n\nThe two ministers agreed to go on with the talks in spring.",
            None,
        ),
    ],
)
def test_pointers_go_with_their_headlines(text: str, left: str | None) -> None:
    found = without_boilerplate(text)
    assert "aming industry" not in found
    assert "Gold slips" not in found
    assert "headline" not in found
    assert found.split() == (left.split() if left else found.split())
    assert "talks" not in text or "talks" in found


def test_headlines_under_one_heading_come_to_an_end() -> None:
    lines = [f"Line number {number}" for number in range(40)]
    left = without_boilerplate("Related stories\n" + "\n".join(lines)).splitlines()
    assert left == lines[12:]


@given(st.text(alphabet=st.sampled_from("ab .\n:|©Read alsoRelated stories。关注"), max_size=400))
def test_stretches_are_in_order_and_apart(text: str) -> None:
    at = 0
    for start, end in boilerplate_spans(text):
        assert at <= start < end <= len(text)
        at = end
    assert len(blanked(text)) == len(text)


@pytest.mark.parametrize("piece", ["Read also ", "Facebook ", "related stories\n", "a", " ", "|", "© ", "share - ", "...", "« more from "])
def test_hostile_text_is_read_in_bounded_time(piece: str) -> None:
    boilerplate_spans(piece * (200_000 // len(piece)))


def _items() -> list[dict[str, str]]:
    files = [CORPUS / f"{name}.jsonl" for name in ("languages", "world", "recent")]
    records = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]
    return [record for record in records if record.get("text")]


def test_boilerplate_leaves_no_trace_in_what_is_read(taxonomy: Taxonomy) -> None:
    """The sentences with their marks are all that later steps look at: where they are the same, so is whatever is understood."""
    footers = list(FOOTERS.values())
    items = _items()[:220]
    assert len(items) >= 200
    for number, item in enumerate(items):
        footer = footers[number % len(footers)]
        plain, after = (
            read(taxonomy, title=item["title"], lead=item.get("summary") or "", body=body, language=item["lang"])
            for body in (item["text"].strip(), f"{item['text'].strip()}\n\n{footer}")
        )
        assert _seen(after) == _seen(plain), item["id"]


def _seen(reading: Reading) -> list[tuple[object, ...]]:
    return [(s.field, s.marks, s.hints, reading.text_of(s.field)[s.start : s.end].strip()) for s in reading.sentences]


@pytest.mark.parametrize("language", FOOTERS)
def test_boilerplate_changes_nothing_that_is_understood(understanding: Understanding, language: str) -> None:
    item = next(item for item in _items() if item["lang"] == language)
    plain, after = (
        understanding.read(title=item["title"], text=body, language_hint=language, outlet=item["outlet"])
        for body in (item["text"], f"{item['text']}\n\n{FOOTERS[language]}")
    )
    assert replace(after, evidence=()) == replace(plain, evidence=())


GAMING = (
    "Read also: Gaming industry booms in Seoul\nRelated stories\nThe gaming industry and esports draw investors\nNew video games from Japan"
)


def test_a_report_holds_no_words_of_related_headlines(understanding: Understanding) -> None:
    summary = "The minister met the Korean ambassador on broadband. Read also: Gaming industry booms."
    item = an_item(title="Minister, Korean ambassador discuss broadband", summary=summary)
    text = f"The minister of information technology met the ambassador of Korea and discussed rural broadband.\n\n{GAMING}"
    report = make_report(understanding, item, text, basis=Basis.PAGE, final=True, now=NOW)
    assert "gaming" not in report.topics
    assert "gaming" not in f"{report.item.summary}\n{report.text}".casefold()
    places = {Field.TITLE: report.item.title, Field.LEAD: report.item.summary, Field.BODY: report.text}
    for reason in report.evidence:
        if reason.span:
            assert places[reason.span.field][reason.span.start : reason.span.end] == reason.span.text
    for mention in report.countries:
        assert places[mention.span.field][mention.span.start : mention.span.end] == mention.span.text
