"""What kafka-python raises, and what is to be done: one table. Pure.

The table follows research on kafka-python 3.0.12 under faults: after most errors its clients cannot be trusted, so they are built anew.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from kafka import errors

from newswire.errors import ConfigurationError, Fault, Fenced, NewswireError, Permanent, Retryable
from newswire.outcomes import DeadReason, RetryReason


class Action(Enum):
    """What the adapter does after an error."""

    RETRY = "retry"  # the broker is not ready for this; the client may be kept
    REBUILD = "rebuild"  # the client is thrown away: its state cannot be known
    FENCED = "fenced"  # another member owns the work now
    TOO_LARGE = "too_large"  # this record can never be written
    FATAL = "fatal"  # only a person can put it right


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and why in words."""

    action: Action
    words: str


TABLE: Final[tuple[tuple[str, Action, str], ...]] = (
    ("CommitFailedError", Action.FENCED, "the group has given the partition to another member"),
    ("IllegalGenerationError", Action.FENCED, "the group has moved on without this member"),
    ("UnknownMemberIdError", Action.FENCED, "the group has put this member out"),
    ("RebalanceInProgressError", Action.FENCED, "the group is sharing its partitions out anew"),
    ("FencedInstanceIdError", Action.FENCED, "another member has this one's identity"),
    ("MessageSizeTooLargeError", Action.TOO_LARGE, "the broker takes no record of this size; see max.message.bytes of the topic"),
    ("RecordListTooLargeError", Action.TOO_LARGE, "the broker takes no batch of this size; see segment.bytes of the topic"),
    (
        "SaslAuthenticationFailedError",
        Action.FATAL,
        "the broker refuses name or password; see NEWSWIRE_KAFKA_SASL_PLAIN_USERNAME and …_PASSWORD",
    ),
    ("UnsupportedSaslMechanismError", Action.FATAL, "the broker does not know this NEWSWIRE_KAFKA_SASL_MECHANISM"),
    ("IllegalSaslStateError", Action.FATAL, "the broker expects another NEWSWIRE_KAFKA_SECURITY_PROTOCOL"),
    ("TopicAuthorizationFailedError", Action.FATAL, "the broker does not let this user read or write the topic"),
    ("GroupAuthorizationFailedError", Action.FATAL, "the broker does not let this user into the consumer group"),
    (
        "ClusterAuthorizationFailedError",
        Action.FATAL,
        "the broker does not let this user write with an idempotent producer, or see the cluster",
    ),
    ("AuthorizationError", Action.FATAL, "the broker does not let this user do that"),
    ("SecurityDisabledError", Action.FATAL, "the broker has its security switched off"),
    ("UnsupportedVersionError", Action.FATAL, "the broker is too old: Kafka 2.5 or newer is needed"),
    ("KafkaConfigurationError", Action.FATAL, "kafka-python refuses these settings"),
    ("InvalidTopicError", Action.FATAL, "the broker takes no topic of this name; see NEWSWIRE_TOPIC_PREFIX"),
    ("InvalidSessionTimeoutError", Action.FATAL, "the broker takes no NEWSWIRE_KAFKA_SESSION_TIMEOUT_MS of this length"),
    ("InconsistentGroupProtocolError", Action.FATAL, "the group has members that are not Newswire's: choose another NEWSWIRE_TOPIC_PREFIX"),
    ("GroupMaxSizeReachedError", Action.FATAL, "the broker takes no more members into the group"),
    ("PolicyViolationError", Action.FATAL, "a policy of the brokers forbids it"),
    ("CoordinatorNotAvailableError", Action.RETRY, "the group's coordinator is not there yet"),
    ("CoordinatorLoadInProgressError", Action.RETRY, "the group's coordinator is still starting"),
    ("NotCoordinatorError", Action.RETRY, "the group's coordinator has moved"),
    ("NotControllerError", Action.RETRY, "the cluster's controller has moved"),
    ("ThrottlingQuotaExceededError", Action.RETRY, "the broker holds this client back by a quota"),
    ("NotEnoughReplicasError", Action.REBUILD, "too few copies of the partition are in step; see min.insync.replicas"),
    ("NotEnoughReplicasAfterAppendError", Action.REBUILD, "too few copies of the partition are in step; see min.insync.replicas"),
    ("UnknownTopicOrPartitionError", Action.REBUILD, "the topic does not exist; `newswire topics create` makes it"),
    ("OutOfOrderSequenceNumberError", Action.REBUILD, "the broker has lost the thread of this producer"),
    ("UnknownProducerIdError", Action.REBUILD, "the broker has forgotten this producer"),
    ("InvalidProducerEpochError", Action.REBUILD, "the broker knows a newer producer of this identity"),
    ("KafkaTimeoutError", Action.REBUILD, "no broker answered in time"),
    ("KafkaConnectionError", Action.REBUILD, "the connection to the broker was lost"),
    ("KafkaError", Action.REBUILD, "the broker or its client failed"),
)
"""By name of kafka-python's exception; the first that the error is an instance of decides, so what is special stands before what is general."""

_UNTRUSTED: Final = Verdict(
    Action.FATAL, "the broker's certificate is not trusted; NEWSWIRE_KAFKA_SSL_CAFILE must be the file of the authority that signed it"
)
_BY_TYPE: Final = tuple((getattr(errors, name), Verdict(action, words)) for name, action, words in TABLE)


def verdict(error: BaseException) -> Verdict:
    """Return what is to be done about an error. What is not kafka-python's own (a closed loop, a socket) leaves its client in doubt."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):  # kafka-python has no error of its own for it
        return _UNTRUSTED
    for kind, found in _BY_TYPE:
        if isinstance(error, kind):
            return found
    return Verdict(Action.REBUILD, "the client failed")


def said(error: BaseException, doing: str) -> NewswireError:
    """Return the error of ours for one of kafka-python's, met while `doing`: what, where, and what would be right."""
    found = verdict(error)
    message = f"{doing}: {found.words} ({_short(error)})"
    match found.action:
        case Action.FENCED:
            return Fenced(message)
        case Action.TOO_LARGE:
            return Permanent(DeadReason.TOO_LARGE, message)
        case Action.FATAL:
            return ConfigurationError([Fault("NEWSWIRE_BUS", 0, 0, message)])
        case _:
            return Retryable(RetryReason.BUS, message)


def _short(error: BaseException) -> str:
    """Return the error in a line; kafka-python puts whole requests into some."""
    detail = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {detail.removeprefix(name + ': ')[:200]}" if detail not in {"", name} else name
