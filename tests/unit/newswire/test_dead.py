import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newswire.bus import Delivered, Message
from newswire.bus.size import MESSAGE_LIMIT_BYTES, size_of
from newswire.clock import ManualClock
from newswire.codec import TRACE_HEADER, decode
from newswire.dead import dead_letter, dead_output, letters, put_back
from newswire.errors import Permanent
from newswire.outcomes import DeadReason, Stage
from newswire.records import DeadLetter
from newswire.topics import DEAD, ITEMS, PROCESSORS_GROUP
from tests.fakes import NOW, MemoryBus

CLOCK = ManualClock(NOW)


def delivered(value: bytes, headers: dict[str, str] | None = None, key: str = "k", topic: str = ITEMS.name) -> Delivered:
    return Delivered(topic, 3, 14, key, value, headers or {}, NOW)


def bury(bus: MemoryBus, message: Delivered, reason: DeadReason = DeadReason.BAD_RECORD) -> DeadLetter:
    letter = dead_letter(Stage.READ_FEED, message, reason, "why", clock=CLOCK)
    bus.publish(DEAD, [dead_output(letter).message])
    return letter


def only(bus: MemoryBus) -> DeadLetter:
    [letter] = letters(bus)
    return letter


def test_a_letter_holds_the_record_whole() -> None:
    letter = dead_letter(
        Stage.ALERT,
        delivered(b"\x00\xff", {TRACE_HEADER: "t1", "schema": "item/1"}),
        DeadReason.BUG,
        "KeyError: \x1b[31m'x'\n",
        clock=CLOCK,
    )
    output = dead_output(letter)

    assert decode(DeadLetter, output.message.value) == letter
    assert (letter.value_base64, letter.topic, letter.key, letter.attempts, letter.at, letter.trace_id) == (
        "AP8=",
        ITEMS.name,
        "k",
        1,
        NOW,
        "t1",
    )
    assert "\x1b" not in letter.error
    assert "\n" not in letter.error
    assert output.topic is DEAD
    assert output.message.key == "k"
    assert output.message.headers == {"schema": "dead_letter/1", "dead-id": letter.dead_id, "reason": "bug", TRACE_HEADER: "t1"}


def test_the_same_record_has_the_same_id_and_another_has_another() -> None:
    ids = [
        dead_letter(stage, delivered(value), DeadReason.BUG, "", clock=CLOCK).dead_id
        for stage, value in [(Stage.ALERT, b"a"), (Stage.ALERT, b"a"), (Stage.ALERT, b"b"), (Stage.READ_FEED, b"a")]
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@settings(max_examples=15, deadline=None)  # each writes and reads up to a megabyte
@given(
    size=st.sampled_from([0, 600_000, 674_000, 676_000, 890_000]),
    headers=st.dictionaries(st.text(max_size=5), st.sampled_from(["", "x", "\x01" * 40_000, "é" * 100_000]), max_size=2),
    key=st.sampled_from(["k", "\x02" * 150_000]),
    error=st.text(max_size=20),
)
def test_a_letter_always_fits_the_log_and_says_where_it_is_cut(size: int, headers: dict[str, str], key: str, error: str) -> None:
    message = delivered(b"v" * size, headers, key)
    letter = dead_letter(Stage.ALERT, message, DeadReason.TOO_LARGE, error, clock=CLOCK)
    assert size_of(dead_output(letter).message) <= MESSAGE_LIMIT_BYTES

    bus = MemoryBus()
    bus.publish(DEAD, [dead_output(letter).message])
    if "is cut to fit]" in letter.error:
        with pytest.raises(Permanent, match=rf"only the first [\d,]+ of {size} bytes: it cannot be replayed"):
            put_back(bus, only(bus))
    else:
        put_back(bus, only(bus))
        assert bus.log[ITEMS.name][0].value == message.value


def test_a_value_is_cut_no_more_than_it_must() -> None:
    letter = dead_letter(Stage.ALERT, delivered(b"v" * 890_000), DeadReason.TOO_LARGE, "", clock=CLOCK)
    assert MESSAGE_LIMIT_BYTES - 4 < size_of(dead_output(letter).message) <= MESSAGE_LIMIT_BYTES


def test_replay_puts_the_record_back_with_its_attempts() -> None:
    bus = MemoryBus()
    letter = bury(bus, delivered(b"poison", {"schema": "item/1"}))

    put_back(bus, letter)

    [again] = bus.consumer(ITEMS, PROCESSORS_GROUP).poll(timeout_s=0).messages
    assert (again.key, again.value, again.headers) == ("k", b"poison", {"schema": "item/1", "attempts": "1", "dead-id": letter.dead_id})
    bury(bus, again)
    second = only(bus)  # the same letter, as it is now: replayed again and again, it is still one
    assert (second.dead_id, second.attempts) == (letter.dead_id, 2)
    assert second.headers == {"schema": "item/1", "attempts": "1"}


@pytest.mark.parametrize("claimed", ["", "A" * 32, "0" * 31, "0" * 33, "../" * 11])
def test_a_claimed_id_that_is_none_of_ours_is_not_believed(claimed: str) -> None:
    honest = dead_letter(Stage.ALERT, delivered(b""), DeadReason.BUG, "", clock=CLOCK)
    assert dead_letter(Stage.ALERT, delivered(b"", {"dead-id": claimed}), DeadReason.BUG, "", clock=CLOCK).dead_id == honest.dead_id


@pytest.mark.parametrize("attempts", ["", "-1", "many", "²", "9" * 4_000])
def test_attempts_that_are_no_number_count_as_none(attempts: str) -> None:
    assert dead_letter(Stage.ALERT, delivered(b"", {"attempts": attempts}), DeadReason.BUG, "", clock=CLOCK).attempts == 1


def test_a_letter_for_a_topic_that_does_not_exist_is_not_replayed() -> None:
    bus = MemoryBus()
    bury(bus, delivered(b"", topic="news.elsewhere"))
    with pytest.raises(Permanent, match=r"topic 'news\.elsewhere', which does not exist"):
        put_back(bus, only(bus))


def test_a_letter_whose_value_is_damaged_is_not_replayed() -> None:
    bus = MemoryBus()
    letter = dead_letter(Stage.ALERT, delivered(b"abc"), DeadReason.BUG, "", clock=CLOCK)
    damaged = json.loads(dead_output(letter).message.value) | {"value_base64": "%%%"}
    bus.publish(DEAD, [Message("k", json.dumps(damaged).encode())])
    with pytest.raises(Permanent, match="not base64"):
        put_back(bus, only(bus))


def test_letters_come_once_and_one_that_cannot_be_read_stops_none() -> None:
    bus = MemoryBus()
    bus.publish(DEAD, [Message("k", b"not a letter")])
    letter = bury(bus, delivered(b"a"))
    bury(bus, delivered(b"a"))  # the same record again, after a batch was replayed
    other = bury(bus, delivered(b"b"))
    assert list(letters(bus)) == [letter, other]
