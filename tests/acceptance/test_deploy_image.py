"""The image's steps, executed in order; then what they made, started as the image would be: process 1, a user that is a number, a read-only root."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.acceptance.dockerfile_steps import Stage, build, require_steps
from tests.acceptance.test_five_articles import FIVE
from tests.acceptance.world import ROOT, Entry, Web, World
from tests.servers.processes import ServerUnavailable, free_ports, servers_are_required

pytestmark = [pytest.mark.acceptance, pytest.mark.servers, pytest.mark.timeout(900), pytest.mark.xdist_group("image")]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    try:
        require_steps()
    except ServerUnavailable as error:
        if servers_are_required():
            raise
        pytest.skip(str(error))
    return build(ROOT / "deploy/docker/Dockerfile", ROOT, tmp_path_factory.mktemp("image"))


class Container:
    """`newswire run` in the image's root."""

    def __init__(self, image: Stage, world: World) -> None:
        self.image = image
        (self.address,) = (f"127.0.0.1:{port}" for port in free_ports(1))
        self.environment = {**world.environment, "NEWSWIRE_HTTP_ADDRESS": self.address}
        self.environment.pop("NEWSWIRE_CONFIG")  # the folder that is mounted is found without it
        self.environment.pop("NEWSWIRE_DATA")  # the image names its own
        for path in (world.root, *world.root.rglob("*")):
            os.chown(path, 10001, 10001)
        self.bound = {world.config: "/etc/newswire/config", world.data: "/var/lib/newswire"}
        self.out = world.root / "out"
        command = image.command([*image.said["ENTRYPOINT"], *image.said["CMD"]], bound=self.bound, environment=self.environment)
        with self.out.open("w") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)

    def answer(self, page: str) -> int:
        try:
            with urllib.request.urlopen(f"http://{self.address}{page}", timeout=5) as answer:
                return int(answer.status)
        except OSError:
            return 0

    def healthy(self) -> "subprocess.CompletedProcess[str]":
        """Run the image's own health check beside it."""
        kind, *check = self.image.said["HEALTHCHECK"]
        assert kind == "CMD"
        return subprocess.run(
            self.image.command(check, environment=self.environment), capture_output=True, text=True, timeout=20, check=False
        )

    def newswire(self) -> int:
        """Return the number of its process 1, as this machine counts."""
        (first,) = children(self.process.pid)
        return first

    def text(self) -> str:
        return self.out.read_text(errors="replace")


@contextmanager
def running(image: Stage, world: World) -> Iterator[Container]:
    world.data.mkdir(mode=0o750)
    (image.root / "etc/newswire/config").mkdir(exist_ok=True)  # an engine makes the place of a mount
    container = Container(image, world)
    try:
        wait(lambda: container.answer("/readyz") == 200, container)
        yield container
    finally:
        for one in children(container.process.pid):  # a process that changed its user does not end with its parent
            os.kill(one, signal.SIGKILL)
        container.process.kill()
        container.process.wait()


def children(pid: int) -> list[int]:
    return [int(word) for listed in Path(f"/proc/{pid}/task").glob("*/children") for word in listed.read_text().split()]


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait(holds: Callable[[], bool], container: Container) -> None:
    for _ in range(600):
        if holds():
            return
        assert container.process.poll() is None, container.text()[-5000:]
        time.sleep(0.1)
    raise AssertionError(container.text()[-5000:])


def test_it_watches_and_tells_as_a_user_that_is_a_number_on_a_read_only_root(image: Stage, embedded: World, web: Web) -> None:
    article = FIVE["demo-korea"]
    embedded.sources(web.feed("/feed", [Entry(article["title"], article["summary"], f"{web.base}/story")]))
    embedded.allow_ports(web.port)
    with running(image, embedded) as container:
        wait(lambda: article["title"] in container.text(), container)  # told on the terminal, decided by the model of the wheel
        assert container.answer("/healthz") == 200
        checked = container.healthy()
        assert checked.returncode == 0, checked.stdout + checked.stderr
        status = Path(f"/proc/{container.newswire()}/status").read_text()
        assert "Uid:\t10001\t10001\t10001\t10001" in status
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        assert {path.stat().st_uid for path in embedded.data.iterdir()} == {10001}
        os.kill(container.newswire(), signal.SIGTERM)
        assert container.process.wait(timeout=30) == 0, container.text()[-5000:]
        assert container.healthy().returncode == 1


def test_process_1_reaps_the_jails_children_where_their_parent_is_killed(image: Stage, embedded: World, web: Web) -> None:
    numbers = count()

    def parent() -> int | None:
        """Return the process that has forked what reads pages, as the kernel's out-of-memory killer might choose it."""
        return next((one for one in children(container.newswire()) if children(one)), None)

    def works() -> bool:
        """Bring one more article, so that a page is there to be read, and return whether what reads pages is there."""
        number = next(numbers)
        page = web.page(f"/story/{number}", "A title", "Words of an article about nothing. " * 50)
        web.feed("/feed", [Entry(f"A title {number}", "A summary", page)])
        return parent() is not None

    embedded.sources(web.feed("/feed", []), interval="1s")
    embedded.allow_ports(web.port)
    with running(image, embedded) as container:
        for _ in range(2):
            wait(works, container)
            os.kill(parent() or 0, signal.SIGKILL)
            wait(lambda: parent() is None, container)
        wait(works, container)
        zombies = [one for one in children(container.newswire()) if state(one) == "Z"]
        assert zombies == []
