"""Newswire under what its systemd unit forbids: no memory that is both written and executed, no system call but those of a service, no sockets but three kinds."""

import ctypes.util
import shutil
import subprocess
import sys

import pytest

from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import ROOT, Entry, Web, World
from tests.servers.processes import servers_are_required

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(120)]

LAUNCHER = ROOT / "tests/acceptance/systemd_confinement.py"
UNIT = ROOT / "deploy/systemd/newswire.service"


@pytest.fixture(autouse=True)
def _needed() -> None:
    missing = [
        name
        for name, found in (("systemd", shutil.which("systemd-analyze")), ("libseccomp2", ctypes.util.find_library("seccomp")))
        if not found
    ]
    if missing and not servers_are_required():
        pytest.skip(f"{' and '.join(missing)} not found. On Debian: apt-get install {' '.join(missing)}")
    assert not missing


@pytest.mark.parametrize(
    "forbidden",
    [
        "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "import socket; socket.socket(socket.AF_PACKET)",
        "import ctypes, os; ctypes.CDLL(None, use_errno=True).mount(b'a', b'/', b'tmpfs', 0, 0) and exit(ctypes.get_errno())",
    ],
)
def test_the_launcher_forbids_what_the_unit_forbids(forbidden: str) -> None:
    assert subprocess.run([sys.executable, LAUNCHER, UNIT, sys.executable, "-c", forbidden], capture_output=True, check=False).returncode


def test_all_stages_work_under_it(embedded: World, web: Web) -> None:
    article = FIVE["demo-korea"]
    page = web.page("/story", article["title"], article["text"])
    embedded.sources(web.feed("/feed", [Entry(article["title"], article["summary"], page)]))
    embedded.allow_ports(web.port)
    done = subprocess.run(
        [sys.executable, LAUNCHER, UNIT, *embedded.command("run", "--until-idle")],
        env=embedded.full_environment(),
        cwd=embedded.root,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert article["title"] in done.stdout
    stages = embedded.json("why", page)["stages"]
    assert any((stage["stage"], stage["outcome"]) == ("read_page", "reported") for stage in stages), stages
