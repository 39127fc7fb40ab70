"""The words of the search index: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL. The one module that knows both.

Neither database cuts or folds anything: `newswire.search_tokens` does, so that both find the same. FTS5 is given the words with a blank
between them and its `ascii` tokenizer, which takes every character beyond ASCII for a letter; PostgreSQL is given the tsvector as it is.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, column, table, text
from sqlalchemy import select as select_from

from newswire.search_query import Part, Phrase, Query
from newswire.search_tokens import BETWEEN_FIELDS
from newswire.store.tables import search

NAME: Final = "search_words"

_DELETE_ON_SQLITE: Final = text("DELETE FROM search_words WHERE rowid = :row")
_INSERT_ON_SQLITE: Final = text("INSERT INTO search_words (rowid, words) VALUES (:row, :words)")
_DELETE_ON_POSTGRESQL: Final = text("DELETE FROM search_words WHERE row_id = :row")
_PUT_ON_POSTGRESQL: Final = text(
    "INSERT INTO search_words (row_id, words) VALUES (:row, CAST(:words AS tsvector)) "
    "ON CONFLICT (row_id) DO UPDATE SET words = excluded.words"
)
_EMPTY: Final = text("DELETE FROM search_words")


def put(connection: Connection, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Write the words of these rows of `search` in the place of those that they had."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_PUT_ON_POSTGRESQL, [{"row": row, "words": _tsvector(words)} for row, words in rows])
        return
    connection.execute(_DELETE_ON_SQLITE, [{"row": row} for row, _ in rows])
    connection.execute(_INSERT_ON_SQLITE, [{"row": row, "words": " ".join(words)} for row, words in rows])


def delete(connection: Connection, rows: Sequence[int]) -> None:
    """Drop the words of these rows."""
    if rows:
        statement = _DELETE_ON_POSTGRESQL if connection.dialect.name == "postgresql" else _DELETE_ON_SQLITE
        connection.execute(statement, [{"row": row} for row in rows])


def empty(connection: Connection) -> None:
    """Drop all words."""
    connection.execute(_EMPTY)


def found(dialect: str, query: Query) -> ColumnElement[bool]:
    """Return the condition on a row of `search` that its words are those asked for."""
    if dialect == "postgresql":
        words = table(NAME, column("row_id"))
        matching = text("search_words.words @@ CAST(:asked AS tsquery)").bindparams(bindparam("asked", _tsquery(query)))
        return search.c.row_id.in_(select_from(words.c.row_id).where(matching))
    words = table(NAME, column("rowid"))
    matching = text("search_words MATCH :asked").bindparams(bindparam("asked", _fts5(query)))
    return search.c.row_id.in_(select_from(words.c.rowid).where(matching))


def _tsvector(words: Iterable[str]) -> str:
    """Return the words with their places, as PostgreSQL reads a tsvector; words hold letters, digits and marks alone."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words, 1):
        if word != BETWEEN_FIELDS:
            places.setdefault(word, []).append(place)
    return " ".join(f"'{word}':{','.join(map(str, at))}" for word, at in places.items())


def _tsquery(query: Query) -> str:
    def phrase(one: Phrase) -> str:
        *before, last = one.words
        return " <-> ".join([*(f"'{word}'" for word in before), f"'{last}':*" if one.prefix else f"'{last}'"])

    def part(one: Part) -> str:
        return f"({' | '.join(f'({phrase(alternative)})' for alternative in one.phrases)})"

    return " & ".join([*map(part, query.wanted), *(f"!{part(one)}" for one in query.unwanted)])


def _fts5(query: Query) -> str:
    def phrase(one: Phrase) -> str:
        return f'"{" ".join(one.words)}"' + (" *" if one.prefix else "")

    def part(one: Part) -> str:
        return f"({' OR '.join(map(phrase, one.phrases))})"

    wanted = " AND ".join(map(part, query.wanted))
    return f"({wanted}) NOT ({' OR '.join(map(part, query.unwanted))})" if query.unwanted else wanted
