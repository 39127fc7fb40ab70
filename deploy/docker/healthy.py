"""Ends with 0 where the Newswire of this container answers `/healthz` with 200, else with 1 and one line: the image's health check, which has no curl."""

import http.client
import os
import sys
from typing import Final

_TIMEOUT_S: Final = 4.0
_EVERYWHERE: Final = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 -- what the server may be told to listen on, not what is listened on here


def trouble() -> str | None:
    """Return what is wrong, in words; None where all is well."""
    host, _, port = os.environ.get("NEWSWIRE_HTTP_ADDRESS", "127.0.0.1:9464").rpartition(":")
    connection = http.client.HTTPConnection("127.0.0.1" if host in _EVERYWHERE else host.strip("[]"), int(port), timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"/healthz does not answer: {error}"
    finally:
        connection.close()
    return None if status == http.client.OK else f"/healthz says {status}"


if __name__ == "__main__":
    sys.exit(trouble())
