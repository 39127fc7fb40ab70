"""A page's shell blocks, run as they stand by a real bash, in a folder that has what the page speaks of.

`newswire` is the real command line (forked, see tests/fork_server.py), on a store of the demo's hundred articles. What cannot be run here has a
stand-in, with the reason. Line numbers of what fails are the page's own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fork_server import newswire_script
from tests.pages import ROOT, Block

_NO_ENGINE: Final = "no container engine runs here; tests of deploy/ check what the files say"
_NO_CLUSTER: Final = "no cluster runs here; tests of deploy/ check the manifests"
_NO_ROOT: Final = "it changes the machine; only that the shell can read it is checked"
_THEIRS: Final = "another server's own tool, which these tests do not install"
STAND_INS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("docker", "docker-compose", "podman"), _NO_ENGINE),
    **dict.fromkeys(("kubectl", "kustomize", "helm"), _NO_CLUSTER),
    **dict.fromkeys(
        ("systemctl", "journalctl", "systemd-analyze", "systemd-creds", "apt-get", "apt", "useradd", "adduser", "chown", "sudo", "crontab"),
        _NO_ROOT,
    ),
    **dict.fromkeys(("pip", "pipx"), "it reaches for the network; .ci/run installs from nothing"),
    **dict.fromkeys(("dropdb", "createdb", "pg_dump", "pg_restore", "psql"), _THEIRS + "; tests/acceptance/test_docs_sql.py runs the SQL"),
    **dict.fromkeys(("kafka-console-consumer.sh", "kcat", "java"), _THEIRS),
    **dict.fromkeys(
        ("prometheus", "alertmanager", "prometheus-alertmanager", "promtool", "amtool", "grafana-cli", "curl", "wget", "xdg-open"), _THEIRS
    ),
    **dict.fromkeys(("kill", "install", "$EDITOR", "code"), "it asks for a person or a process of theirs"),
}
"""Commands that are not run, and why."""

ANSWERS: Final = {
    "status": {1},  # nothing runs in the world of a page, and it says so
    "doctor": {1},  # its Slack is a fake one
}
"""Commands that say by their exit status what they found: that is no fault of the page."""

_MAKE: Final = f'#!/bin/sh\n# Targets are looked for, and not made: .ci/run makes them.\nexec "{shutil.which("make")}" --no-print-directory -n -C "{ROOT}" "$@"\n'
_GIT: Final = f'#!/bin/sh\n# No internet: the clone is the folder that we are in.\n[ "$1" = clone ] && exec ln -s . newswire\nexec "{shutil.which("git")}" "$@"\n'
_PYTHON: Final = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
_ENDLESS: Final = re.compile(r"\bnewswire (run|collect|process|alert)\b(?![\w-])(?! --until-idle)(?! --help)")
_PREFIX: Final = r"""set -E
trap 'status=$?; echo "{page}:$LINENO: $BASH_COMMAND: ended with $status" >&2; exit $status' ERR
command_not_found_handle() { echo "$1: no such command here. Mend the page, or give it a line in STAND_INS of tests/acceptance/docs_shell.py with the reason why it is not run" >&2; return 127; }
"""


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    said: str  # on both streams, in order


def tools(folder: Path, socket: Path) -> Path:
    """Make the folder of commands that stands first on the PATH, and return it."""
    folder.mkdir()
    programs = {"newswire": newswire_script(socket, ANSWERS), "make": _MAKE, "git": _GIT, "python": _PYTHON, "python3": _PYTHON}
    programs |= {
        name: f"#!/bin/sh\n# {reason}\n" for name, reason in STAND_INS.items() if re.fullmatch(r"[\w.-]+", name) and name != "kill"
    }
    for name, text in programs.items():
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o755)
    return folder


def script(page: str, blocks: list[Block], replaced: Mapping[str, str]) -> str:
    """Return the blocks as one script whose lines have the numbers that they have in the page."""
    lines: list[str] = []
    for block in blocks:
        text = block.text
        for written, given in replaced.items():
            text = text.replace(written, given)
        lines += [""] * (block.line - 1 - len(lines)) + _ENDLESS.sub(r"newswire \1 --until-idle", text).splitlines()
    prefix = _PREFIX.replace("{page}", page).replace("\n", "; ", 1).rstrip("\n").split("\n")
    # The prefix shares the first line with the page, which begins with a heading and never with a command.
    return "; ".join(line.rstrip(";") for line in prefix) + ";" + "\n".join(["", *lines[1:]]) + "\n"


def run_page(
    page: str, blocks: list[Block], folder: Path, tools_at: Path, replaced: Mapping[str, str], environment: Mapping[str, str]
) -> Ran:
    """Run a page's shell blocks in a folder, in order, in one shell; it ends at the first command that fails."""
    at = folder / ".page.sh"
    at.write_text(script(page, blocks, replaced), "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")}
    done = subprocess.run(
        ["bash", str(at)],
        cwd=folder,
        env={**kept, **environment, "PATH": f"{tools_at}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return Ran(done.returncode, done.stdout)


def silence_id(said: str) -> str:
    """Return the id of the newest silence that `newswire silence list --json` printed."""
    return str(json.loads(said.splitlines()[-1])["silence_id"])
