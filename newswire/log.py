"""Logs: one line an event on stderr, JSON where no terminal reads it, with no secret and no control character in any of them."""

import base64
import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from newswire.log_sink import Sink

_QUIET: Final = ("kafka", "slack_sdk", "httpx2", "httpcore2", "urllib3", "alembic", "sqlalchemy", "trafilatura", "asyncio")
"""Loggers held at WARNING whatever is asked for: below it they print message bodies and full URLs."""

_OF_KAFKA: Final = "kafka."
_TOLD_OF_KAFKA: Final = "kafka.net.selector"  # a loop that crashed is kafka-python's own bug, and nobody else says so

_HIDDEN: Final = "***"
_SECRET_KEY: Final = re.compile(r"token|password|passwd|secret|authorization|api_?key|cookie", re.IGNORECASE)
_SLACK_TOKEN: Final = re.compile(r"\b(xox[a-z]|xapp|xwfp)([-.])[A-Za-z0-9.-]+")
_URL_USER: Final = re.compile(r"://[^\s/@?#]{1,512}@")
_URL_SECRET: Final = re.compile(
    r"([?&;](?:[a-z_-]*(?:token|password|passwd|secret|signature)|auth|sig|[a-z_-]*key)=)[^\s&;#\"'<>]{1,512}", re.IGNORECASE
)
"""What an address carries in its query to be let in: a private feed's token, a signed link."""
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")

_URL_SAFE: Final = str.maketrans("+/", "-_")
_BASE64_LEAST: Final = 8  # characters: fewer are found in innocent text

_TEXT_CHARACTERS: Final = 2_000
_TRACEBACK_CHARACTERS: Final = 20_000
_SCANNED_CHARACTERS: Final = 200_000  # of a text that is far too long, only so much is looked at
_ENTRIES: Final = 50
_DEPTH: Final = 4


def set_up(
    *,
    level: str = "info",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    console: bool | None = None,
) -> FilteringBoundLogger:
    """Return the logger of this process, and bring the standard library's loggers into the same lines.

    `secrets` are values that no line may show. `console` is for people (None: where `stream`, by default stderr, is a terminal);
    colours are left out where `NO_COLOR` is set.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    for_people = terminal if console is None else console
    redact = Redactor(secrets, one_line=for_people)
    renderer: Processor = _JsonLine()
    if for_people:
        colors = terminal and not os.environ.get("NO_COLOR")
        renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp" if for_people else "at"),
        structlog.processors.format_exc_info,
    ]
    sink = Sink(stream, lambda lines: structlog.get_logger().warning("log lines were lost: nobody read this stream", lines=lines))
    structlog.configure(
        processors=[*before, redact, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sink),  # type: ignore[arg-type]  # it writes and flushes: all that is asked of it
        cache_logger_on_first_use=False,
    )
    _bridge(sink, level, [structlog.stdlib.add_logger_name, *before], [redact, renderer])
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _bridge(sink: Sink, level: str, before: list[Processor], after: list[Processor]) -> None:
    handler = logging.StreamHandler(sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        ),
    )
    if level != "debug":
        handler.addFilter(_is_told)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _is_told(record: logging.LogRecord) -> bool:
    """Return whether a line of another library is for operators.

    kafka-python tells of every connection that fails, in some thirty lines a second while a broker is away (measured); whoever asked for
    it tells the same in one. The levels of its loggers stay: `newswire.bus.kafka_clients` reads there why a client could not connect.
    """
    return not record.name.startswith(_OF_KAFKA) or record.name == _TOLD_OF_KAFKA


def forms_of(secret: str) -> frozenset[str]:
    """Return a secret as it may stand in a text that somebody else wrote: as it is, percent-encoded, in JSON, and in base64 amid other bytes.

    In base64 a name and a password stand together (Basic, AUTH PLAIN), so each of the three alignments is looked for, without the
    characters at its ends that depend on the neighbours.
    """
    raw = secret.encode("utf-8", "surrogateescape")
    found = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        inner = encoded[(0, 2, 3)[before] : len(encoded.rstrip("=")) - bool((before + len(raw)) % 3)]
        found |= {inner, inner.translate(_URL_SAFE)} if len(inner) >= _BASE64_LEAST else set()
    return frozenset(found)


class Redactor:
    """The processor that every line passes: hides secrets, drops control characters, cuts what is too long or too deep."""

    def __init__(self, secrets: Iterable[str] = (), *, one_line: bool = False) -> None:
        values = {form for secret in secrets if len(secret) >= 4 for form in forms_of(secret)}
        longest_first = sorted(values, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._one_line = one_line

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {
            self.text(str(key)): self._exception(value) if key == "exception" else self._value(str(key), value, _DEPTH)
            for key, value in event.items()
        }

    def text(self, text: str, limit: int = _TEXT_CHARACTERS) -> str:
        """Return the text as it may be shown, on one line where this is for a terminal."""
        text = self._hide(text[:_SCANNED_CHARACTERS])
        text = _CONTROL.sub("\ufffd", text)
        if self._one_line:
            text = text.replace("\n", " ")
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def _hide(self, text: str) -> str:
        if self._secrets:
            text = self._secrets.sub(_HIDDEN, text)
        text = _SLACK_TOKEN.sub(rf"\1\2{_HIDDEN}", text)
        text = _URL_USER.sub(f"://{_HIDDEN}@", text)
        return _URL_SECRET.sub(rf"\1{_HIDDEN}", text)

    def _exception(self, value: object) -> str:
        return "\n".join(self.text(line) for line in str(value)[:_TRACEBACK_CHARACTERS].split("\n"))

    def _value(self, key: str, value: object, depth: int) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_KEY.search(key):
            return _HIDDEN
        if isinstance(value, Mapping) and depth:
            return {self.text(str(name)): self._value(str(name), inner, depth - 1) for name, inner in list(value.items())[:_ENTRIES]}
        if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes | bytearray) and depth:
            return [self._value(key, inner, depth - 1) for inner in list(value)[:_ENTRIES]]
        return self.text(_shown(value))


def _shown(value: object) -> str:
    try:
        return str(value) if isinstance(value, str | BaseException) else repr(value)
    except Exception as error:  # noqa: BLE001 -- a broken repr must not cost the line
        return f"<{type(value).__name__}: {type(error).__name__} in its repr>"


class _JsonLine:
    """Renders an event as one JSON object: when, how grave and what first."""

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> str:
        ordered = {key: event[key] for key in ("at", "level", "event", "logger") if key in event}
        return json.dumps({**ordered, **event}, ensure_ascii=False)
