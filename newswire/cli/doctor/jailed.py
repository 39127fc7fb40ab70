"""What the check of the jail runs in it."""

from typing import Final

SWELL: Final = "newswire.cli.doctor.jailed:swell"


def swell(megabytes: int) -> int:
    """Return how many bytes were taken; where the jail holds, none are."""
    return len(bytearray(megabytes << 20))
