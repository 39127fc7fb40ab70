"""The lines of a digest, section by section. Pure: who lays them out decides on which page each stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.bulletin import Line, Piece
from alerting.digests.contents import DAYS_SHOWN, DigestContents, Gathered, Group, Held, ShownSilence
from alerting.digests.period import Period, moment
from alerting.digests.proof import LATE_S, Proof, Sight, SilentCountry
from alerting.digests.sparkline import sparkline
from alerting.digests.watch import Gap, GapKind
from alerting.digests.words import MARKS, counted, land, length, listed
from alerting.escape import link, plain
from alerting.message import Message
from alerting.render import country_name, flag, topic_name
from alerting.render_words import runs_left, trailing_last
from alerting.silences import said_of
from newswire.outcomes import GatherReason, HoldReason

_TITLE: Final = 160
_NAME: Final = 60
_FLAGS: Final = 6
_TOPICS: Final = 4
_SILENT_NAMES: Final = 4
_SILENT_CAUSES: Final = 3
_SILENT_COUNTRIES: Final = 12
GAPS_AT_ONCE: Final = 2
_GAPS: Final = 5
_SOON_S: Final = 60.0

_HELD_IN_SHORT: Final = {
    HoldReason.STAGED: "staged",
    HoldReason.MUTED: "muted",
    HoldReason.MAX_AGE: "too old",
    HoldReason.BACKLOG: "backlog",
    HoldReason.NO_RECEIVER: "no receiver",
    HoldReason.SILENCED: "silenced",
}


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading, which is repeated where they go on over a page."""

    heading: Line
    lines: tuple[Line, ...]


def text(words: str, *, bold: bool = False) -> Piece:
    """Return a stretch of a line."""
    return Piece(words, bold=bold)


def alert_line(one: Gathered, period: Period, topic: str = "") -> Line:
    """Return what is said of one alert: how severe, the headline, who carries it, whom it engages, for which watchlists, why it stands here."""
    message = one.message
    pieces = [text(f"{MARKS[message.severity]} ")]
    if topic:
        pieces.append(text(f"{topic_name(topic)}: "))
    title = plain(message.title, limit=_TITLE) or "(no title)"
    headline = Piece(title, bold=True, url=link(message.url), strike=message.unsupported is not None)
    rest = [*_carried(message), " ".join(flag(code) for code in message.partners[:_FLAGS] if flag(code))]
    rest.append(listed([plain(shown.title, limit=_NAME) for shown in message.watchlists], 2))
    if message.unsupported is not None:
        rest.append("not borne out by the full text")
    rest.append(why_here(one, period))
    return (*pieces, *_beside(headline, " · ".join(part for part in rest if part)))


def _beside(headline: Piece, said: str) -> Line:
    """Return a headline and what is said of it. One from right to left ends the line: it would turn it round, and draw numbers into itself."""
    return (text(f"{said} · "), headline) if runs_left(headline.text) else (headline, text(f" · {said}"))


def why_here(one: Gathered, period: Period) -> str:
    """Return why an alert is told in a digest; empty where the route says so of all its like."""
    match one.reason:
        case GatherReason.CALENDAR:
            return f"came at {moment(one.at, period)}, outside of duty"
        case GatherReason.CAPPED:
            return f"over the cap at {moment(one.at, period)}"
        case GatherReason.OUTAGE:
            return f"waited {length((period.until - min(one.at, one.message.seen_at)).total_seconds())} in an outage"
        case GatherReason.DIGEST:
            return ""


