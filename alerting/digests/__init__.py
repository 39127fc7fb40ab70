"""Reads: rows gathered for a digest, and what the store knows of the watch: sources, reports, held matches, silences, queues.
Writes: outbox rows of kind `digest`, and marks by which it is seen afterwards whether the watch was whole.
Never: sends; decides what is gathered; tells a row in two digests.
"""
