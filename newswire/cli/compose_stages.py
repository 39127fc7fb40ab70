"""The workers of each stage, built by hand on the ground that `newswire.cli.compose` opens.

What is built is imported where it is built: a process that only collects does not wait for the model to load.
"""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, TextIO

from newswire.cli.compose import Ground, read_sources
from newswire.errors import ConfigurationError, Fault, Retryable
from newswire.outcomes import Stage
from newswire.topics import ALERTING_GROUP, ITEMS, PROCESSORS_GROUP, REPORTS, Topic

if TYPE_CHECKING:
    from alerting.digests.proof import Place
    from alerting.leadership import StoreLeadership
    from alerting.reload import ReloadWorker
    from collectors.source_watch import SourceWatch
    from collectors.sources import Source
    from collectors.stage import CollectWorker
    from newswire.consumer import Handler
    from newswire.http import Http
    from newswire.jail import Jail
    from newswire.service import ConsumerWorker, Worker
    from processors.understand import Understanding


def collect_workers(
    ground: Ground, sources: "Sequence[Source]", http: "Http", jail: "Jail", *, once: bool
) -> "tuple[CollectWorker, SourceWatch]":
    """Return the workers of the first stage."""
    from collectors.back_pressure import BackPressure
    from collectors.pressure import Limits
    from collectors.source_watch import SourceWatch
    from collectors.stage import CollectWorker

    settings = ground.settings
    back_pressure = BackPressure(
        bus=ground.bus,
        clock=ground.clock,
        metrics=ground.metrics,
        limits=Limits(settings.slow_after_s, settings.stop_after_s, settings.disk_low),
        folders=settings.folders_filled,
    )
    return (
        CollectWorker(
            sources=sources,
            store=ground.store,
            bus=ground.bus,
            http=http,
            jail=jail,
            clock=ground.clock,
            metrics=ground.metrics,
            owner=ground.owner,
            floor_s=ground.settings.poll_floor_s,
            once=once,
            back_pressure=back_pressure,
        ),
        SourceWatch(sources=sources, store=ground.store, clock=ground.clock, metrics=ground.metrics),
    )


def process_workers(ground: Ground, understanding: "Understanding", http: "Http", jail: "Jail") -> "list[Worker]":
    """Return the workers of the second stage: the look at the feed's text, the look at the page."""
    from newswire.consumer import DeadLimit
    from processors.pages_stage import PageWorker
    from processors.stage import ItemHandler

    if not understanding.has_reader:
        ground.log.warning(
            "there is no reader in config/model: evidence alone decides the label, less well (newswire train --encoder makes one)"
        )
    handler = ItemHandler(understanding=understanding, store=ground.store, clock=ground.clock, metrics=ground.metrics)
    items = _consumer(ground, ITEMS, PROCESSORS_GROUP, Stage.READ_FEED, handler)
    pages = PageWorker(
        understanding=understanding,
        store=ground.store,
        bus=ground.bus,
        http=http,
        jail=jail,
        clock=ground.clock,
        metrics=ground.metrics,
        owner=ground.owner,
        limit=DeadLimit(most=ground.settings.dead_limit),
    )
    return [items, pages]


