"""What answers at NEWSWIRE_HTTP_ADDRESS of this machine: whether a Newswire is there, ready, of which version, with which stages."""

import re
from http.client import HTTPConnection, HTTPException
from typing import Final

from newswire.cli.status.facts import Away, LocalFacts
from newswire.errors import one_line
from newswire.settings import Settings

ANSWER_S: Final = 2.0
_READY_BYTES: Final = 4_096
_METRICS_BYTES: Final = 8 << 20

_BUILD: Final = re.compile(r'^newswire_build_info\{[^}]*version="([^"]{1,40})"', re.MULTILINE)
_STAGE: Final = re.compile(r'^newswire_stage_up\{stage="([a-z]{1,20})"\} 1', re.MULTILINE)
_CONFIG: Final = re.compile(r"^newswire_config_last_reload_successful (\d)", re.MULTILINE)
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where it listens on all, we ask on loopback


def local_facts(settings: Settings) -> LocalFacts | Away:
    """Return what answers there, or why nothing does."""
    host, port = _ANY.get(settings.http_host, settings.http_host), settings.http_port
    shown = f"{settings.http_host}:{port}"
    if port == 0:
        return Away("its port is 0: any")
    try:
        status, ready = _get(host, port, "/readyz", _READY_BYTES)
        first, _, note = ready.partition("\n")
        if first not in {"ready", "not ready"} or status not in {200, 503}:
            return LocalFacts(shown, ours=False)
        _, metrics = _get(host, port, "/metrics", _METRICS_BYTES)
    except (OSError, HTTPException) as error:
        return Away(
            f"nothing answers at {shown} ({one_line(getattr(error, 'strerror', None) or str(error) or type(error).__name__).lower()})"
        )
    version = _BUILD.search(metrics)
    config = _CONFIG.search(metrics)
    return LocalFacts(
        shown,
        ours=version is not None,
        ready=first == "ready",
        note=one_line(note.strip())[:200],
        version=one_line(version[1]) if version else None,
        stages=tuple(_STAGE.findall(metrics)),
        files_in_force=config[1] == "1" if config else None,
    )


def _get(host: str, port: int, path: str, most: int) -> tuple[int, str]:
    connection = HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read(most).decode("utf-8", "replace")
    finally:
        connection.close()
