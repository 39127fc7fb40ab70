"""Values as they may be shown: without a secret of the settings, a user's name in a URL, or a character that moves the cursor."""

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from newswire.log import Redactor
from newswire.settings import Settings

_LONG: Final = 4_000


def redacted(value: Any, settings: Settings) -> Any:
    """Return the value, of strings, lists and mappings, with what is secret in its strings hidden."""
    return _shown(value, Redactor(secrets_of(settings), one_line=True))


def secrets_of(settings: Settings) -> list[str]:
    """Return every secret in clear that the settings hold, and what stands in the query of the store's URL."""
    found = [*settings.secret_values()]
    if settings.smtp_user is not None:
        user = settings.smtp_user.get_secret_value()
        # An address or the id of a key; a plain word is neither, and to hide it would blot out our own: `newswire run` became `*** run`.
        found += [] if user.isalpha() else [user]
    if settings.store is not None:
        url = urlsplit(settings.store.get_secret_value())
        found += [value for name, value in parse_qsl(url.query) if "password" in name]
    return found


def _shown(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value, _LONG)
    if isinstance(value, dict):
        return {key: _shown(one, redactor) for key, one in value.items()}
    return [_shown(one, redactor) for one in value] if isinstance(value, list | tuple) else value
