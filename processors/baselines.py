"""What stands beside our figures: a keyword query, and words alone weighed by logistic regression (extra `train`)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from newswire.records import Label

Record = Mapping[str, Any]
_SUBJECTS: Final = (
    "telecom",
    "information technology",
    " it ",
    " ict",
    "digital",
    "5g",
    "broadband",
    "cyber",
    "internet",
    "satellite",
    "artificial intelligence",
)
_DIPLOMATS: Final = (
    *("ambassador", "envoy", "high commissioner", "delegation", "bilateral", "memorandum", "mou", "counterpart", "called on", "embassy"),
    *("international telecommunication union", "world bank", "summit", "foreign minister"),
)


def _text(record: Record) -> str:
    return "\n".join((record["title"], record.get("summary") or "", record.get("text") or ""))


def words_alone(training: Sequence[Record], held: Sequence[Record]) -> list[str]:
    """Return the labels of TF-IDF (words 1-2, characters 2-4) with logistic regression."""
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3, max_features=100_000),
        ),
        LogisticRegression(C=10, max_iter=1_000, class_weight="balanced"),
    )
    model.fit([_text(record) for record in training], [record["label"] for record in training])
    return [str(label) for label in model.predict([_text(record) for record in held])]


def keywords(record: Record) -> str:
    """Return the label that a query of subject words and words of diplomacy gives."""
    text = f" {_text(record).casefold()} "
    found = any(word in text for word in _SUBJECTS) and any(word in text for word in _DIPLOMATS)
    return Label.DIPLOMACY.value if found else Label.OTHER.value
