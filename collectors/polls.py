"""What one poll leaves behind for the next. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from collectors.entries import Feed
from collectors.fetch import Redirects, Validators, followed, hash_of, validators_of
from collectors.news import News
from collectors.parse import Hints, ParseFailed
from collectors.schedule import Ended, asked_wait, next_poll
from collectors.sources import Source
from newswire.guard import host_key
from newswire.http import Fetched, FetchFailed
from newswire.outcomes import FetchReason, ParseReason, PollOutcome
from newswire.store.feeds import FeedState

_DETAIL_LIMIT: Final = 500
_REDIRECT_GIVEN_UP: Final = 3  # failures in a row at a learned address


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll under way: the source and what its last poll left behind."""

    source: Source
    state: FeedState

    @property
    def url(self) -> str:
        """The address that is polled: configured, or learned from permanent redirects."""
        return self.state.learned_url or self.source.url

    @property
    def validators(self) -> Validators:
        """What makes the GET conditional."""
        return Validators(self.state.etag, self.state.last_modified, self.state.body_hash)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer while its body is read and its entries are published: all but the body."""

    url: str  # after redirects
    status: int
    headers: Mapping[str, str]
    permanent_url: str | None
    body_hash: str


@dataclass(frozen=True, slots=True)
class Read:
    """A body was fetched and read."""

    answer: Answer
    feed: Feed


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The server said so (304), or sent the same bytes as last time."""

    answer: Answer


End = Read | Unchanged | FetchFailed | ParseFailed
"""How a poll ends. Both failures carry a closed reason and words."""


def answer_of(fetched: Fetched) -> Answer:
    """Return what is kept of an answer."""
    return Answer(fetched.url, fetched.status, fetched.headers, fetched.permanent_url, hash_of(fetched.body))


def is_unchanged(poll: Poll, answer: Answer) -> bool:
    """Return whether an answer holds nothing that was not read before."""
    return answer.status == 304 or answer.body_hash == poll.state.body_hash


def hints_of(poll: Poll, http_charset: str | None) -> Hints:
    """Return what the reader should know of the body."""
    return Hints(http_charset, poll.source.language, poll.source.country)


def outcome_of(end: End) -> tuple[PollOutcome, FetchReason | ParseReason]:
    """Return the outcome and the reason that a poll is counted by."""
    if isinstance(end, Read):
        return PollOutcome.READ, FetchReason.OK
    if isinstance(end, Unchanged):
        return PollOutcome.UNCHANGED, FetchReason.NOT_MODIFIED if end.answer.status == 304 else FetchReason.OK
    return PollOutcome.FAILED, end.reason


def state_after(poll: Poll, end: End, news: News | None, *, now: datetime, floor_s: float, jitter: float) -> FeedState:
    """Return what the poll leaves behind. `news` is there where a body was read."""
    state, at = poll.state, now.timestamp()
    outcome, reason = outcome_of(end)
    failed = outcome is PollOutcome.FAILED
    failures = state.failures + 1 if failed else 0
    coming = next_poll(
        Ended(
            outcome=outcome,
            reason=reason,
            news=len(news.items) if news else 0,
            possible_gap=bool(news and news.possible_gap),
            asked_s=asked_wait(end.answer.headers, end.feed.ttl_s if isinstance(end, Read) else None, now)
            if isinstance(end, Read | Unchanged)
            else None,
            retry_after_s=end.retry_after_s if isinstance(end, FetchFailed) else None,
            failures=failures,
            killed_before=state.reason == ParseReason.PARSE_KILLED,
        ),
        interval_s=state.interval_s,
        configured_s=poll.source.interval_s,
        floor_s=floor_s,
        jitter=jitter,
    )
    after = replace(
        state,
        interval_s=coming.interval_s,
        next_due_at=at + coming.wait_s,
        failures=failures,
        polled_at=at,
        outcome=outcome.value,
        reason=reason.value,
        detail=end.detail[:_DETAIL_LIMIT] if isinstance(end, FetchFailed | ParseFailed) else None,
        gone_at=at if reason is FetchReason.GONE and state.learned_url is None else None,
    )
    if failed and state.learned_url is not None and (reason is FetchReason.GONE or failures >= _REDIRECT_GIVEN_UP):
        # What a redirect once led to may go away while the configured address leads elsewhere by now.
        after = replace(after, host=host_key(poll.source.url) or "", learned_url=None, etag=None, last_modified=None, body_hash=None)
    if isinstance(end, Read | Unchanged):
        after = _after_answer(poll, end, after, at)
    if isinstance(end, Read) and news is not None:
        after = replace(after, first_read_at=state.first_read_at or at, entries=news.entries)
    return after


def _after_answer(poll: Poll, end: Read | Unchanged, after: FeedState, at: float) -> FeedState:
    redirects = followed(
        Redirects(poll.state.learned_url, poll.state.redirect_target, poll.state.redirect_count), poll.source.url, end.answer.permanent_url
    )
    kept = validators_of(end.answer.headers, end.answer.body_hash if isinstance(end, Read) else poll.state.body_hash)
    if isinstance(end, Unchanged) and end.answer.status == 304:  # a 304 may leave out what it did not change
        kept = replace(kept, etag=kept.etag or poll.state.etag, last_modified=kept.last_modified or poll.state.last_modified)
    return replace(
        after,
        host=host_key(redirects.learned_url or poll.source.url) or "",
        learned_url=redirects.learned_url,
        redirect_target=redirects.target,
        redirect_count=redirects.count,
        etag=kept.etag,
        last_modified=kept.last_modified,
        body_hash=kept.body_hash,
        succeeded_at=at,
    )
