"""Closed sets of outcomes and reasons: the only values that metric labels, `newswire why` and dead letters use.

Every input of a stage ends in exactly one outcome. A new reason is added here first, then in the docs (a test holds that).
"""

from enum import StrEnum


class Stage(StrEnum):
    """Where in its travel something happened, in the order of the travel."""

    COLLECT = "collect"  # an entry was read from a feed
    READ_FEED = "read_feed"  # the processor's first look, at what the feed carries
    READ_PAGE = "read_page"  # the second look, at the article page
    ALERT = "alert"  # the alerting stage decided
    DELIVER = "deliver"  # a receiver answered


class FetchReason(StrEnum):
    """How one HTTP fetch ended. `ok` and `not_modified` are successes."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    BLOCKED_ADDRESS = "blocked_address"  # the guard refused the dialled address
    BLOCKED_PORT = "blocked_port"
    BAD_URL = "bad_url"  # not http(s), userinfo, too long, unparsable
    TOO_LARGE = "too_large"  # decoded bytes passed the cap
    DEADLINE = "deadline"  # the total deadline passed
    REDIRECT = "redirect"  # too many hops, a loop, or a Location that cannot be used
    REDIRECTED = "redirected"  # led elsewhere, and told so as the fetch asked: what follows is a fetch of its own
    DNS = "dns"
    CONNECT = "connect"  # refused, reset, unreachable
    TLS = "tls"
    PROTOCOL = "protocol"  # the answer is not HTTP as we accept it, or its encoding is broken
    RATE_LIMITED = "rate_limited"  # 429, or 503 with Retry-After
    GONE = "gone"  # 410
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    ROBOTS = "robots"  # robots.txt does not allow this path to us
    HOST_BUSY = "host_busy"  # the host's slot is taken or the host is held back; try later
    CANCELLED = "cancelled"  # given up by us: a shutdown


class FetchKind(StrEnum):
    """What one HTTP fetch is for."""

    FEED = "feed"
    PAGE = "page"
    ROBOTS = "robots"


class ParseReason(StrEnum):
    """Why bytes from the world gave nothing."""

    NOT_A_FEED = "not_a_feed"
    UNDECODABLE = "undecodable"
    PARSE_KILLED = "parse_killed"  # the jail ended the parser: deadline or memory
    PARSE_ERROR = "parse_error"  # the parser raised


class PollOutcome(StrEnum):
    """How one poll of a source ended; `failed` carries a FetchReason or ParseReason."""

    READ = "read"  # a body was fetched and its entries were read
    UNCHANGED = "unchanged"  # 304, or the same bytes as last time
    FAILED = "failed"


class SourceState(StrEnum):
    """How a configured source fares against its own past."""

    OK = "ok"
    WAITING = "waiting"  # never polled
    FAILING = "failing"  # its last poll failed, and not for long enough to be more
    SILENT = "silent"  # it answers, but has brought nothing for much longer than ever; or nobody answers for long
    BLOCKED = "blocked"  # it refuses us: 401, 403, 429, robots.txt
    RETIRED = "retired"  # it says that it is gone (410)


class PressureCause(StrEnum):
    """What makes the collectors hold back."""

    PROCESSORS = "processors"  # items wait for the processors
    ALERTING = "alerting"  # reports wait for alerting, which keeps the archive
    DISK = "disk"  # the disk of the data folder is nearly full


class EntryOutcome(StrEnum):
    """What became of one entry of a feed that was read."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"  # known already, from another source
    REPEATED = "repeated"  # the same item twice in one feed document
    REJECTED = "rejected"  # nothing to identify or to show: no title, text, link or guid
    OVERFLOW = "overflow"  # past the cap of entries in one document


class ItemOutcome(StrEnum):
    """What became of one item at the processor's first look."""

    REPORTED = "reported"  # a report went out; a page look follows
    REPORTED_FINAL = "reported_final"  # a report went out; no page look is owed
    DEAD = "dead"


