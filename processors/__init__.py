"""From `news.items` to `news.reports`: text, language, countries, organisations, topics, label and score.

Reads: `news.items`, article pages over HTTP, `config/taxonomy/` and the trained weights.
Writes: `news.reports`, the store's list of pages due.
Never: knows a watchlist, a route or a receiver.
"""
