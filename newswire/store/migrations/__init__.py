"""Alembic's folder: `env.py` runs the files of `versions/` in one transaction. Only `newswire.store.schema` starts it."""
