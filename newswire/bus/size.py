"""How large a message is, and the limit that every log keeps, so that a record fits whichever log is chosen."""

from typing import Final

from newswire.bus import Message
from newswire.errors import Permanent
from newswire.outcomes import DeadReason

MESSAGE_LIMIT_BYTES: Final = 900_000
"""Below Kafka's default of 1 MiB for a batch, with room for its framing."""


def size_of(message: Message) -> int:
    """Return the bytes of key, value and headers together."""
    headers = sum(len(name.encode()) + len(value.encode()) for name, value in message.headers.items())
    return len(message.key.encode()) + len(message.value) + headers


def refuse_too_large(topic: str, message: Message) -> None:
    """Return where the message fits.

    Raises:
        Permanent: `too_large` where it does not.

    """
    size = size_of(message)
    if size > MESSAGE_LIMIT_BYTES:
        raise Permanent(
            DeadReason.TOO_LARGE, f"a record of {size:,} bytes for {topic} (key {message.key[:64]!r}): {MESSAGE_LIMIT_BYTES:,} are allowed"
        )
