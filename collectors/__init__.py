"""From the world's feeds to `news.items`.

Reads: `config/sources/`, feeds over HTTP, feed state and seen marks in the store.
Writes: `news.items`, then seen marks and feed state.
Never: judges what an item is about, fetches an article page, gives a source up.
"""