def group_section(group: Group, above: frozenset[str], period: Period) -> Section:
    """Return a country's alerts, without those that stand `above`, by their ids."""
    alerts = group.alerts
    parts = [counted(len(alerts), "story", "stories")]
    if above_here := sum(one.message.alert_id in above for one in alerts):
        parts.append(f"{above_here} of them above")
    topics = [f"{topic_name(block.topic)} {len(block.alerts)}" for block in group.blocks if block.topic]
    parts.append(listed(topics, _TOPICS) if len(alerts) > 1 else "")
    name = land(group.country) if group.engaged or group.country is None else f"{land(group.country)}, by outlet"
    heading: list[Piece] = [text(name, bold=True), text("".join(f" · {part}" for part in parts if part))]
    if sum(count > 0 for count in group.days) > 1:  # a single day is no course
        heading.append(text(f" · {sparkline(group.days)} {DAYS_SHOWN} days, at most {max(group.days)} a day"))
    lines = []
    for block in group.blocks:
        rest = [one for one in block.alerts if one.message.alert_id not in above]
        lines += [alert_line(one, period, block.topic if n == 0 else "") for n, one in enumerate(rest)]
    return Section(tuple(heading), tuple(lines))


def held_section(contents: DigestContents) -> Section | None:
    """Return what was held, counted by reason, the most severe of it by name."""
    held = contents.held
    if not held.total:
        return None
    counts = ", ".join(f"{count} {_HELD_IN_SHORT.get(reason, reason.value)}" for reason, count in held.counts)
    lines = [_held_line(one) for one in held.listed]
    if held.total > len(lines):
        lines.append((text(f"and {held.total - len(lines):,} more: newswire alerts --held"),))
    return Section((text("Held, told to nobody", bold=True), text(f" · {counted(held.total, 'story', 'stories')}: {counts}")), tuple(lines))


def _held_line(one: Held) -> Line:
    story = one.story
    title = plain(story.title, limit=_TITLE) or "(no title)"
    said = (plain(part, limit=120) for part in trailing_last((story.outlet, listed(one.watchlists, 3), one.why)))
    return (text(f"{MARKS[story.severity]} "), *_beside(Piece(title, url=link(story.url)), " · ".join(part for part in said if part)))


def silences_section(contents: DigestContents) -> Section | None:
    """Return the silences that end within the next period, and those that held something."""
    if not contents.silences:
        return None
    return Section((text("Silences", bold=True),), tuple(_silence_line(one, contents.period) for one in contents.silences))


def _silence_line(one: ShownSilence, period: Period) -> Line:
    silence = one.silence
    ended = silence.ended_at <= period.until.timestamp()
    end = f"{'ended' if ended else 'ends'} {moment(silence.ended_at, period)}"
    parts = [plain(said_of(silence), limit=160), end, f"held {counted(one.stories, 'story', 'stories')}" if one.stories else "held nothing"]
    parts.append(f"{plain(silence.by, limit=_NAME)}: {plain(silence.why, limit=120)}")
    return (text("🔕 "), text(parts[0], bold=one.ends_soon), text("".join(f" · {part}" for part in parts[1:])))


def silent_section(contents: DigestContents) -> Section | None:
    """Return the sources that do not answer, by country; where most of a country's are silent first."""
    silent = contents.proof.silent if contents.proof else ()
    if not silent:
        return None
    lines = [_silent_line(one, contents.period) for one in silent[:_SILENT_COUNTRIES]]
    if len(silent) > _SILENT_COUNTRIES:
        left = sum(len(one.silent) for one in silent[_SILENT_COUNTRIES:])
        lines.append((text(f"and {left} more of {len(silent) - _SILENT_COUNTRIES} countries: newswire sources list"),))
    total = sum(len(one.silent) for one in silent)
    return Section((text("Sources that do not answer", bold=True), text(f" · {total}")), tuple(lines))


def _silent_line(one: SilentCountry, period: Period) -> Line:
    """Return the silent sources of a country, those that are silent alike named together."""
    alike: dict[str, list[str]] = {}
    for source in one.silent:
        since = f" since {moment(source.succeeded_at, period)}" if source.succeeded_at is not None else ", from the first poll on"
        alike.setdefault(source.why + since, []).append(source.outlet)
    said = [f"{listed(names, _SILENT_NAMES)}: {why}" for why, names in list(alike.items())[:_SILENT_CAUSES]]
    if left := sum(len(names) for names in list(alike.values())[_SILENT_CAUSES:]):
        said.append(f"{left} more")
    return (text(f"{land(one.country)} {len(one.silent)} of {one.sources}", bold=one.hidden), text(f" · {'; '.join(said)}"))


