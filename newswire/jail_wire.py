"""Frames over a Unix socket between the jail and its children: a length of eight bytes, then as many bytes."""

import array
import socket
import struct
import time
from typing import Final

_LENGTH: Final = struct.Struct("!Q")
_CHUNK: Final = 1 << 20


def send(to: socket.socket, frame: bytes) -> None:
    """Send one frame; the socket's timeout counts for each piece."""
    if len(frame) < _CHUNK:
        to.sendall(_LENGTH.pack(len(frame)) + frame)
        return
    to.sendall(_LENGTH.pack(len(frame)))
    to.sendall(frame)


def send_socket(to: socket.socket, given: socket.socket) -> None:
    """Hand one socket over, in place of a frame."""
    socket.send_fds(to, [_LENGTH.pack(0)], [given.fileno()])


def receive(of: socket.socket, *, limit: int | None = None, until: float | None = None) -> bytes:
    """Return the next frame.

    Raises:
        EOFError: the other side is gone.
        TimeoutError: `until` (on `time.monotonic`) has passed.
        ValueError: the frame is longer than `limit`.

    """
    (length,) = _LENGTH.unpack(_exactly(of, _LENGTH.size, until))
    if limit is not None and length > limit:
        raise ValueError(f"a frame of {length} bytes; {limit} are allowed")
    return _exactly(of, length, until)


def receive_with_socket(of: socket.socket) -> tuple[bytes, socket.socket | None]:
    """Return the next frame, or an empty one and the socket that came in its place."""
    head, ancillary, _, _ = of.recvmsg(_LENGTH.size, socket.CMSG_SPACE(array.array("i").itemsize))
    if len(head) < _LENGTH.size:
        head += _exactly(of, _LENGTH.size - len(head), None)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return b"", socket.socket(fileno=array.array("i", data)[0])
    return _exactly(of, _LENGTH.unpack(head)[0], None), None


def _exactly(of: socket.socket, length: int, until: float | None) -> bytes:
    pieces = bytearray()
    while len(pieces) < length:
        if until is not None:
            of.settimeout(max(until - time.monotonic(), 0.001))
        piece = of.recv(min(length - len(pieces), _CHUNK))
        if not piece:
            raise EOFError
        pieces += piece
    return bytes(pieces)
