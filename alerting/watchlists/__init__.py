"""The watchlist language: what a desk officer writes, checked, compiled, and matched against reports.

Reads: `config/watchlists/`, `config/lists/`; reports, as values.
Writes: nothing; a match is a value with its reason, and so is a silence.
Never: asks the clock, the store or the network; tells anybody.
"""
