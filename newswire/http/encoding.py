"""Content-Encoding undone in bounded pieces, so that a bomb costs no more memory than one piece, and a cut-off body is an error.

Own code where httpx2 has a decoder, because that one takes a truncated gzip or brotli body for a whole one and drops a second gzip member.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING: Final = "gzip, deflate, br, zstd"
PIECE_BYTES: Final = 1 << 19
MAX_CODINGS: Final = 2
_ZSTD_WINDOW_LOG: Final = 23  # RFC 9659 allows 8 MiB on the web; zstd itself would take a window of 128 MiB


class BrokenEncoding(Exception):  # noqa: N818 -- it says what was found
    """The body is not what its Content-Encoding says, or it is cut off."""


class Decoder(Protocol):
    """One coding, undone."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to, in pieces of about `PIECE_BYTES` at most."""
        ...

    def finish(self) -> None:
        """Raise `BrokenEncoding` where the coding has not come to its end."""
        ...


def decoders_for(content_encoding: str) -> list[Decoder]:
    """Return the decoders in the order in which they are applied; none for an unencoded body.

    A coding we do not know is passed through, as browsers do: servers write `utf-8` and `none` there.

    Raises:
        BrokenEncoding: more codings than any honest server applies.

    """
    known = [_DECODERS[name] for coding in content_encoding.split(",", 100) if (name := coding.strip().lower()) in _DECODERS]
    if len(known) > MAX_CODINGS:
        raise BrokenEncoding(f"{len(known)} codings are applied one over the other; {MAX_CODINGS} are accepted")
    return [kind() for kind in reversed(known)]


def decode(decoders: list[Decoder], data: bytes) -> Iterator[bytes]:
    """Yield what one piece from the wire decodes to."""
    if not decoders:
        yield data
        return
    for piece in decoders[0].feed(data):
        yield from decode(decoders[1:], piece)


class _Deflate:
    """deflate, with its zlib header as RFC 9110 (8.4.1.2) asks, or without it as some servers send it."""

    def __init__(self) -> None:
        self._head = b""
        self._inflate: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            data = self._head = self._head + data
            if len(data) < 2:
                return
            has_header = data[0] & 0x0F == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        yield from _inflate(self._inflate, data)

    def finish(self) -> None:
        if self._head and (self._inflate is None or not self._inflate.eof):
            raise BrokenEncoding("the deflate body is cut off")


class _Gzip:
    """gzip of any number of members (RFC 1952); padding or rubbish after the last one is ignored, as gzip tools do."""

    def __init__(self) -> None:
        self._inflate: zlib._Decompress | None = None
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._ended:
            if self._inflate is None:
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            elif self._inflate.eof:
                if not data.startswith(b"\x1f"):
                    self._ended = True
                    return
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield from _inflate(self._inflate, data)
            data = self._inflate.unused_data

    def finish(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            raise BrokenEncoding("the gzip body is cut off")


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()
        self._began = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._began = self._began or bool(data)
        try:
            # The C code may return twice what is asked for.
            piece = self._decompressor.process(data, output_buffer_limit=PIECE_BYTES)
            while piece:
                yield piece
                piece = self._decompressor.process(b"", output_buffer_limit=PIECE_BYTES)
        except brotli.error as error:
            raise BrokenEncoding(f"the brotli body is broken: {error}") from None

    def finish(self) -> None:
        if self._began and not self._decompressor.is_finished():
            raise BrokenEncoding("the brotli body is cut off")


class _Zstd:
    """Zstandard (RFC 8878) of any number of frames."""

    def __init__(self) -> None:
        self._decompressor = _zstd_frame()
        self._began = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._began = self._began or bool(data)
        try:
            while data or not (self._decompressor.needs_input or self._decompressor.eof):
                if self._decompressor.eof:
                    self._decompressor = _zstd_frame()
                if piece := self._decompressor.decompress(data, PIECE_BYTES):
                    yield piece
                data = self._decompressor.unused_data if self._decompressor.eof else b""
        except zstd.ZstdError as error:
            raise BrokenEncoding(f"the zstd body is broken: {error}") from None

    def finish(self) -> None:
        if self._began and not self._decompressor.eof:
            raise BrokenEncoding("the zstd body is cut off")


def _zstd_frame() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def _inflate(inflate: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    try:
        piece = inflate.decompress(data, PIECE_BYTES)
        while piece or (inflate.unconsumed_tail and not inflate.eof):
            if piece:
                yield piece
            piece = inflate.decompress(inflate.unconsumed_tail, PIECE_BYTES)
    except zlib.error as error:
        raise BrokenEncoding(f"the compressed body is broken: {error}") from None


_DECODERS: Final[dict[str, Callable[[], Decoder]]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
