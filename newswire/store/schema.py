"""The schema's revisions: which one a database has, and the way forward. There is no way back: restore a copy instead."""

from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from newswire.errors import ConfigurationError, Fault

HEAD: Final = "0009"
"""The revision that this Newswire reads and writes; a test holds it to the newest file of `migrations/versions`."""

_REVISION: Final = text("SELECT version_num FROM alembic_version")
_PATIENCE: Final = (text("SET LOCAL lock_timeout = 0"), text("SET LOCAL statement_timeout = 0"))  # a large table takes what it takes
_ADVISORY_LOCK: Final = text("SELECT pg_advisory_xact_lock(:key)")
_ADVISORY_KEY: Final = 0x6E657773  # "news": any number that no other program of this database uses


def revision(connection: Connection) -> str | None:
    """Return the revision of the database's schema, None where it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(_REVISION).scalar()
    return found


def require_current(connection: Connection, where: str) -> None:
    """Return where the schema is the one of this Newswire.

    Raises:
        ConfigurationError: it is older (`newswire migrate` is what to do) or newer (a newer Newswire is).

    """
    found = revision(connection)
    if found != HEAD:
        known = found is None or found in known_revisions()
        what = f"its schema ({found or 'none'}) is older than this Newswire's ({HEAD}); run: newswire migrate"
        raise _refused(where, what if known else _newer(found))


def upgrade(connection: Connection, where: str) -> tuple[str | None, str]:
    """Bring the schema up to date in the write transaction that is open; return its revision before and after.

    Raises:
        ConfigurationError: a newer Newswire wrote the schema.

    """
    from alembic import command  # noqa: PLC0415 -- 0.1 s of imports that an up-to-date database needs not wait for

    if connection.dialect.name == "postgresql":
        for patience in _PATIENCE:
            connection.execute(patience)
        connection.execute(_ADVISORY_LOCK, {"key": _ADVISORY_KEY})
    found = revision(connection)
    if found == HEAD:
        return found, HEAD
    if found is not None and found not in known_revisions():
        raise _refused(where, _newer(found))
    command.upgrade(_alembic(connection), "head")
    return found, HEAD


def _alembic(connection: Connection | None = None) -> Any:
    from alembic.config import Config  # noqa: PLC0415 -- as above

    config = Config()
    config.set_main_option("script_location", "newswire.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def known_revisions() -> set[str]:
    """Return every revision that this Newswire can bring up to date, and its own."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- as above

    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _newer(found: str | None) -> str:
    return (
        f"its schema ({found}) is not known to this Newswire, which reads {HEAD}: a newer one wrote it; start that one, or restore a copy"
    )


def _refused(where: str, what: str) -> ConfigurationError:
    return ConfigurationError([Fault("environment", 0, 0, f"NEWSWIRE_STORE: {where}: {what}")])
