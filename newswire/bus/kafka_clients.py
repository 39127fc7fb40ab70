"""kafka-python's clients, made and thrown away: the one module that opens connections to Kafka.

Never: makes a client that could break a promise (automatic commits, acks below all, a deserializer in the consumer), or leaves a thread
behind where one could not be made.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Self

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError, KafkaTimeoutError, RequestTimedOutError
from kafka.net.compat import KafkaNetClient

from newswire.bus.kafka_errors import Action, said, verdict
from newswire.bus.kafka_settings import KafkaSettings
from newswire.errors import NewswireError, Retryable

FAILURES: Final = (KafkaError, OSError, RuntimeError)
"""What a call of kafka-python may raise: its own errors, those of sockets, and `RuntimeError` where its loop was closed meanwhile."""

_REQUEST_BYTES: Final = 1_048_576  # Kafka's own limit; ours for a record is below it
_FETCH_BYTES: Final = 8_000_000  # held by a consumer for each broker, beside the batch in hand
_HEARTBEAT_S: Final = 0.5  # by it a member learns that partitions are shared out anew; the others wait for it, several rounds long
_METADATA_PROBES: Final = 6  # half a minute by default, instead of kafka-python's five
_LINGER_MS: Final = 5  # while a batch is being sent record by record; its end is flushed at once
_BATCH_BYTES: Final = 131_072  # before gzip: records of 20 kB share a batch, too


class KafkaClients:
    """Makes clients for one cluster. Thread-safe."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self._reason = _BootstrapReason()
        self._where = ", ".join(settings.servers)

    def producer(self) -> Any:
        """Return an idempotent producer that counts a record as written when every copy in step has it.

        Raises:
            Retryable: no broker answers.
            ConfigurationError: the brokers refuse us for good.

        """
        return self._made(
            KafkaProducer,
            acks="all",
            enable_idempotence=True,
            compression_type="gzip",
            max_request_size=_REQUEST_BYTES,
            batch_size=_BATCH_BYTES,
            linger_ms=_LINGER_MS,
            delivery_timeout_ms=_ms(self.settings.delivery_s),
            max_block_ms=_ms(self.settings.request_s),
            allow_auto_create_topics=False,  # a topic made by accident has one partition and one copy
        )

    def consumer(self, group: str | None = None, **more: object) -> Any:
        """Return a consumer, of a group or of none, that commits nothing by itself and decodes nothing.

        Raises:
            Retryable: no broker answers.
            ConfigurationError: the brokers refuse us for good.

        """
        options = {
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "fetch_max_bytes": _FETCH_BYTES,
            "max_partition_fetch_bytes": _REQUEST_BYTES,
            "allow_auto_create_topics": False,
            "session_timeout_ms": _ms(self.settings.session_s),
            "heartbeat_interval_ms": _ms(min(_HEARTBEAT_S, self.settings.session_s / 4)),
            "max_poll_interval_ms": _ms(self.settings.poll_interval_s),
            # A topic that is made anew between two fetches shows in its metadata alone.
            "metadata_max_age_ms": _ms(_METADATA_PROBES * self.settings.probe_s),
            # Members keep what they have in their hands while partitions move between others.
            "partition_assignment_strategy": [CooperativeStickyAssignor],
        }
        return self._made(KafkaConsumer, **{**options, **more})

    def admin(self) -> Any:
        """Return a client that asks about topics and groups.

        Raises:
            Retryable: no broker answers.
            ConfigurationError: the brokers refuse us for good.

        """
        return self._made(KafkaAdminClient)

    def _made(self, make: Callable[..., Any], **options: object) -> Any:
        half: list[KafkaNetClient] = []

        def connect(**configs: object) -> KafkaNetClient:
            half.append(KafkaNetClient(**configs))
            return half[-1]

        with self._reason as reason:
            try:
                return make(
                    bootstrap_servers=list(self.settings.servers),
                    bootstrap_timeout_ms=_ms(self.settings.request_s),
                    request_timeout_ms=_ms(self.settings.request_s),
                    reconnect_backoff_max_ms=2_000,  # half a minute, as by default, would outlast most outages
                    client_id=self.settings.client_id,
                    kafka_client=connect,
                    **self.settings.access,
                    **options,
                )
            except FAILURES as error:
                for client in half:  # its thread would run for ever
                    with suppress(*FAILURES):
                        client.close()
                raise self._why_not(reason.of(error)) from None

    def _why_not(self, cause: Exception) -> NewswireError:
        why = said(cause, f"connecting to Kafka at {self._where}")
        if isinstance(why, Retryable) and "sasl_mechanism" in self.settings.access:
            # The refusal comes together with the end of the connection, and kafka-python 3.0.12 drops what came with an end.
            return Retryable(why.reason, f"{why}; a broker that refuses name or password hangs up like this")
        return why


