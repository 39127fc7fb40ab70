"""What each value of each closed set means, in a sentence, and where something went wrong what to do: for docs/reference.md.

What a HoldReason means is said by `newswire why`, and taken from there.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from newswire import outcomes
from newswire.cli.why_stop import HELD

_OURS: Final = "Report it, with what the log says."

MEANINGS: Final[Mapping[type[StrEnum], Mapping[str, str]]] = {
    outcomes.Stage: {
        "collect": "An entry was read from a feed.",
        "read_feed": "The processors looked at what the feed carries of it.",
        "read_page": "The processors looked at its article page.",
        "alert": "The alerting stage decided about it.",
        "deliver": "A receiver answered.",
    },
    outcomes.FetchReason: {
        "ok": "It was fetched.",
        "not_modified": "The server says that nothing has changed (304).",
        "blocked_address": "The host's address is not a public one. Where it is your own network, `NEWSWIRE_ALLOW_NETWORKS` opens it.",
        "blocked_port": "The port is neither 80 nor 443. Where that is meant, `NEWSWIRE_ALLOW_PORTS` opens it.",
        "bad_url": "The address is not http or https, holds a password, is too long, or is none. Correct it in `config/sources/`.",
        "too_large": "The body is larger than Newswire reads. Look for a feed with fewer entries.",
        "deadline": "The whole fetch took too long. It is tried again; where it lasts, the server is slow or holds us up.",
        "redirect": "It was led on too often, in a circle, or to an address that is none. Write the last address in `config/sources/`.",
        "redirected": "It led elsewhere; what follows is a fetch of its own.",
        "dns": "The host's name leads nowhere. One host: it moved or is gone. All hosts: look at this machine's resolver.",
        "connect": "No connection: refused, reset or unreachable. All hosts: look at this machine's way to the internet.",
        "tls": "The certificate or the handshake is wrong. One host: its operator must mend it. All hosts: look at the clock and the CA bundle.",
        "protocol": "The answer is no HTTP that Newswire accepts, or its encoding is broken. It is tried again; where it lasts, its operator must mend it.",
        "rate_limited": "We ask too often (429, or 503 with Retry-After). It is left alone for so long; a longer interval may help.",
        "gone": "The server says that it is gone (410). Take it out of `config/sources/`, or write its new address.",
        "http_4xx": "The server refuses it. 404: the address changed. 401, 403: it does not want us; ask its operator, with `NEWSWIRE_CONTACT` set.",
        "http_5xx": "The server has a fault of its own. It is tried again.",
        "robots": "robots.txt does not allow this path to us. Only the site can change that.",
        "host_busy": "Another request to this host is under way, or the host is held back. It is tried again soon.",
        "cancelled": "Newswire stopped meanwhile. It is done after the next start.",
    },
    outcomes.FetchKind: {
        "feed": "A source was polled.",
        "page": "An article's page was read.",
        "robots": "A site's robots.txt was asked what it allows.",
    },
    outcomes.ParseReason: {
        "not_a_feed": "It is no RSS, Atom or JSON Feed: mostly a web page. `newswire sources add` with the site's address looks for its feed.",
        "undecodable": "Its characters or its compression cannot be read.",
        "parse_killed": "The parser took too long or too much memory, and was ended. Nothing else is harmed; the feed is hostile or broken.",
        "parse_error": "The parser gave up on it.",
    },
    outcomes.PollOutcome: {
        "read": "A body came, and its entries were read.",
        "unchanged": "Nothing new: 304, or the very bytes of last time.",
        "failed": "Nothing could be read. The reason says why; the source is asked less and less often until it answers.",
    },
    outcomes.SourceState: {
        "ok": "It answers, and brings news about as often as ever.",
        "waiting": "It was never polled. After a quarter of an hour: see whether `newswire collect` runs.",
        "failing": "Its last poll failed. Nothing at first; where it lasts, `newswire sources check URL`.",
        "silent": "It brings nothing for much longer than ever, or nobody answers for long. Look at it in a browser: it may be abandoned.",
        "blocked": "It refuses us. Set `NEWSWIRE_CONTACT` and a longer `interval`, ask its webmaster, or take another feed.",
        "retired": "It says that it is gone (410). Take it out of `config/sources/`, or write its new address.",
    },
    outcomes.PressureCause: {
        "processors": "Items wait for the processors. Start more of them, or see why they are slow.",
        "alerting": "Reports wait for alerting. See whether `newswire alert` runs and its store answers.",
        "disk": "The data folder's disk is nearly full. Make room; polling goes on by itself.",
    },
    outcomes.EntryOutcome: {
        "new": "It was not known, and is now an item.",
        "revised": "It was known, and its text has changed: a new revision.",
        "unchanged": "It is known as it is.",
        "duplicate": "It is known already, from another source.",
        "repeated": "The document lists it twice.",
        "rejected": "It has no title, text, link or guid: nothing to show or to know it by.",
        "overflow": "The document has more entries than are read of one. Poll it more often, or take a narrower feed.",
    },
    outcomes.ItemOutcome: {
        "reported": "A report went out; the page is read next.",
        "reported_final": "A report went out; no page is owed.",
        "dead": "It could not be handled: `newswire dead list`.",
    },
    outcomes.PageOutcome: {
        "reported": "The page was read, and a final report went out.",
        "feed_final": "The page cannot be had; what the feed said is final.",
        "retry": "It is tried again later.",
        "superseded": "A newer revision of the item came first.",
        "dead": "It could not be handled: `newswire dead list`.",
    },
    outcomes.PageReason: {
        "no_text": "No article was found in the page.",
        "less_text": "The page holds less than the feed: a teaser or a wall.",
        "not_html": "It is no web page.",
        "attempts": "It was tried as often as allowed.",
        "released": "It was given back unread: the process stopped. Another one takes it.",
    },
    outcomes.NoPageReason: {
        "no_url": "The entry has no link.",
        "full_text": "The feed carried the whole article.",
        "not_a_page": "The link leads to a PDF, a picture or a film.",
    },
    outcomes.ReportOutcome: {
        "alerted": "A new alert was put in the outbox.",
        "joined": "It joined a story already told.",
        "held": "Nobody is told; the HoldReason says why.",
        "replayed": "It had been decided before; nothing was done.",
        "dead": "It could not be handled: `newswire dead list`.",
    },
    outcomes.AlertReason: {
        "matched": "The first report of its story that a watchlist matched.",
        "same_story": "Another report of a story that was told.",
        "more_evidence": "The page of an article that was told adds to what was said.",
        "severity_raised": "The story has become more severe.",
        "not_supported": "The full text does not bear out what was told by the headline; the message is corrected.",
        "revised": "The outlet changed its text.",
        "realert": "The story goes on, and is told anew after so long as the watchlist says.",
    },
    outcomes.Kept: {
        "text": "Texts of archived articles (`NEWSWIRE_KEEP_TEXT`).",
        "reports": "Archived reports and the index of them (`NEWSWIRE_KEEP_REPORTS`).",
        "matches": "What watchlists matched, and silences that hold nothing any more (`NEWSWIRE_KEEP_DECISIONS`).",
        "stories": "Stories with their items and outbox rows (`NEWSWIRE_KEEP_DECISIONS`).",
        "decisions": "Decisions: what was told or held, and why (`NEWSWIRE_KEEP_DECISIONS`).",
        "trail": "Each item's way, for `newswire why` (`NEWSWIRE_KEEP_DECISIONS`).",
        "digests": "Digests, notices and the marks of the watch (`NEWSWIRE_KEEP_DECISIONS`).",
    },
    outcomes.SilenceState: {
        "pending": "It is still to begin.",
        "active": "It is in force.",
        "ending": "It is in force, and ends within an hour: renew it if it is still wanted.",
        "ended": "Its time is over.",
        "expired": "Somebody ended it by command.",
    },
    outcomes.SendState: {
        "new": "It waits to be sent.",
        "sending": "It is being sent, or its answer never came and is looked for.",
        "sent": "The receiver took it.",
        "failed": "The receiver refused it for good. Put that right, then `newswire dead replay --all`.",
        "gathered": "It waits for a digest.",
    },
    outcomes.GatherReason: {
        "digest": "The route names a digest.",
        "calendar": "It came outside of the route's calendar, whose `otherwise` is a digest.",
        "capped": "The watchlist or the channel had its messages of this hour. Too often: narrow the watchlist, or raise `cap`.",
        "outage": "It waited for more than six hours in queues of our own. See what was away.",
    },
    outcomes.DigestOccasion: {
        "scheduled": "Its time has come.",
        "overflow": "More came than a cap lets through.",
        "outage": "It tells what waited in our own queues.",
    },
    outcomes.SendOutcome: {
        "sent": "The receiver took it.",
        "found": "An earlier attempt in doubt had arrived after all.",
        "in_doubt": "No answer came: it is looked for before it is sent again.",
        "repeated": "It was sent again, marked as a possible repeat, because nobody may look. Give the app the history scope.",
        "folded": "A reply in doubt is told by an edit of its message instead.",
        "rate_limited": "The receiver asked for a pause, which is kept.",
        "retry": "It surely did not arrive; it is sent again after a wait.",
        "refused": "The message, the place or the token was refused: `newswire receivers list` says what to do.",
    },
    outcomes.NoticeKind: {
        "receiver_refuses": "A receiver refuses our token or our place in it: `newswire receivers list` says what to do.",
        "alerts_given_up": "A receiver refused messages for good: `newswire dead list`, then `newswire dead replay --all`.",
        "possible_repeats": "Messages were sent again because nobody could see whether they had arrived. Give the app the history scope.",
        "sending_late": "A message has waited too long to be sent. See whether the receiver answers.",
        "reading_late": "Items or reports have waited too long. See whether all stages run.",
        "silence_ends": "A silence ends within the hour: renew it if it is still wanted.",
        "silence_ended": "A silence has ended; it says how many stories it held.",
        "files_refused": "Changed files have faults, and the older set stays in force: `newswire check` lists them.",
        "sources_silent": "Sources do not answer, or bring nothing for much longer than ever: `newswire sources check`.",
        "sources_blocked": "Sources refuse us: `newswire sources list` says how; ask their operators, or take others.",
        "sources_retired": "Sources say that they are gone: take them out of `config/sources/`.",
        "taken_over": "Another process has become the active alerter. See what became of the first.",
    },
    outcomes.ReloadOutcome: {
        "loaded": "A new set is in force.",
        "restored": "The files are again those of the set in force.",
        "refused": "The files have faults; the set in force stays. `newswire check` lists them.",
        "unsteady": "The files changed while they were read; they are looked at again.",
    },
    outcomes.RunStage: {
        "collect": "Feeds are polled.",
        "process": "Items and article pages are read.",
        "alert": "Reports are decided, and receivers told.",
    },
    outcomes.Dependency: {
        "bus": "Where records travel: the embedded bus, or Kafka. Where it is away, all waits and nothing is lost: bring it back.",
        "store": "Where what is known is kept: SQLite or PostgreSQL. Where it is away, all waits and nothing is lost: bring it back.",
    },
    outcomes.JailEnd: {
        "deadline": "It worked for too long, and was killed. Nothing else is harmed; often for one source: take another feed.",
        "memory": "It wanted more than it may have. Nothing else is harmed; often for one source: take another feed.",
        "died": "It died by itself, or the system ended it. Often, for many sources: see whether the machine has memory left.",
    },
    outcomes.JailOutcome: {
        "ok": "The task gave its answer.",
        "raised": "The task gave up on what it was given; its child lives on.",
        "deadline": "It worked for too long, and its child was killed.",
        "memory": "It wanted more memory than it may have, and its child was ended.",
        "crash": "Its child died by itself.",
    },
    outcomes.StepFault: {
        "retryable": "A server is away; it is tried again after a while.",
        "fenced": "Another process has the work now, as after a pause: nothing is to be done.",
        "configuration": "A server refuses us: look at its address and at our rights there.",
        "too_many_dead": "Too many records in a row could not be handled, and the stage stops: `newswire dead list`, then start it again.",
        "bug": "Newswire failed on something. " + _OURS,
    },
    outcomes.RetryReason: {
        "bus": "The bus did not answer.",
        "store": "The store did not answer.",
        "fetch": "A fetch failed for now.",
        "receiver": "A receiver did not take it for now.",
    },
    outcomes.DeadReason: {
        "bad_record": "It is no JSON, or not of its schema's shape. Something else writes on the topic: find out what.",
        "unknown_schema": "A newer Newswire wrote it. Upgrade this one, then `newswire dead replay --all`.",
        "too_large": "It is larger than a record may be. " + _OURS,
        "refused": "A receiver refused it for good. Put that right, then `newswire dead replay --all`.",
        "bug": "Newswire failed on it. " + _OURS + " After the upgrade `newswire dead replay --all`.",
    },
}


def meanings(kind: type[StrEnum]) -> Iterator[tuple[str, str]]:
    """Yield each value of a closed set with its sentence, in the order of the set; raise KeyError where one has none."""
    if kind is outcomes.HoldReason:
        names = {"watchlist": "the watchlist", "file": "its file", "silence": "ID"}
        for reason in outcomes.HoldReason:
            said, otherwise = (words.format(**names) for words in HELD[reason])
            yield reason.value, f"{said[0].upper()}{said[1:]}. To have it otherwise: {otherwise}."
        return
    try:
        words = MEANINGS[kind]
        for member in kind:
            yield member.value, words[member.value]
    except KeyError as missing:
        missing.add_note(
            f"newswire/cli/reason_words.py: say in one sentence what each value of {kind.__name__} means, and what to do about it"
        )
        raise
