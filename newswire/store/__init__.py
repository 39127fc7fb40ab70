"""The store port: one relational database, SQLite or PostgreSQL, through SQLAlchemy Core.

Reads / writes: the tables of `newswire.store.tables`; the modules beside this file hold the statements, one family each.
Never: loops row by row where a set operation does, or writes what a replay would write differently.
"""

from newswire.store.engine import Store, open_store

__all__ = ["Store", "open_store"]