class PageOutcome(StrEnum):
    """How the page look of one item ended. `retry` is not an end: the row stays."""

    REPORTED = "reported"  # the page was read; its report is final
    FEED_FINAL = "feed_final"  # the page failed for good; the feed's own report was made final
    RETRY = "retry"
    SUPERSEDED = "superseded"  # a newer revision came first: its page look stands for this one's; said in the trail only
    DEAD = "dead"


class PageReason(StrEnum):
    """Why a page gave no text, beside FetchReason and ParseReason."""

    NO_TEXT = "no_text"
    LESS_TEXT = "less_text"  # the page holds less than the feed carried: a teaser or a wall
    NOT_HTML = "not_html"
    ATTEMPTS = "attempts"  # retried as often as allowed
    RELEASED = "released"  # given back unread: this process stopped, or nothing came back in time


class NoPageReason(StrEnum):
    """Why no page look is owed to an item."""

    NO_URL = "no_url"
    FULL_TEXT = "full_text"  # the feed carried the whole article
    NOT_A_PAGE = "not_a_page"  # a PDF, a picture, a film


class ReportOutcome(StrEnum):
    """What became of one report at the alerting stage."""

    ALERTED = "alerted"  # a new alert was put in the outbox
    JOINED = "joined"  # it joined an alert already told: an edit was put in the outbox, or nothing to add was found
    HELD = "held"  # nobody is told; the reason says why
    REPLAYED = "replayed"  # decided before; nothing was done
    DEAD = "dead"


class HoldReason(StrEnum):
    """Why a report told nobody. The first in this order that applies to the nearest watchlist is the decision's reason."""

    NO_WATCHLISTS = "no_watchlists"  # none is in force
    SCOPE = "scope"  # language, source, outlet
    LABEL = "label"
    SCORE = "score"
    CONDITION = "condition"  # a key of `when` did not hold
    STAGED = "staged"
    MUTED = "muted"
    MAX_AGE = "max_age"
    BACKLOG = "backlog"  # undated entry of a source's first poll
    NO_RECEIVER = "no_receiver"  # the routes name nobody for it
    SILENCED = "silenced"  # somebody asked by command not to be told for a while


class AlertReason(StrEnum):
    """Why a report told somebody, or changed what was told."""

    MATCHED = "matched"  # first report of its story that a watchlist matched
    SAME_STORY = "same_story"  # another report of a story already told
    MORE_EVIDENCE = "more_evidence"  # the same item's page report added to what was told
    SEVERITY_RAISED = "severity_raised"
    NOT_SUPPORTED = "not_supported"  # the full text no longer supports what was told on the headline
    REVISED = "revised"  # the outlet changed its text; the story had been told
    REALERT = "realert"  # the story goes on, and is told anew after so long as the watchlist says


class Kept(StrEnum):
    """What retention drops once it was kept long enough."""

    TEXT = "text"  # of archived reports
    REPORTS = "reports"  # and what is indexed of them
    MATCHES = "matches"  # and silences that hold nothing any more
    STORIES = "stories"  # with their items and outbox rows
    DECISIONS = "decisions"
    TRAIL = "trail"
    DIGESTS = "digests"  # and notices, and the marks that prove the watch


class SilenceState(StrEnum):
    """How a silence stands."""

    PENDING = "pending"  # still to begin
    ACTIVE = "active"
    ENDING = "ending"  # in force, and ends within an hour
    ENDED = "ended"
    EXPIRED = "expired"  # ended by a command


class SendState(StrEnum):
    """The states of an outbox row."""

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    GATHERED = "gathered"  # waits for a digest, which tells it


class GatherReason(StrEnum):
    """Why an alert is told in a digest, not by a message of its own."""

    DIGEST = "digest"  # the route says so
    CALENDAR = "calendar"  # it came outside of the route's calendar, whose `otherwise` is a digest
    CAPPED = "capped"  # the watchlist or the channel had its messages of this hour
    OUTAGE = "outage"  # it waited for more than six hours in queues of our own


