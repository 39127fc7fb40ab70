"""Dead letters: what could not be handled, kept whole with its reason, and put back on its topic when asked.

Reads / writes: `news.dead`.
Never: drops a record without a letter, or replays one that is not whole.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import structlog

from newswire.bus import Bus, Delivered, Message, Output
from newswire.bus.size import MESSAGE_LIMIT_BYTES, size_of
from newswire.clock import Clock
from newswire.codec import SCHEMA_HEADER, TRACE_HEADER, decode, encode, schema_of
from newswire.errors import Permanent
from newswire.outcomes import DeadReason, Stage
from newswire.records import DeadLetter
from newswire.text import clean_line
from newswire.topics import DEAD, topic_named

ATTEMPTS_HEADER: Final = "attempts"  # on a replayed record: how often it was given up before; the dead-id header says in which letter
CUT_HEADER: Final = "cut-from-bytes"  # in a letter's headers: the value was longer than the log takes; this was its length
DEAD_ID_HEADER: Final = "dead-id"
REASON_HEADER: Final = "reason"
_ERROR_LIMIT: Final = 1_000  # characters
_ID: Final = re.compile("[0-9a-f]{32}")

_log = structlog.get_logger(__name__)


def dead_id_of(stage: Stage, message: Delivered) -> str:
    """Return the letter's id: the same record given up by the same stage has the same, however often its batch or its letter is replayed."""
    first = message.headers.get(DEAD_ID_HEADER, "")
    if _ID.fullmatch(first):
        return first
    where = f"{stage}|{message.topic}|{message.partition}|{message.offset}|{message.written_at.isoformat()}|"
    return hashlib.sha256(where.encode() + message.value).hexdigest()[:32]


def dead_letter(stage: Stage, message: Delivered, reason: DeadReason, error: str, *, clock: Clock) -> DeadLetter:
    """Return the letter for a record, its value whole, or cut (and marked so) where base64 would not fit the log."""
    letter = DeadLetter(
        dead_id=dead_id_of(stage, message),
        stage=stage,
        topic=message.topic,
        key=message.key,
        value_base64="",
        headers={name: value for name, value in message.headers.items() if name not in {CUT_HEADER, DEAD_ID_HEADER}},
        reason=reason,
        error=clean_line(error, limit=_ERROR_LIMIT),
        attempts=_attempts(message) + 1,
        at=clock.now(),
        trace_id=message.headers.get(TRACE_HEADER, ""),
    )
    whole = replace(letter, value_base64=base64.b64encode(message.value).decode())
    if size_of(dead_output(whole).message) <= MESSAGE_LIMIT_BYTES:
        return whole
    return _cut(letter, message)


def dead_output(letter: DeadLetter) -> Output:
    """Return the letter as an output for `news.dead`; its headers say id and reason, so that nobody need decode it to count it."""
    headers = {SCHEMA_HEADER: schema_of(DeadLetter), DEAD_ID_HEADER: letter.dead_id, REASON_HEADER: letter.reason}
    if letter.trace_id:
        headers[TRACE_HEADER] = letter.trace_id
    return Output(DEAD, Message(letter.key, encode(letter), headers))


def letters(bus: Bus) -> Iterator[DeadLetter]:
    """Yield every letter on `news.dead`, each as it was written last; one that cannot be decoded is logged and passed over."""
    last = {_id_on(message): (message.partition, message.offset) for message in bus.browse(DEAD)}
    for message in bus.browse(DEAD):
        if last.get(_id_on(message)) != (message.partition, message.offset):
            continue
        try:
            yield decode(DeadLetter, message.value)
        except Permanent as error:
            _log.warning("dead letter cannot be read", partition=message.partition, offset=message.offset, error=str(error))


def put_back(bus: Bus, letter: DeadLetter) -> None:
    """Publish the record of a letter on the topic it came from, with the number of its attempts.

    Raises:
        Permanent: the letter is not whole, or names no topic of this Newswire.
        Retryable: the bus cannot be written now.

    """
    value = _whole_value(letter)
    try:
        topic = topic_named(letter.topic)
    except KeyError:
        raise Permanent(DeadReason.BAD_RECORD, f"letter {letter.dead_id} is for topic {letter.topic!r}, which does not exist") from None
    headers = {**letter.headers, ATTEMPTS_HEADER: str(letter.attempts), DEAD_ID_HEADER: letter.dead_id}
    bus.publish(topic, [Message(letter.key, value, headers)])


def _id_on(message: Delivered) -> str:
    """Return which letter it is: what its header says, as every letter of ours has it."""
    return message.headers.get(DEAD_ID_HEADER) or f"{message.partition}/{message.offset}"


def _whole_value(letter: DeadLetter) -> bytes:
    if CUT_HEADER in letter.headers:
        kept = len(letter.value_base64) * 3 // 4
        raise Permanent(
            DeadReason.TOO_LARGE,
            f"letter {letter.dead_id} holds only the first {kept:,} of {letter.headers[CUT_HEADER]} bytes: it cannot be replayed",
        )
    try:
        return base64.b64decode(letter.value_base64, validate=True)
    except ValueError:
        raise Permanent(DeadReason.BAD_RECORD, f"letter {letter.dead_id}: its value is not base64") from None


def _cut(letter: DeadLetter, message: Delivered) -> DeadLetter:
    error = f"{letter.error} [the value of {len(message.value):,} bytes is cut to fit]"
    mark = {CUT_HEADER: str(len(message.value))}
    marked = replace(letter, error=error, headers={**letter.headers, **mark})
    room = MESSAGE_LIMIT_BYTES - size_of(dead_output(marked).message)
    if room < 4:  # key and headers alone fill it, as JSON writes them
        marked = replace(marked, key=letter.key[:256], headers=mark)
        room = MESSAGE_LIMIT_BYTES - size_of(dead_output(marked).message)
    kept = message.value[: room // 4 * 3]
    return replace(marked, value_base64=base64.b64encode(kept).decode())


def _attempts(message: Delivered) -> int:
    given = message.headers.get(ATTEMPTS_HEADER, "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
