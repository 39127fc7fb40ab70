"""Where an outlet sits: by its name, its edition, its address, or the place that it names."""

import pytest

from processors.outlets import country_of_outlet
from processors.taxonomy import Taxonomy


@pytest.mark.parametrize(
    ("outlet", "code"),
    [
        ("Dawn", "PK"),
        ("AZERTAC Türkçe", "AZ"),
        ("Okaz in English", "SA"),
        ("صحيفة سبق", "SA"),
        ("The Nation (Lagos)", "NG"),
        ("news.example.de", "DE"),
        ("Times of Oman", "OM"),
        ("Tribune de Genève", "CH"),
        ("Вестник Ташкента", "UZ"),
        ("Reuters", None),
        ("Pacific Island Letter", None),
        ("", None),
    ],
)
def test_an_outlet_sits_where_its_name_says(taxonomy: Taxonomy, outlet: str, code: str | None) -> None:
    assert country_of_outlet(taxonomy, outlet) == code
