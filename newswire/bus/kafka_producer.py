"""The one producer of a process: what it was given is on the log when it returns, or it was thrown away."""

import threading
from collections.abc import Sequence
from typing import Any

from newswire.bus import Message
from newswire.bus.kafka_clients import FAILURES, KafkaClients, discard_producer
from newswire.bus.kafka_errors import said


class AcknowledgedProducer:
    """Sends and waits. Thread-safe: threads that send at the same time share batches."""

    def __init__(self, clients: KafkaClients) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._producer: Any | None = None

    def send(self, messages: Sequence[tuple[str, Message]]) -> None:
        """Return when every message is on its topic, held by every copy in step.

        Raises:
            Retryable: it is not known that all of them are; the producer has been thrown away.
            Permanent: the broker takes no record of this size.
            ConfigurationError: the broker refuses us for good.

        """
        if not messages:
            return
        producer = self._open()
        wait_s = self._clients.settings.delivery_s + self._clients.settings.request_s
        try:
            futures = [
                producer.send(
                    topic,
                    key=message.key.encode(),
                    value=message.value,
                    headers=[(name, text.encode()) for name, text in message.headers.items()],
                )
                for topic, message in messages
            ]
            producer.flush(wait_s)
            for future in futures:  # each: kafka-python tells of a record that expired nowhere else
                future.get(0)
        except FAILURES as error:
            self._throw_away(producer)
            raise said(error, f"writing {len(messages)} records to {', '.join(sorted({topic for topic, _ in messages}))}") from error
        except BaseException:
            self._throw_away(producer)  # half of them may be on their way
            raise

    def close(self) -> None:
        """Throw the producer away; nothing that was promised is lost with it."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            discard_producer(producer)

    def _open(self) -> Any:
        with self._lock:
            if self._producer is None:
                self._producer = self._clients.producer()
            return self._producer

    def _throw_away(self, producer: Any) -> None:
        with self._lock:
            if self._producer is producer:  # another thread may have had the same trouble first
                self._producer = None
        discard_producer(producer)
