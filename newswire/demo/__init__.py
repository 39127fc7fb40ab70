"""A little web on this machine for `newswire demo`: feeds and article pages made from labelled items, served on loopback.

Reads: `items.jsonl` beside this file: five articles of our own and a hundred items of the labelled corpus.
Writes: nothing.
Never: imports a stage; the real collectors, processors and alerting fetch from it over real sockets.
"""

from newswire.demo.site import DemoItem, DemoSite, demo_items

__all__ = ["DemoItem", "DemoSite", "demo_items"]
