import os
import threading
from collections.abc import Iterator
from typing import TextIO

import pytest

from newswire.log_sink import Sink

pytestmark = pytest.mark.timeout(20)  # what is tried here would wait for ever


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream:
        yield reader, stream
        os.close(reader)


def fill(stream: TextIO) -> None:
    number = stream.fileno()
    os.set_blocking(number, False)
    try:
        while True:
            os.write(number, b"x")
    except BlockingIOError:
        os.set_blocking(number, True)


def read(reader: int) -> str:
    """Return what stands in the pipe."""
    os.set_blocking(reader, False)
    found = b""
    try:
        while piece := os.read(reader, 65_536):
            found += piece
    except BlockingIOError:
        pass
    return found.decode().lstrip("x")


def test_a_full_pipe_that_nobody_reads_costs_the_lines_and_how_many_is_told(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    told: list[int] = []
    sink = Sink(stream, told.append, patience_s=0.01)
    fill(stream)
    assert [sink.write(f"lost {n}\n") for n in range(3)] == [0, 0, 0]
    read(reader)
    assert sink.write("read again, as ж\n") == 17
    assert (read(reader), told) == ("read again, as \\u0436\n", [3])


def test_a_line_longer_than_the_room_is_cut_and_the_next_begins_afresh(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    sink = Sink(stream, patience_s=0.01)
    assert sink.write("y" * 200_000 + "\n") == 0
    read(reader)
    sink.write("whole\n")
    assert read(reader) == "\nwhole\n"


def test_a_line_longer_than_the_room_comes_whole_to_who_reads(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    long = "y" * 200_000 + "\n"
    writer = threading.Thread(target=Sink(stream).write, args=(long,))
    writer.start()
    found = b""
    while len(found) < len(long):
        found += os.read(reader, 65_536)
    writer.join()
    assert found.decode() == long


def test_a_stream_that_was_closed_is_not_written_to_by_its_number(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    sink = Sink(stream)
    other = os.dup(stream.fileno())
    number = stream.fileno()
    stream.close()
    os.dup2(other, number)  # another file has the number now
    assert sink.write("for nobody\n") == 0
    os.close(number)
    os.close(other)
    assert read(reader) == ""
