"""Timelines: what the channel would see, minute by minute, of items that a file gives (`config/tests/*.yaml`).

Reads: `config/tests/`, the watchlists, lists and routes in force; an understanding, passed in.
Writes: nothing; the alerting stage is rehearsed over a scratch store in memory, on a clock that is moved.
Never: asks the clock or the network; tells anybody.
"""
