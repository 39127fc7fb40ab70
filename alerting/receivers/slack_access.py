"""Who a Slack token makes us, what it allows, and what a channel is to us: read off Slack's answers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

from newswire.text import clean_line

POSTS: Final = frozenset({"chat:write"})
FINDS: Final = frozenset({"channels:read", "groups:read"})
READS_BACK: Final = frozenset({"channels:history", "groups:history"})
POSTS_ANYWHERE: Final = "chat:write.public"
"""Scopes by what they are for; deploy/slack-app-manifest.yaml asks for all of them, and a test holds that."""


@dataclass(frozen=True, slots=True)
class Access:
    """What `auth.test` answered."""

    team: str
    user: str
    scopes: frozenset[str] | None  # None: Slack did not say
    at: float | None  # by Slack's clock, in seconds since 1970 UTC


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as `conversations.list` shows it."""

    name: str
    joined: bool
    private: bool
    archived: bool


def access_of(body: Mapping[str, Any], headers: Mapping[str, str]) -> Access:
    """Return what the answer of `auth.test` says, its header names in lower case."""
    given = headers.get("x-oauth-scopes")
    scopes = frozenset(one.strip() for one in given.split(",") if one.strip()) if given is not None else None
    try:
        at: float | None = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        at = None
    return Access(clean_line(str(body.get("team", "")), limit=80), clean_line(str(body.get("user", "")), limit=80), scopes, at)


def is_channel(one: Mapping[str, Any], wanted: str) -> bool:
    """Return whether this is the channel that routes.yaml names, by its id or its name."""
    return one.get("id") == wanted or one.get("name") == wanted.removeprefix("#")


def channel_of(one: Mapping[str, Any]) -> Channel:
    """Return what it is to us."""
    name = clean_line(str(one.get("name", "")), limit=80)
    return Channel(name, one.get("is_member") is True, one.get("is_private") is True, one.get("is_archived") is True)
