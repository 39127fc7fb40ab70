import pytest

from processors.language import UNKNOWN, LanguageReader


@pytest.fixture(scope="module")
def reader() -> LanguageReader:
    return LanguageReader()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Minister meets ambassador to discuss telecom cooperation", "en"),
        ("وزیر آئی ٹی سے چینی سفیر کی ملاقات", "ur"),
        ("وزير الاتصالات يلتقي السفير", "ar"),
        ("وزیر ارتباطات با سفیر روسیه دیدار کرد", "fa"),
        ("工信部部长会见大使", "zh"),
        ("장관, 대사와 면담", "ko"),
        ("総務相が大使と会談した", "ja"),
        ("Bakan büyükelçiyle görüştü ve protokol imzaladı", "tr"),
        ("La ministre a reçu l'ambassadeur à Paris", "fr"),
        ("Министр обсудил сотрудничество с послом", "ru"),
        ("La ministra se reunió con el embajador chileno", "es"),
        ("Der Minister traf die Botschafterin in Berlin", "de"),
        ("मंत्री ने राजदूत से मुलाकात की", "hi"),
        ("মন্ত্রী রাষ্ট্রদূতের সঙ্গে বৈঠক করেন", "bn"),
        ("O ministro recebeu o embaixador e assinou um acordo", "pt"),
    ],
)
def test_titles_of_many_languages(reader: LanguageReader, text: str, language: str) -> None:
    assert reader.identify(text) == language


def test_a_short_title_leans_on_the_hint_where_its_script_fits(reader: LanguageReader) -> None:
    assert reader.identify("MoU signed", "en") == "en"
    assert reader.identify("Accord 5G", "fr-FR") == "fr"
    assert reader.identify("韩国", "en") == "zh"


def test_nothing_to_read_is_the_hint_or_unknown(reader: LanguageReader) -> None:
    assert reader.identify("", "tr") == "tr"
    assert reader.identify("123 !", None) == UNKNOWN
    assert reader.identify("", "xx") == UNKNOWN
