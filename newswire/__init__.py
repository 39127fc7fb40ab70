"""The kernel that every stage stands on: records, topics, bus, store, the guarded HTTP client, the jail, the service loop.

Reads: environment and `config/` (through `settings` and `config`).
Writes: the bus and the store, each behind one port.
Never: imports a stage. Only `newswire.cli` composes stages.
"""

__version__ = "0.1.0"
