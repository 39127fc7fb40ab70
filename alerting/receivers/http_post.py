"""One POST to an address that the operator wrote: the only module that sends a body over HTTP. Through httpx2, with a total deadline.

Private networks are let through, unlike for what is fetched: this address comes from the environment of the one who runs Newswire, and a
webhook on an intranet is the usual case. Never: follows a redirect (the signed body would go to a place that the operator did not write,
and an open redirect would make every internal address reachable), retries by itself, or asks the environment for a proxy.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx2
from pydantic import SecretStr

from alerting.receivers import NotSent, Unclear
from alerting.receivers.deadline import Deadlines, NoRoomError

TIMEOUT_S: Final = 10.0
DEADLINE_S: Final = 15.0
ANSWER_BYTES: Final = 4_096
"""What is read of an answer: a word such as `ok`, or enough to see that it is a page."""

_SURELY_NOT_SENT: Final = (
    (ssl.SSLCertVerificationError, "tls_certificate"),
    (ssl.SSLError, "tls"),
    (socket.gaierror, "dns"),
    (ConnectionRefusedError, "connection_refused"),
)


@dataclass(frozen=True, slots=True)
class Replied:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes  # its first few kilobytes


class HttpPost:
    """Posts to one address. Called from one thread."""

    def __init__(
        self,
        url: SecretStr,
        *,
        user_agent: str,
        timeout_s: float = TIMEOUT_S,
        deadline_s: float = DEADLINE_S,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._user_agent = url, user_agent
        self._timeout_s, self._deadline_s = timeout_s, deadline_s
        self._ssl_context = ssl_context or ssl.create_default_context()  # the system's authorities, and SSL_CERT_FILE
        self._deadlines = Deadlines()

    def send(self, body: bytes, headers: Mapping[str, str]) -> Replied | NotSent | Unclear:
        """Return the answer, or whether it surely did not arrive or nobody knows."""
        try:
            return self._deadlines.within(self._deadline_s, lambda: self._send(body, headers))
        except NoRoomError:
            return NotSent("calls_hang")
        except TimeoutError:
            return Unclear("timeout")
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return NotSent(_why(error))
        except (httpx2.TransportError, OSError) as error:
            return Unclear(type(error).__name__)

    def _send(self, body: bytes, headers: Mapping[str, str]) -> Replied:
        own = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", "Connection": "close"}
        with (
            httpx2.Client(verify=self._ssl_context, trust_env=False, follow_redirects=False, timeout=self._timeout_s) as client,
            client.stream("POST", self._url.get_secret_value(), content=body, headers={**own, **headers}) as response,
        ):
            read = bytearray()
            for piece in response.iter_raw(ANSWER_BYTES):
                read += piece
                if len(read) >= ANSWER_BYTES:
                    break
            return Replied(
                response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(read[:ANSWER_BYTES])
            )


def _why(error: BaseException | None) -> str:
    """Return the first cause that has a word of its own."""
    last = "connect_timeout" if isinstance(error, httpx2.ConnectTimeout) else "no_connection"
    while error is not None:
        for kind, word in _SURELY_NOT_SENT:
            if isinstance(error, kind):
                return word
        error = error.__cause__ or error.__context__
    return last
