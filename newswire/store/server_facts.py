"""How the PostgreSQL server stands that holds the store: version, encoding, rights, connections, clock. One reading question each."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

_FACTS: Final = text(
    """SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
        pg_encoding_to_char(encoding) AS encoding, current_user::text AS name,
        has_schema_privilege(current_schema(), 'CREATE') AS creates, has_schema_privilege(current_schema(), 'USAGE') AS uses,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS taken,
        extract(epoch FROM clock_timestamp())::float AS now
    FROM pg_database WHERE datname = current_database()"""
)
_NOT_OURS: Final = text(
    """SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'feeds'
        AND NOT has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'SELECT, INSERT, UPDATE, DELETE')"""
)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server tells of itself."""

    version: str
    major: int
    encoding: str
    user: str
    lacking: tuple[str, ...]  # what its user may not do, in words
    connections_most: int
    connections_left: int
    now: float  # by its clock, in seconds since 1970 UTC


def of(connection: Connection) -> ServerFacts:
    """Return the facts of the server behind the connection, a PostgreSQL."""
    row = connection.execute(_FACTS).one()
    not_ours = connection.execute(_NOT_OURS).scalar_one()
    lacking = [
        *([] if row.uses else ["use its schema"]),
        *([] if row.creates else ["make tables in its schema"]),
        *(["write its tables"] if not_ours else []),
    ]
    return ServerFacts(row.version, row.major, row.encoding, row.name, tuple(lacking), row.most, row.most - row.taken, row.now)
