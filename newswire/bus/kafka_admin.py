"""Questions to the brokers about topics and groups, asked again until one answers: none of them changes anything twice."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from newswire.bus.kafka_clients import FAILURES, KafkaClients, discard_admin
from newswire.bus.kafka_errors import Action, said, verdict

_AGAIN_S: Final = 0.1
R = TypeVar("R")


class KafkaAdmin:
    """One connection to ask over, opened when it is needed. Not thread-safe."""

    def __init__(self, clients: KafkaClients) -> None:
        self._clients = clients
        self._admin: Any | None = None

    def ask(self, doing: str, question: Callable[[Any], R]) -> R:
        """Return the answer of `question`, which is given kafka-python's admin client.

        Raises:
            Retryable: no broker answers within the time of a request.
            ConfigurationError: the brokers refuse us, or what was asked for.

        """
        until = time.monotonic() + self._clients.settings.request_s
        while True:
            if self._admin is None:
                self._admin = self._clients.admin()
            try:
                return question(self._admin)
            except FAILURES as error:
                action = verdict(error).action
                if action is not Action.RETRY:
                    self.close()
                if action not in {Action.RETRY, Action.REBUILD} or time.monotonic() > until:
                    raise said(error, doing) from error
                time.sleep(_AGAIN_S)

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        admin, self._admin = self._admin, None
        if admin is not None:
            discard_admin(admin)