def alert_workers(ground: Ground, desk: "ReloadWorker", stack: ExitStack, stream: TextIO | None) -> "list[Worker]":
    """Return the workers of the third stage: decide, send, publish, all behind the one leadership; and what keeps the desk's set in force."""
    from alerting.archive_upkeep import IndexWorker, Keep, RetentionWorker
    from alerting.digests.worker import DigestWorker
    from alerting.leadership import LeaderGate, StoreLeadership
    from alerting.notices.worker import NoticeWorker
    from alerting.publisher import PublisherWorker
    from alerting.receivers.directory import Directory
    from alerting.sender import SenderWorker
    from alerting.silence_watch import SilenceWatch
    from alerting.stage import ReportHandler
    from newswire.cli.compose_receivers import make_receiver
    from newswire.store import leaders
    from newswire.store.presence import SessionLock

    require_here(ground)
    leadership = StoreLeadership(
        store=ground.store,
        clock=ground.clock,
        metrics=ground.metrics,
        owner=ground.owner,
        presence=SessionLock(ground.store, leaders.ALERTER),
    )
    stack.callback(_resigned, leadership)
    handler = ReportHandler(desk=desk.current, store=ground.store, clock=ground.clock, metrics=ground.metrics, leadership=leadership)
    reports = _consumer(ground, REPORTS, ALERTING_GROUP, Stage.ALERT, handler)
    directory = Directory(
        routes=lambda: desk.current().routes, make=lambda entry: make_receiver(ground.settings, entry, now=ground.now, stream=stream)
    )
    sender = SenderWorker(store=ground.store, listed=directory.listed, clock=ground.clock, metrics=ground.metrics, leadership=leadership)
    publisher = PublisherWorker(store=ground.store, bus=ground.bus, clock=ground.clock, leadership=leadership)
    index = IndexWorker(store=ground.store, clock=ground.clock, metrics=ground.metrics, leadership=leadership)
    retention = RetentionWorker(
        keep=Keep(ground.settings.keep_text_s, ground.settings.keep_reports_s, ground.settings.keep_decisions_s),
        store=ground.store,
        clock=ground.clock,
        metrics=ground.metrics,
        leadership=leadership,
    )
    places = _places(ground)
    notices = NoticeWorker(
        standing=desk.standing,
        places=places,
        store=ground.store,
        bus=ground.bus,
        clock=ground.clock,
        metrics=ground.metrics,
        leadership=leadership,
        owner=ground.owner,
    )
    silence_watch = SilenceWatch(store=ground.store, clock=ground.clock, metrics=ground.metrics, leadership=leadership)
    digests = DigestWorker(
        store=ground.store, desk=desk.current, clock=ground.clock, metrics=ground.metrics, leadership=leadership, places=places
    )
    return [LeaderGate(reports, leadership=leadership), sender, publisher, index, retention, silence_watch, digests, notices, desk]


def _consumer(ground: Ground, topic: Topic, group: str, stage: Stage, handler: "Handler") -> "ConsumerWorker":
    """Return the worker that takes a topic's records through a handler; it has the topic's name."""
    from newswire.consumer import DeadLimit
    from newswire.service import ConsumerWorker

    return ConsumerWorker(
        name=topic.name.removeprefix("news."),
        bus=ground.bus,
        topic=topic,
        group=group,
        stage=stage,
        handler=handler,
        metrics=ground.metrics,
        clock=ground.clock,
        limit=DeadLimit(most=ground.settings.dead_limit),
    )


def _places(ground: Ground) -> "dict[str, Place]":
    """Return who publishes each source, for those who are told which of them are silent; what cannot be read is known by its host."""
    from alerting.digests.proof import Place

    with suppress(ConfigurationError):  # the collectors say what is wrong with it
        return {one.source_id: Place(one.outlet, one.country) for one in read_sources(ground.folder)}
    return {}


def _resigned(leadership: "StoreLeadership") -> None:
    with suppress(Retryable):  # the store is away, and the lease runs out by itself
        leadership.resign()


def require_here(ground: Ground) -> None:
    """Return where the store's data have not been moved elsewhere: two places that tell would tell twice.

    Raises:
        ConfigurationError: they have.

    """
    from newswire.store import leaders

    with ground.store.read() as connection:
        moved = leaders.moved_to(connection)
    if moved is not None:
        raise ConfigurationError(
            [
                Fault(
                    "environment",
                    0,
                    0,
                    f"NEWSWIRE_STORE: `newswire migrate-store` has moved its data to {moved}; nothing is told from here (`newswire migrate-store --reopen` gives the move up)",
                )
            ]
        )
