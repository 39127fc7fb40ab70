"""A page of a digest as facts, for programs: JSON values only. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from alerting.digests.contents import DigestContents, Gathered
from alerting.digests.proof import Proof
from alerting.escape import link
from alerting.watchlists.telling import Explain

Json = dict[str, Any]


def page_data(contents: DigestContents, alerts: Sequence[Gathered], *, page: int, pages: int, explain: Explain) -> Json:
    """Return what one page says; the first has what is said once: the proof, what was held, silences, countries with their days."""
    period = contents.period
    data: Json = {
        "digest_id": contents.digest_id,
        "digest": contents.name,
        "occasion": contents.occasion.value,
        "since": _iso(period.since),
        "until": _iso(period.until),
        "zone": period.zone,
        "page": page + 1,
        "pages": pages,
        "stories": len(contents.alerts),
        "sight": contents.sight.value if contents.proof else None,
        "alerts": [_alert(one, explain) for one in alerts],
    }
    if page:
        return data
    return data | {
        "told_at_once": contents.told_at_once,
        "countries": [
            {"country": group.country, "engaged": group.engaged, "stories": len(group.alerts), "days": list(group.days)}
            for group in contents.groups
        ],
        "held": {reason.value: count for reason, count in contents.held.counts},
        "held_listed": [
            {
                "watchlist": one.story.watchlist,
                "watchlists": list(one.watchlists),
                "story_id": one.story.story_id,
                "reason": one.story.reason.value,
                "why": one.why,
                "title": one.story.title,
                "url": link(one.story.url),
            }
            for one in contents.held.listed
        ],
        "silences": [
            {
                "silence_id": one.silence.silence_id,
                "by": one.silence.by,
                "why": one.silence.why,
                "ends_at": _iso(one.silence.ended_at),
                "ends_soon": one.ends_soon,
                "stories_held": one.stories,
            }
            for one in contents.silences
        ],
        "proof": _proof(contents.proof) if contents.proof else None,
    }


def _alert(one: Gathered, explain: Explain) -> Json:
    message = one.message
    shown: Json = {
        "alert_id": message.alert_id,
        "story_id": message.story_id,
        "severity": message.severity.value,
        "watchlists": [watchlist.watchlist for watchlist in message.watchlists],
        "title": message.title,
        "url": link(message.url),
        "outlet": message.outlet,
        "country": message.country,
        "home": message.home,
        "partners": list(message.partners),
        "topics": list(message.topics),
        "outlets": len({carrier.outlet for carrier in message.supporting} or {message.outlet}),
        "supported": message.unsupported is None,
        "reason": one.reason.value,
        "at": _iso(one.at),
    }
    return shown | {"because": list(message.because)} if explain is Explain.FULL else shown


def _proof(proof: Proof) -> Json:
    return {
        "sources": proof.sources,
        "polled": proof.polled,
        "answering": proof.answering,
        "articles": proof.articles,
        "reports": proof.reports,
        "watchlists": proof.watchlists,
        "queue_s": round(proof.queue_s, 1),
        "pages_due": proof.queues.pages,
        "refusing": list(proof.refusing),
        "gaps": [
            {
                "begins_at": _iso(gap.begins_at),
                "ends_at": _iso(gap.ends_at),
                "kind": gap.kind.value,
                "answered": gap.answered,
                "sources": gap.sources,
            }
            for gap in proof.gaps
        ],
        "silent": [
            {
                "country": one.country,
                "sources": one.sources,
                "silent": [
                    {
                        "outlet": source.outlet,
                        "why": source.why,
                        "fell_silent": source.fell_silent,
                        "succeeded_at": _iso(source.succeeded_at) if source.succeeded_at is not None else None,
                    }
                    for source in one.silent
                ],
            }
            for one in proof.silent
        ],
    }


def _iso(at: datetime | float) -> str:
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
