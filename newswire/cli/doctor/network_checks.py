"""The way out: names, sources through the guarded client, proxies that are not used, and our own status address."""

import secrets
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from newswire import __version__
from newswire.cli.bounded import all_within
from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.status.facts import Away
from newswire.cli.status.read_local import local_facts
from newswire.errors import one_line
from newswire.outcomes import FetchReason

if TYPE_CHECKING:
    from collectors.sources import Source

TRIED: Final = 3
"""So many sources are looked at: of different hosts, from all over the list."""

_GUARDED: Final = frozenset({FetchReason.BLOCKED_ADDRESS, FetchReason.BLOCKED_PORT})
_LOOKUP_S: Final = 4.0
_FETCH_S: Final = 6.0
_FETCH_BYTES: Final = 5_000_000
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


def resolve(host: str) -> list[str]:
    """Return the addresses of a host by this machine's resolver.

    Raises:
        OSError: it has none.

    """
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})


def dns(asked: Asked) -> Iterator[Finding]:
    """Yield whether names of sources are found, and whether names are found that cannot be."""
    hosts = [host for source in _some(asked) if (host := urlsplit(source.url).hostname)]
    invented = [f"nw-{secrets.token_hex(8)}.invalid", f"nw-{secrets.token_hex(12)}.com"]  # RFC 6761, 6.4: `.invalid` never is
    found = all_within(_LOOKUP_S, {host: lambda host=host: asked.resolve(host) for host in (*hosts, *invented)})  # type: ignore[misc]
    lost = [host for host in hosts if isinstance(found[host], Exception)]
    if lost:
        every = len(lost) == len(hosts)
        yield Finding(
            CheckName.DNS,
            Level.FAIL if every else Level.WARN,
            f"not found: {', '.join(lost)} ({one_line(str(found[lost[0]]))})",
            "no source can be polled" if every else "these sources cannot be polled",
            "look at /etc/resolv.conf and the network" if every else "`newswire sources check` looks at each source",
        )
    wild = {host: addresses[0] for host in invented if isinstance(addresses := found[host], list) and addresses}
    for host, address in [*wild.items()][:1]:
        yield Finding(
            CheckName.DNS,
            Level.WARN,
            f"the resolver has an address for a name that does not exist: {host} is {address}",
            "a source that is gone looks as if it answered, with somebody else's page",
            "a resolver that does not make addresses up; the provider can often switch it off",
        )
    if not lost and not wild:
        yield Finding(
            CheckName.DNS,
            Level.OK,
            f"{', '.join(hosts)}: found" if hosts else "no source is configured; invented names are not found, as is right",
        )


def sources(asked: Asked) -> Iterator[Finding]:
    """Yield what a few sources answer to our own client, guard and all."""
    from newswire.guard import Guard
    from newswire.http import GuardedHttp
    from newswire.http.port import Fetched, Request
    from newswire.metrics import Metrics

    settings, some = asked.settings, _some(asked)
    if not some:
        yield Finding(CheckName.SOURCES, Level.NOTE, "no source is configured")
        return
    http = GuardedHttp(
        guard=Guard(settings.allow_networks, settings.allow_ports),
        slots=None,
        metrics=Metrics(),
        user_agent=settings.user_agent,
        clock=asked.clock,
    )
    try:
        futures = [(source, http.submit(Request(source.url, cap_bytes=_FETCH_BYTES, deadline_s=_FETCH_S))) for source in some]
        answers = [(source, future.result(_FETCH_S + 1)) for source, future in futures]
    finally:
        http.close()
    failed = [(source, answer) for source, answer in answers if not isinstance(answer, Fetched)]
    every = len(failed) == len(some)
    for reason in dict.fromkeys(answer.reason for _, answer in failed):
        alike = [(source.outlet, answer.detail) for source, answer in failed if answer.reason is reason]
        names = ", ".join(outlet for outlet, _ in alike)
        if reason in _GUARDED:
            do = "allow it as the finding says, where that source is meant; else take it out"
        else:
            do = "see whether this machine may go out on ports 80 and 443" if every else "`newswire sources check` looks at each source"
        yield Finding(
            CheckName.SOURCES,
            Level.FAIL if every else Level.WARN,
            f"{names} {'does' if len(alike) == 1 else 'do'} not answer: {reason}: {one_line(alike[0][1])}",
            "nothing can be read" if every else "one source may be down by itself",
            do,
        )
    if not failed:
        yield Finding(CheckName.SOURCES, Level.OK, f"{', '.join(source.outlet for source in some)}: answered")


def _some(asked: Asked) -> "Sequence[Source]":
    from collectors.sources_file import load_sources

    by_host: dict[str, Source] = {}
    for source in load_sources(asked.folder / "sources")[0]:
        by_host.setdefault(urlsplit(source.url).hostname or "", source)
    every = [*by_host.values()]
    return every[:: max(1, -(-len(every) // TRIED))][:TRIED]


def proxies(asked: Asked) -> Iterator[Finding]:
    """Yield the proxies that the environment names, and that nothing here goes through."""
    named = sorted(name for name in asked.environ if name.lower() in _PROXIES and asked.environ[name])
    if named:
        yield Finding(
            CheckName.PROXIES,
            Level.NOTE,
            f"{', '.join(named)} {'is' if len(named) == 1 else 'are'} set and not used",
            "Newswire dials by itself, so that it can look at every address before; where only a proxy may go out, nothing is reached",
            "let this machine out on ports 80 and 443; for Slack alone, NEWSWIRE_SLACK_URL can name a gateway",
        )
    else:
        yield Finding(CheckName.PROXIES, Level.OK, "the environment names none")


def status_address(asked: Asked) -> Iterator[Finding]:
    """Yield whether NEWSWIRE_HTTP_ADDRESS is free, or answers as ours."""
    settings = asked.settings
    name, shown = CheckName.STATUS_ADDRESS, f"{settings.http_host}:{settings.http_port}"
    found = local_facts(settings)
    if not isinstance(found, Away) and found.ours:
        if found.version != __version__:
            yield Finding(
                name,
                Level.WARN,
                f"newswire {found.version} answers at {shown}, and this one is {__version__}",
                "what is installed is not what runs: these findings may not hold for it",
                "start Newswire anew, or take the `newswire` that runs",
            )
        ready = "ready" if found.ready else "not ready"
        yield Finding(
            name,
            Level.OK if found.ready else Level.WARN,
            f"newswire {found.version} answers at {shown}: {ready}",
            "" if found.ready else "it waits for something, or a step of it fails",
            "" if found.ready else "its log says what it waits for",
        )
        return
    try:
        with socket.create_server((settings.http_host, settings.http_port)):
            pass
    except OSError as error:
        yield Finding(
            name,
            Level.FAIL,
            f"{shown} cannot be listened on: {(error.strerror or str(error)).lower()}",
            "no stage starts without its status pages",
            "end what listens there, or name another port in NEWSWIRE_HTTP_ADDRESS",
        )
        return
    yield Finding(name, Level.OK, f"{shown} is free: no process of ours runs here with these settings")
    if settings.http_host in {"0.0.0.0", "::"}:  # noqa: S104 -- it is what is warned of
        yield Finding(
            name,
            Level.NOTE,
            "the status pages are open to every network of this machine",
            "they show figures and names of receivers, and ask for no password",
            "a private address, or a rule of the firewall",
        )
