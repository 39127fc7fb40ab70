"""Newswire's own notices, for those who operate it: what is in trouble, since when, what that means for the watch, and what to do.

Reads: how receivers, queues, silences, sources and the desk's files fare; the notices that were put before.
Writes: notices in the outbox, for the receiver that `ops:` of routes.yaml names.
Never: says the same twice, or tells a receiver of its own failure.
"""
