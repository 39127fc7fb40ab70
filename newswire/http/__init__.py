"""The one guarded client for everything fetched from the world.

Reads: addresses, answers and bodies from the network, all of them hostile.
Writes: GET requests, and nothing else; host slots, through `HostSlots`.
Never: dials an address that `newswire.guard` did not pass, follows a redirect unchecked, keeps a cookie, or raises at a caller.
"""

from newswire.http.client import GuardedHttp
from newswire.http.port import Fetched, FetchFailed, HostSlots, Http, Request

__all__ = ["FetchFailed", "Fetched", "GuardedHttp", "HostSlots", "Http", "Request"]
