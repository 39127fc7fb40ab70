"""A real Alertmanager for tests: on loopback, alone, never as root."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.processes import free_ports
from tests.servers.prometheus import own_folder, process_below_root, program_path


@contextmanager
def alertmanager_server(folder: Path, configuration: str, *beside: Path) -> Iterator[str]:
    """Yield the address (HOST:PORT) of a server with this configuration; the files `beside` it lie in its folder. Its log is kept in `folder`.

    Raises:
        ServerUnavailable: Alertmanager is not installed, or does not start.

    """
    program = program_path("prometheus-alertmanager", "prometheus-alertmanager")
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with own_folder("newswire-alertmanager-", "prometheus", "nobody") as home:
        (home / "alertmanager.yml").write_text(configuration, "utf-8")
        for path in beside:
            (home / path.name).write_bytes(path.read_bytes())
        words = (
            str(program),
            f"--config.file={home / 'alertmanager.yml'}",
            f"--storage.path={home / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        )
        with process_below_root(words, home, folder / "alertmanager.log", ready=f"http://{address}/-/ready"):
            yield address
