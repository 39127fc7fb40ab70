from pathlib import Path

import pytest

from newswire.bus import Message
from newswire.bus.move import Moved, filled, move_records
from newswire.cli.move import read_environment_file
from newswire.errors import ConfigurationError
from newswire.topics import ALERTS, DEAD, ITEMS, PROCESSORS_GROUP, REPORTS
from tests.fakes import MemoryBus


def messages(*values: str) -> list[Message]:
    return [Message(f"key {value}", value.encode(), {"trace-id": value}) for value in values]


def test_what_a_group_has_not_committed_moves_and_the_old_bus_is_as_it_was() -> None:
    old, new = MemoryBus(), MemoryBus()
    old.publish(ITEMS, messages(*"abcd"))
    consumer = old.consumer(ITEMS, PROCESSORS_GROUP)
    consumer.commit(consumer.poll(timeout_s=0, max_messages=1))
    consumer.close()
    old.publish(REPORTS, messages("r"))
    old.publish(ALERTS, messages("told long ago"))
    old.publish(DEAD, messages("x", "y"))

    assert list(move_records(old, new)) == [
        Moved("news.items", "processors", 3),
        Moved("news.reports", "alerting", 1),
        Moved("news.dead", None, 2),
    ]
    assert [(m.key, m.value, dict(m.headers)) for m in new.browse(ITEMS)] == [(f"key {v}", v.encode(), {"trace-id": v}) for v in "bcd"]
    assert filled(new) == ["news.items", "news.reports", "news.dead"]
    assert old.backlog(ITEMS, PROCESSORS_GROUP).records == 3
    assert old.others() == 0


def test_an_environment_file_is_read_as_systemd_and_docker_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "grown.env"
    secret = tmp_path / "store"
    secret.write_text("postgresql+psycopg://desk:p%40ss@db/desk\n")
    file.write_text(
        f"# a comment\n\nexport NEWSWIRE_BUS=kafka://a:1,b:2\nNEWSWIRE_STORE_FILE='{secret}'\n"
        'NEWSWIRE_TOPIC_PREFIX="desk."\nNEWSWIRE_BUSS=x\nOTHER=y\n'
    )
    settings = read_environment_file(file)
    assert (settings.bus, settings.topic_prefix, settings.store_url) == (
        "kafka://a:1,b:2",
        "desk.",
        "postgresql+psycopg://desk:p%40ss@db/desk",
    )
    assert "NEWSWIRE_BUSS is not read by Newswire" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"NEWSWIRE_BUS=embedded\nxoxb-secret\n", r"grown.env:2: NAME=VALUE is due"),
        (b"\xff\xfe", "it is not text"),
        (None, "no such file"),
        (b"NEWSWIRE_BUS=kafak://a:1", "embedded or kafka://"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_without_its_secrets(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "grown.env"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as refused:
        read_environment_file(file)
    assert "xoxb" not in str(refused.value)
