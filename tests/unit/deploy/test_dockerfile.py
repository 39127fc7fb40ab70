"""The Dockerfile as its own parser reads it; tests/acceptance/test_deploy_image.py executes it."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dockerfile
import pytest

ROOT = Path(__file__).parents[3]
STEPS: list[Any] = list(dockerfile.parse_file(str(ROOT / "deploy/docker/Dockerfile")))
HEALTHY = ROOT / "deploy/docker/healthy.py"


def values(command: str) -> list[tuple[str, ...]]:
    return [step.value for step in STEPS if step.cmd == command]


def test_the_base_has_a_tag_and_may_have_a_digest() -> None:
    arguments = dict(value[0].split("=") for value in values("ARG"))
    assert re.fullmatch(r"3\.\d+-slim-\w+", arguments["PYTHON_TAG"])
    assert arguments["PYTHON_DIGEST"] == ""
    assert {value[0] for value in values("FROM")} == {"python:${PYTHON_TAG}${PYTHON_DIGEST}"}


def test_it_runs_as_a_user_that_is_a_number_and_heeds_sigterm_itself() -> None:
    assert values("USER") == [("10001:10001",)]
    assert values("STOPSIGNAL") == [("SIGTERM",)]
    assert values("ENTRYPOINT") == [("newswire",)]
    for step in STEPS:
        if step.cmd in {"ENTRYPOINT", "CMD", "HEALTHCHECK"}:
            assert step.json, f"{step.cmd}: a shell in between would not hand signals on"
    (labels,) = values("LABEL")
    for name in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{name}" in labels


def test_what_is_copied_is_there_and_let_through_and_nothing_else_is() -> None:
    copied = {name for step in STEPS if step.cmd == "COPY" and not step.flags for name in step.value[:-1]}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert copied == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= copied


@pytest.mark.parametrize(("status", "said"), [(200, ""), (503, "/healthz says 503\n")])
def test_the_health_check_ends_with_what_healthz_says(status: int, said: str) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the standard library's
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.handle_request, daemon=True).start()
        address = f"0.0.0.0:{server.server_address[1]}"  # as the image listens
        done = subprocess.run(
            [sys.executable, "-I", HEALTHY], env={"NEWSWIRE_HTTP_ADDRESS": address}, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0 if status == 200 else 1, said)


def test_the_health_check_says_that_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("healthy", HEALTHY)
    assert spec is not None
    assert spec.loader is not None
    healthy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(healthy)
    monkeypatch.setenv("NEWSWIRE_HTTP_ADDRESS", "127.0.0.1:1")  # the environment is what it reads
    assert healthy.trouble().startswith("/healthz does not answer: ")