def commit_once(consumer: Any, offsets: Mapping[Any, Any], timeout_s: float) -> None:
    """Commit these offsets of a member, in one attempt.

    kafka-python's `commit` tries again until its time is over. A topic that is deleted and made anew in that time is given the offsets of the
    old one, and as many of its first records are never read.

    Raises:
        KafkaError: it failed, or no answer came in time; then the offsets may have been committed.

    """
    ended = threading.Event()
    # The public `commit_async` answers for the search of the coordinator where that is not known; this one fails there.
    future = consumer._coordinator._do_commit_offsets_async(offsets)  # noqa: SLF001
    future.add_both(lambda _: ended.set())
    if not ended.wait(timeout_s):
        raise KafkaTimeoutError(f"no answer to a commit in {timeout_s:g} s")
    if future.failed():
        raise future.exception


def topic_id(consumer: Any, name: str) -> str:
    """Return the id of the topic that bears this name now, by the metadata in hand; empty where the brokers (before 2.8) or we know none.

    A topic that is deleted and made anew has another one (KIP-516).
    """
    found = consumer._cluster.topic_id(name)  # noqa: SLF001 -- kafka-python 3.0.12 has no public call for it
    return str(found) if found is not None else ""


def discard_producer(producer: Any) -> None:
    """Throw a producer away now, with whatever it has not sent."""
    # `close` flushes first and gives up where that fails, which leaves its thread sending for ever.
    producer._sender.force_close()  # noqa: SLF001 -- kafka-python 3.0.12 has no public call for it
    producer._sender.join(1)  # noqa: SLF001
    with suppress(*FAILURES):
        producer.close(timeout=0)


def discard_consumer(consumer: Any, *, leave_s: float) -> None:
    """Throw a consumer away; it leaves its group where that can be said within `leave_s`."""
    with suppress(*FAILURES):
        consumer.close(autocommit=False, timeout_ms=_ms(leave_s))


def discard_admin(admin: Any) -> None:
    """Throw an admin client away."""
    with suppress(*FAILURES):
        admin.close()


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1_000))


class _BootstrapReason(logging.Handler):
    """Keeps why a client could not connect: kafka-python says it in its log only, and raises a time-out instead."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lock_of_users = threading.Lock()
        self._users = 0
        self._last: Exception | None = None
        self._logger = logging.getLogger("kafka.net.manager")

    def __enter__(self) -> Self:
        with self._lock_of_users:
            if not self._users:
                self._last = None
                self._logger.addHandler(self)
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock_of_users:
            self._users -= 1
            if not self._users:
                self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(argument, Exception) and _weight(argument) >= _weight(self._last):
                self._last = argument

    def of(self, error: Exception) -> Exception:
        """Return what is behind a time-out, or the error itself."""
        return self._last if isinstance(error, KafkaTimeoutError) and self._last is not None else error


def _weight(error: Exception | None) -> int:
    """Return how much an error explains: what only a person can put right most, that time ran out least."""
    if error is None or isinstance(error, (KafkaTimeoutError, RequestTimedOutError)):
        return 0
    return 2 if verdict(error).action is Action.FATAL else 1