def proof_lines(contents: DigestContents) -> Iterator[Line]:
    """Yield the proof of the watch: what was read, then what was not whole, each hole a line."""
    proof = contents.proof
    if proof is None:
        return
    yield text("Proof of the watch", bold=True), text(f" · {read_in_words(proof)}")
    said = 0
    if contents.sight is not Sight.BLIND:
        if hidden := [f"{country_or_none(one.country)} {len(one.silent)} of {one.sources}" for one in proof.silent if one.hidden]:
            yield (text(f"⚠ do not answer: {listed(hidden, 8)}", bold=True),)
    else:
        said = GAPS_AT_ONCE  # stand in the sentence that comes first
    for gap in proof.gaps[said:_GAPS]:
        yield (text(f"⛔ {gap_in_words(gap, contents.period)}", bold=True),)
    if len(proof.gaps) > _GAPS:
        yield (text(f"⛔ and {counted(len(proof.gaps) - _GAPS, 'gap')} more, {length(sum(gap.length_s for gap in proof.gaps))} in all"),)
    if proof.refusing:
        yield (text(f"⚠ refused by {listed(proof.refusing, 8)}: `newswire receivers list` says why", bold=True),)
    yield (text(queues_in_words(proof), bold=proof.queue_s > LATE_S),)


def read_in_words(proof: Proof) -> str:
    """Return `118 of 118 sources answer, 118 polled, 3,212 articles read, 6,120 reports decided, 41 watchlists in force`."""
    return ", ".join(
        (
            f"{proof.answering:,} of {counted(proof.sources, 'source')} answer",
            f"{proof.polled:,} polled",
            f"{counted(proof.articles, 'article')} read",
            f"{counted(proof.reports, 'report')} decided",
            f"{counted(proof.watchlists, 'watchlist')} in force",
        )
    )


def queues_in_words(proof: Proof) -> str:
    """Return what waits, and for how long the oldest of it has been due."""
    ages = [
        f"the oldest {what} has waited {length(proof.at - since)}"
        for what, since in (("message", proof.queues.sending_since), ("page", proof.queues.page_since))
        if since is not None and proof.at - since >= _SOON_S
    ]
    late = "⚠ " if proof.queue_s > LATE_S else ""
    return f"{late}Queues: {', '.join(ages) or 'nothing is late'}, {counted(proof.queues.pages, 'page')} to be read"


def gap_in_words(gap: Gap, period: Period) -> str:
    """Return when we were blind, and how."""
    between = f"between {moment(gap.begins_at, period)} and {moment(gap.ends_at, period)}"
    if gap.kind is GapKind.STOPPED:
        return f"no alerter was active {between}"
    return f"no source answered {between}" if not gap.answered else f"only {gap.answered} of {gap.sources} sources answered {between}"


def country_or_none(country: str | None) -> str:
    """Return the name of a country without its flag, for lists."""
    return country_name(country) if country else "no country"


def headline_counts(contents: DigestContents) -> str:
    """Return `60 stories: 2 critical, 10 high; United States 12, China 9, 7 more`."""
    alerts = contents.alerts
    by_severity = [f"{count} {severity}" for severity in MARKS if (count := sum(one.message.severity is severity for one in alerts))]
    counts = [f"{country_or_none(group.country) if group.country else 'international'} {len(group.alerts)}" for group in contents.groups]
    return f"{counted(len(alerts), 'story', 'stories')}: {', '.join(by_severity)}; {listed(counts, 5)}"


def _carried(message: Message) -> Sequence[str]:
    """Return who published it and how many more did; a name from right to left comes behind country and count."""
    outlet = plain(message.outlet, limit=_NAME)
    outlets = {carrier.outlet for carrier in message.supporting} or {message.outlet}
    spread = [counted(len(outlets), "outlet")] if len(outlets) > 1 else []
    if runs_left(outlet):
        return [country_name(message.country) if message.country else "", *spread, outlet]
    return [f"{outlet} ({country_name(message.country)})" if message.country else outlet, *spread]
