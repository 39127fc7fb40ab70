"""A mail server on loopback that fails as it is told, one conversation after another; what it takes, it keeps.

Its faults are codes by command (`{"RCPT": "550 no such"}`), `reset` or `silence` in their place. `DATA` is the answer to the command, `DOT` the
one to the content. For what a real server does, the tests use aiosmtpd.
"""

import base64
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Self


@dataclass
class Mail:
    sender: str
    to: list[str] = field(default_factory=list)
    content: bytes = b""


class FakeSmtp:
    def __init__(self, faults: Mapping[str, str] | None = None, *, offers: tuple[str, ...] = (), refuses: tuple[str, ...] = ()) -> None:
        self.faults = dict(faults or {})
        self.refuses = refuses  # these recipients, for good
        self.taken: list[Mail] = []
        self.logins: list[str] = []
        self._offers = offers
        self._released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                try:
                    self._talk(connection, stream)  # type: ignore[arg-type]  # a file object that reads and writes
                except (OSError, ValueError):
                    continue

    def _talk(self, connection: socket.socket, stream: BinaryIO) -> None:
        def say(command: str, text: str) -> bool:
            said = self.faults.get(command, text)
            if said in {"reset", "silence"}:
                if said == "silence":
                    self._released.wait(20)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise OSError
            stream.write(said.encode() + b"\r\n")
            stream.flush()
            return said[:1] in {"2", "3"}

        say("GREETING", "220 mail.test")
        mail = Mail("")
        for line in iter(stream.readline, b""):
            command, _, rest = line.decode().strip().partition(" ")
            match command.upper():
                case "EHLO":
                    say("EHLO", "\r\n".join(["250-mail.test", *(f"250-{offer}" for offer in self._offers), "250 8BITMIME"]))
                case "AUTH":
                    self.logins.append(base64.b64decode(rest.partition(" ")[2]).decode())
                    say("AUTH", "235 welcome")
                case "MAIL":
                    mail = Mail(rest.partition("<")[2].partition(">")[0])
                    say("MAIL", "250 ok")
                case "RCPT":
                    one = rest.partition("<")[2].partition(">")[0]
                    if one in self.refuses:
                        say("", "550 no such person")
                    elif say("RCPT", "250 ok"):
                        mail.to.append(one)
                case "DATA":
                    if say("DATA", "354 go on"):
                        mail.content = b"".join(iter(stream.readline, b".\r\n"))
                        if self.faults.get("DOT", "2")[0] in "2rs":
                            self.taken.append(mail)
                        say("DOT", "250 taken")
                case "QUIT":
                    say("QUIT", "221 bye")
                    return
                case _:
                    say("ELSE", "502 not here")