class DigestOccasion(StrEnum):
    """Why there is a digest."""

    SCHEDULED = "scheduled"  # its time has come
    OVERFLOW = "overflow"  # a watchlist or a channel had its messages of the hour
    OUTAGE = "outage"  # it all waited for hours in queues of our own


class SendOutcome(StrEnum):
    """How one attempt to deliver ended."""

    SENT = "sent"
    FOUND = "found"  # an earlier attempt in doubt turned out to have been accepted
    IN_DOUBT = "in_doubt"
    REPEATED = "repeated"  # resent, marked "possible repeat"
    FOLDED = "folded"  # a reply in doubt that cannot be looked for: an edit of its parent says it
    RATE_LIMITED = "rate_limited"
    RETRY = "retry"  # surely not accepted; again after a wait
    REFUSED = "refused"  # this message, route or token was refused


class NoticeKind(StrEnum):
    """What Newswire tells those who operate it of itself: that something began, and that it ended."""

    RECEIVER_REFUSES = "receiver_refuses"  # our token, or the place that it leads to
    ALERTS_GIVEN_UP = "alerts_given_up"  # a receiver refused them for good
    POSSIBLE_REPEATS = "possible_repeats"  # sent again, because nobody could see whether they had arrived
    SENDING_LATE = "sending_late"  # a message has waited to be sent for too long
    READING_LATE = "reading_late"  # an item or a report has waited to be read or decided for too long
    SILENCE_ENDS = "silence_ends"  # soon
    SILENCE_ENDED = "silence_ended"
    FILES_REFUSED = "files_refused"  # the desk's files have faults: the older set stays in force
    SOURCES_SILENT = "sources_silent"  # no answer, or nothing new for much longer than ever
    SOURCES_BLOCKED = "sources_blocked"  # they refuse us
    SOURCES_RETIRED = "sources_retired"  # they say that they are gone (410)
    TAKEN_OVER = "taken_over"  # another process is the active alerter


class ReloadOutcome(StrEnum):
    """What became of a change in the desk's files while Newswire runs."""

    LOADED = "loaded"  # a new set is in force
    RESTORED = "restored"  # the files are again those of the set in force
    REFUSED = "refused"  # there are faults: the set in force stays
    UNSTEADY = "unsteady"  # the files changed while they were read: they are looked at again


class RunStage(StrEnum):
    """The stages that a process may run."""

    COLLECT = "collect"
    PROCESS = "process"
    ALERT = "alert"


class Dependency(StrEnum):
    """The servers, or files, that every stage stands on."""

    BUS = "bus"
    STORE = "store"


class JailEnd(StrEnum):
    """Why a child of the jail ended before its task did."""

    DEADLINE = "deadline"  # it worked for too long, and was killed
    MEMORY = "memory"  # it wanted more than it may have
    DIED = "died"  # by itself


class JailOutcome(StrEnum):
    """What became of a task in the jail."""

    OK = "ok"
    RAISED = "raised"  # the task raised; its child lives on
    DEADLINE = "deadline"
    MEMORY = "memory"
    CRASH = "crash"  # its child died by itself


class StepFault(StrEnum):
    """How a step of a worker failed."""

    RETRYABLE = "retryable"  # a server is away; again after a while
    FENCED = "fenced"  # another process has the work now
    CONFIGURATION = "configuration"  # a server refuses us
    TOO_MANY_DEAD = "too_many_dead"  # the stage must be broken itself, and stops
    BUG = "bug"


class RetryReason(StrEnum):
    """Why something must be done again later."""

    BUS = "bus"
    STORE = "store"
    FETCH = "fetch"
    RECEIVER = "receiver"


class DeadReason(StrEnum):
    """Why a record is in `news.dead`."""

    BAD_RECORD = "bad_record"  # not JSON, or not the shape of its schema
    UNKNOWN_SCHEMA = "unknown_schema"  # written by a newer Newswire
    TOO_LARGE = "too_large"
    REFUSED = "refused"  # a receiver refused it for good
    BUG = "bug"
