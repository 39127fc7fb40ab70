import re
from enum import StrEnum
from itertools import combinations

import pytest
from sqlalchemy import String

from newswire import outcomes
from newswire.outcomes import AlertReason, FetchReason, HoldReason, PageReason, ParseReason, Stage
from newswire.store.tables import METADATA

ENUMS = [one for one in vars(outcomes).values() if isinstance(one, type) and issubclass(one, StrEnum) and one is not StrEnum]


@pytest.mark.parametrize("enum", ENUMS)
def test_values_are_words_that_a_label_and_a_column_can_hold(enum: type[StrEnum]) -> None:
    for value in enum:
        assert re.fullmatch("[a-z][a-z0-9_]{1,31}", value)
        assert value.value == value.name.lower()


@pytest.mark.parametrize("among", [(AlertReason, HoldReason), (FetchReason, ParseReason, PageReason)])
def test_reasons_that_share_a_field_have_no_word_in_common(among: tuple[type[StrEnum], ...]) -> None:
    for one, other in combinations(among, 2):
        assert not {value.value for value in one} & {value.value for value in other}


def test_stages_stand_in_the_order_of_the_travel() -> None:
    assert list(Stage) == ["collect", "read_feed", "read_page", "alert", "deliver"]


def test_every_outcome_and_reason_fits_its_column() -> None:
    widths = {
        name: column.type.length
        for table in METADATA.sorted_tables
        for name, column in table.columns.items()
        if name in {"outcome", "reason", "stage", "robots_reason"} and isinstance(column.type, String) and column.type.length
    }
    longest = max(len(value) for enum in ENUMS for value in enum)
    assert widths["reason"] >= longest
    assert widths["stage"] >= max(map(len, Stage))
