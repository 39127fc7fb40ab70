"""What receivers need of the environment: the variables that routes.yaml names, and what is missing or wrong there, in words. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from alerting.routes import Receiver as Entry
from alerting.routes import Routes
from newswire.settings import Settings

_KEYS: Final = ("url_env", "secret_env")
_NAME: Final = re.compile("[A-Z][A-Z0-9_]{2,99}")
_ADDRESS: Final = re.compile(r"https?://[!-~]{1,2000}", re.ASCII)
SLACK_EXAMPLE: Final = "https://hooks.slack.com/services/…"


def variables_named(raw: Mapping[str, Any]) -> frozenset[str]:
    """Return the variables that the file's raw values name, whatever else is wrong with them."""
    listed = raw.get("receivers")
    kinds = [kind for one in listed if isinstance(one, Mapping) for kind in one.values()] if isinstance(listed, list) else []
    named = (kind.get(key) for kind in kinds if isinstance(kind, Mapping) for key in _KEYS)
    return frozenset(name for name in named if isinstance(name, str) and _NAME.fullmatch(name))


def lacking(routes: Routes, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the name of each receiver that the environment does not let work, and in words what would be right."""
    for entry in routes.receivers:
        for words in lacking_of(entry, settings):
            yield entry.name, words


def lacking_of(entry: Entry, settings: Settings) -> Iterator[str]:
    by_url = entry.webhook or entry.slack_webhook
    if by_url is not None:
        url = settings.named.get(by_url.url_env)
        if url is None:
            yield f"receiver {entry.name!r} needs {by_url.url_env} (or {by_url.url_env}_FILE), its address: set it, and start Newswire anew"
        elif not usable_address(url):
            example = SLACK_EXAMPLE if entry.slack_webhook else "https://archive.example/newswire"
            yield f"{by_url.url_env}: an address such as {example} is due for receiver {entry.name!r}"
    if entry.webhook is not None and signing_secret(entry, settings) is None:
        name = entry.webhook.secret_env or "NEWSWIRE_WEBHOOK_SECRET"
        yield f"receiver {entry.name!r} needs {name} (or {name}_FILE), the secret that signs: set it, and start Newswire anew"
    if entry.email is not None and settings.smtp is None:
        yield f"receiver {entry.name!r} needs NEWSWIRE_SMTP_URL, the mail server, such as smtp://mail.ministry.example:587"


def signing_secret(entry: Entry, settings: Settings) -> SecretStr | None:
    """Return the secret that signs what this webhook gets."""
    if entry.webhook is None or entry.webhook.secret_env is None:
        return settings.webhook_secret
    return settings.named.get(entry.webhook.secret_env)


def usable_address(url: SecretStr) -> bool:
    """Return whether it is an http(s) address. Any host will do, of a private network too: the operator wrote it, not a feed."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        return bool(_ADDRESS.fullmatch(text) and parts.hostname and parts.port != 0 and not parts.fragment)
    except ValueError:
        return False


def host_of(url: SecretStr) -> str:
    """Return of an address what may be shown: its path is often as secret as a token."""
    parts = urlsplit(url.get_secret_value())
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}/…"
