"""Every check by its name, with what it looks at: what docs/doctor.md tells, and a test holds it to."""

from dataclasses import dataclass
from typing import Final

from newswire.cli.doctor import machine_checks, network_checks, own_checks, receiver_checks, server_checks, settings_checks, store_checks
from newswire.cli.doctor.finding import Check, CheckName


@dataclass(frozen=True, slots=True)
class Entry:
    """A check and what it looks at, in words."""

    check: Check
    looks_at: str


CATALOGUE: Final[dict[CheckName, Entry]] = {
    CheckName.SETTINGS: Entry(
        settings_checks.settings,
        "`NEWSWIRE_…` variables that nothing reads, with the name that was perhaps meant; settings that cannot be used",
    ),
    CheckName.SECRETS: Entry(settings_checks.secrets, "files of secrets that others can read; secrets that stand in the environment"),
    CheckName.CONFIGURATION: Entry(
        settings_checks.configuration, "what `newswire check` says, in short; what the environment lacks for the receivers"
    ),
    CheckName.CLOCK: Entry(machine_checks.clock, "whether this machine's clock jumps, or is years off"),
    CheckName.TIME_ZONES: Entry(machine_checks.time_zones, "whether the zones of digests and calendars are known here"),
    CheckName.DISK: Entry(
        machine_checks.disk,
        "room and inodes, the right to write, a network file system under SQLite, a disk that is gone at the next start",
    ),
    CheckName.OPEN_FILES: Entry(machine_checks.open_files, "how many files may be open at once"),
    CheckName.MEMORY: Entry(machine_checks.memory, "the memory that the machine or the container has left"),
    CheckName.PYTHON: Entry(machine_checks.python, "the versions of Python and of the libraries, against what this Newswire asks for"),
    CheckName.SQLITE_VERSION: Entry(
        store_checks.sqlite_version, "SQLite below 3.51.3, which can corrupt a WAL (sqlite.org/wal.html#walresetbug)"
    ),
    CheckName.SQLITE_FILES: Entry(
        store_checks.sqlite_files, "whether the SQLite files are sound (`quick_check`; with `--deep` the whole), and their journal mode"
    ),
    CheckName.STORE: Entry(
        store_checks.store,
        "whether the store opens, with the schema that this Newswire reads; rows in the future, where a clock was set back",
    ),
    CheckName.BUS: Entry(store_checks.bus, "whether the embedded bus can be read, what waits on it, who has it open"),
    CheckName.TWO_NEWSWIRES: Entry(
        store_checks.two_newswires, "whether two Newswires work on one store with a bus each, or on a store that was moved"
    ),
    CheckName.LOCKS: Entry(store_checks.locks, "lock files that dead processes left, a lock that is held for long"),
    CheckName.DNS: Entry(network_checks.dns, "whether the hosts of a few sources are found, and names that cannot exist are not"),
    CheckName.SOURCES: Entry(network_checks.sources, "whether a few sources answer to our own guarded client"),
    CheckName.PROXIES: Entry(network_checks.proxies, "proxies that the environment names: they are not used"),
    CheckName.KAFKA: Entry(
        server_checks.kafka,
        "how many brokers answer, which are away, whether Kafka is older than 4.0, and its clock against ours; whether the topics keep the promises, with all copies in step, and no group is about to lose records",
    ),
    CheckName.POSTGRESQL: Entry(
        server_checks.postgresql, "PostgreSQL's version, encoding, rights of our user, connections left, and its clock against ours"
    ),
    CheckName.SLACK: Entry(
        receiver_checks.slack, "whether Slack takes the token, which scopes it lacks, each channel, and Slack's clock against ours"
    ),
    CheckName.WEBHOOKS: Entry(receiver_checks.webhooks, "whether the hosts of webhooks can be reached, with TLS; nothing is sent"),
    CheckName.MAIL: Entry(
        receiver_checks.mail, "whether the mail server greets us and offers TLS and a login; nothing is sent, nobody logs in"
    ),
    CheckName.JAIL: Entry(own_checks.jail, "whether a child process starts, reads a feed, and is held to its memory"),
    CheckName.MODEL: Entry(own_checks.model, "whether the model files are there and are those that they should be"),
    CheckName.STATUS_ADDRESS: Entry(
        network_checks.status_address, "whether `NEWSWIRE_HTTP_ADDRESS` is free, or a Newswire answers there, and of this version"
    ),
    CheckName.SEND: Entry(receiver_checks.send, "with `--send` alone: a test message to a receiver, and a look whether it arrived"),
}
