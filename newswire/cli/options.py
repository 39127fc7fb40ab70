"""Options that several commands share, and how their output is printed."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from newswire.config import find_config_folder
from newswire.errors import ConfigurationError
from newswire.settings import Settings, forget_secrets, from_environment, keep_memory_to_ourselves, unknown_variables
from newswire.strict_yaml import read

Config = Annotated[
    Path | None, typer.Option("--config", metavar="DIR", help="Configuration folder (else NEWSWIRE_CONFIG, ./config, the shipped one).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
UntilIdle = Annotated[
    bool, typer.Option("--until-idle", help="Work until every due source was polled once and every queue is empty, then end.")
]


def read_settings(config: Path | None = None) -> Settings:
    """Return the settings of the environment, with secrets taken out of it; unknown variables are said on stderr.

    Raises:
        ConfigurationError: a variable cannot be used.

    """
    environ = dict(os.environ)
    settings = read_settings_quietly(config)
    for warning in unknown_variables(environ, _named_in_routes(settings.config)):
        print(f"warning: {warning}", file=sys.stderr)
    return settings


def read_settings_quietly(config: Path | None = None) -> Settings:
    """Return the settings of the environment, with secrets taken out of it; of unknown variables nothing is said.

    Raises:
        ConfigurationError: a variable cannot be used.

    """
    settings = from_environment(os.environ)
    settings = replace(settings, config=config) if config is not None else settings
    if named := _named_in_routes(settings.config):
        settings = replace(settings, named=from_environment(os.environ, named).named)
    forget_secrets(os.environ, named)
    keep_memory_to_ourselves()
    return settings


def _named_in_routes(config: Path | None) -> frozenset[str]:
    """Return the variables that routes.yaml names; none where there is no such file, or it cannot be read: that is said where it is used."""
    from alerting.variables import variables_named

    try:
        folder = find_config_folder(config)
    except ConfigurationError:
        return frozenset()
    document, _ = read(folder / "routes.yaml")
    return variables_named(document.values()) if document is not None else frozenset()


def print_json(value: Any) -> None:
    """Print one JSON document, readable by a person too."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_json_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))


def counted(number: int, noun: str) -> str:
    """Return `1 report`, `12,345 reports`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
