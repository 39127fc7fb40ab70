"""Bodies and companies are found by the names that each language gives them."""

import pytest

from processors.organisations import candidates
from processors.reading import read
from processors.taxonomy import Taxonomy


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("The ITU secretary-general came", "en", "ITU"),
        ("عالمی بینک کا وفد", "ur", "World Bank"),
        ("عالمی تجارتی تنظیم کا اجلاس", "ur", "WTO"),
        ("صندوق النقد الدولي يوافق", "ar", "IMF"),
        ("مجلس أوروبا يدعم", "ar", "Council of Europe"),
        ("亚洲基础设施投资银行批准贷款", "zh", "AIIB"),
        ("北约网络中心", "zh", "NATO"),
        ("بانک توسعه اسلامی وام داد", "fa", "IsDB"),
        ("विश्व व्यापार संगठन की बैठक", "hi", "WTO"),
        ("আসিয়ানের মন্ত্রীরা", "bn", "ASEAN"),
        ("아시아태평양전기통신협의체 총회", "ko", "APT"),
        ("世界経済フォーラムが開幕", "ja", "World Economic Forum"),
        ("Avrupa Konseyi uzmanları", "tr", "Council of Europe"),
        ("La Cédéao adopte", "fr", "ECOWAS"),
        ("Лига арабских государств собралась", "ru", "Arab League"),
        ("La OCDE publica su informe", "es", "OECD"),
        ("Der Internationale Währungsfonds prüft, Afrikanische Union hilft", "de", "African Union"),
        ("A OTAN e o Brasil", "pt", "NATO"),
        ("Bank Pembangunan Islam membiayai", "id", "IsDB"),
    ],
)
def test_a_body_is_found_by_its_name_in_each_language(taxonomy: Taxonomy, text: str, language: str, name: str) -> None:
    assert name in candidates(read(taxonomy, title=text, lead="", body="", language=language))
