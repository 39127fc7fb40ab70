"""Backups: store, embedded bus, the groups' offsets on Kafka and the configuration as they were at one moment, and the way back.

Reads: the store, the bus, the configuration folder; a backup.
Writes: a folder of its own; an empty data folder or database.
Never: keeps a stage waiting for longer than it takes to open two snapshots, writes a secret, or mixes two Newswires.
"""
