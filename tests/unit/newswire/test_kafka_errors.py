import pytest
from kafka import errors

from newswire.bus.kafka_errors import TABLE, Action, said, verdict
from newswire.errors import ConfigurationError, Fenced, NewswireError, Permanent, Retryable
from newswire.outcomes import DeadReason, RetryReason

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KafkaError)]


def made(kind: type[Exception]) -> Exception:
    return kind({}) if kind is errors.LogTruncationError else kind("what the broker said")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_of_kafka_python_has_a_verdict_and_becomes_one_of_ours(kind: type[Exception]) -> None:
    error = made(kind)
    expected: dict[Action, type[NewswireError]] = {
        Action.RETRY: Retryable,
        Action.REBUILD: Retryable,
        Action.FENCED: Fenced,
        Action.TOO_LARGE: Permanent,
        Action.FATAL: ConfigurationError,
    }
    ours = said(error, "writing")
    assert type(ours) is expected[verdict(error).action]
    assert "writing: " in str(ours)
    assert len(str(ours)) < 500
    assert "\n" not in str(ours)


def test_a_row_is_not_hidden_by_one_before_it() -> None:
    for number, (name, _, _) in enumerate(TABLE):
        kind = getattr(errors, name)
        assert not [before for before, _, _ in TABLE[:number] if issubclass(kind, getattr(errors, before))], name


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.CommitFailedError(), Action.FENCED),
        (errors.UnknownMemberIdError("group"), Action.FENCED),
        (errors.KafkaTimeoutError(), Action.REBUILD),
        (errors.OutOfOrderSequenceNumberError(), Action.REBUILD),
        (errors.MessageSizeTooLargeError(), Action.TOO_LARGE),
        (errors.SaslAuthenticationFailedError(), Action.FATAL),
        (errors.TransactionalIdAuthorizationFailedError(), Action.FATAL),
        (errors.CoordinatorLoadInProgressError(), Action.RETRY),
        (errors.IllegalStateError(), Action.REBUILD),
        (RuntimeError("NetworkSelector closed!"), Action.REBUILD),
        (ConnectionResetError(104, "reset"), Action.REBUILD),
    ],
)
def test_what_is_done(error: Exception, action: Action) -> None:
    assert verdict(error).action is action


def test_the_message_says_what_where_and_what_would_be_right() -> None:
    error = said(errors.UnknownTopicOrPartitionError("news.items"), "reading news.items")
    assert isinstance(error, Retryable)
    assert error.reason is RetryReason.BUS
    assert str(error).startswith("reading news.items: the topic does not exist; `newswire topics create` makes it (UnknownTopic")
    too_large = said(errors.MessageSizeTooLargeError(), "writing")
    assert isinstance(too_large, Permanent)
    assert too_large.reason is DeadReason.TOO_LARGE


def test_whole_requests_in_an_error_are_cut() -> None:
    assert len(str(said(errors.KafkaError("x" * 10_000 + "\n" + "y"), "writing"))) < 400
