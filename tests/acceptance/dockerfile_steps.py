"""The steps of a Dockerfile, executed in order in folders of this machine, where no container engine runs.

Bubblewrap gives each step a root of its own: what the steps made, over this machine's /usr as the base image. So the base is another one
than the Dockerfile names, and of its Python only the name is the same; what is copied, installed and run is what the image would have.
"""

import os
import shutil
import string
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import dockerfile

from tests.servers.processes import ServerUnavailable

BASE_PYTHON: Final = "/usr/bin/python3"
_OF_ETC: Final = ("passwd", "group", "nsswitch.conf", "resolv.conf", "hosts", "ld.so.cache", "pip.conf", "ssl/certs/ca-certificates.crt")
_OF_THE_NETWORK: Final = ("PIP_", "SSL_CERT_", "REQUESTS_CA_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_ONLY_SAID: Final = frozenset({"LABEL", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"})
_STEP_S: Final = 400


@dataclass
class Stage:
    """What one FROM begins: its root, and what the steps have said so far."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"})
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    workdir: str = "/"
    user: str = "0:0"
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def command(
        self,
        arguments: Sequence[str],
        *,
        writable: bool = False,
        bound: Mapping[Path, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the command line that runs `arguments` in this root as its user, as process 1. `bound`: folders of ours and where they are mounted.

        Where the root is not `writable`, it is as with `docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges`.
        """
        user, group = self.user.split(":")
        settings = {**self.environment, **(environment or {})}
        below_root = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs", "--bounding-set", "-all"]
        return [
            *("bwrap", "--unshare-pid", "--unshare-ipc", "--as-pid-1", "--die-with-parent", "--cap-add", "ALL", "--clearenv"),
            *("--bind" if writable else "--ro-bind", str(self.root), "/"),
            *("--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local", "--dir", "/usr/local/bin"),
            *("--symlink", BASE_PYTHON, "/usr/local/bin/python", "--remount-ro", "/usr/local"),
            *("--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"),
            *(word for ours, place in (bound or {}).items() for word in ("--bind", str(ours), place)),
            *("--chdir", self.workdir),
            *(word for name, value in settings.items() for word in ("--setenv", name, value)),
            "--",
            *(below_root if self.user != "0:0" else ()),
            *arguments,
        ]


def require_steps() -> None:
    """Return where the steps of a Dockerfile can be executed here.

    Raises:
        ServerUnavailable: what is missing.

    """
    missing = [name for name in ("bwrap", "setpriv") if shutil.which(name) is None]
    if missing:
        raise ServerUnavailable(f"{' and '.join(missing)} not found. On Debian: apt-get install bubblewrap util-linux")
    if os.geteuid() != 0:
        raise ServerUnavailable("steps of a Dockerfile are executed by root: they make files of several owners")
    ready = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    if subprocess.run([BASE_PYTHON, "-c", ready], check=False, capture_output=True).returncode:
        raise ServerUnavailable(f"{BASE_PYTHON} is not 3.11 or newer with ensurepip. On Debian: apt-get install python3-venv")


def build(file: Path, context: Path, folder: Path) -> Stage:
    """Execute the steps and return the last stage; fail with what a step printed where it ends with another status than 0."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for step in dockerfile.parse_file(str(file)):
        if step.cmd == "ARG":
            name, _, default = step.value[0].partition("=")
            arguments.setdefault(name, default)
        elif step.cmd == "FROM":
            name = step.value[2] if len(step.value) > 1 else str(len(stages))
            stage = stages[name] = Stage(_base(folder / name))
        else:
            assert stage is not None, "a Dockerfile begins with FROM"
            _execute(step, stage, stages, context, arguments)
    assert stage is not None
    return stage


def _execute(step: Any, stage: Stage, stages: Mapping[str, Stage], context: Path, arguments: Mapping[str, str]) -> None:
    known = {**arguments, **stage.environment}
    values = [string.Template(value).safe_substitute(known) for value in step.value] if step.cmd != "RUN" else list(step.value)
    match step.cmd:
        case "ENV":
            stage.environment |= dict(zip(values[::2], values[1::2], strict=True))
        case "SHELL":
            stage.shell = tuple(values)
        case "WORKDIR":
            stage.workdir = values[0]
            _inside(stage, values[0]).mkdir(parents=True, exist_ok=True)
        case "USER":
            stage.user = values[0]
        case "COPY":
            flags = dict(flag.removeprefix("--").split("=") for flag in step.flags)
            source = stages[flags["from"]].root if "from" in flags else context
            # What comes from another stage is not written to any more: links spare half a gigabyte of copying.
            how = os.link if "from" in flags else shutil.copy2
            _copy(source, values[:-1], _inside(stage, values[-1]), how, several=values[-1].endswith("/"))
        case "RUN":
            _run(stage, values if step.json else [*stage.shell, *values])
        case said if said in _ONLY_SAID:
            stage.said[said] = tuple(values)
        case other:
            raise AssertionError(f"line {step.start_line}: {other} is not a step that is known here")


def _run(stage: Stage, arguments: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name.startswith(_OF_THE_NETWORK)}
    done = subprocess.run(
        stage.command(arguments, writable=True, environment={**environment, **stage.environment}),
        capture_output=True,
        text=True,
        timeout=_STEP_S,
        check=False,
    )
    assert done.returncode == 0, f"RUN {arguments[-1][:200]}\nended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def _base(root: Path) -> Path:
    """Return a root in which only this machine's /usr and the few files of /etc that a command needs are to be seen."""
    for name in ("etc", "opt", "usr", "var", "tmp", "proc", "dev", "root"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            (root / name).symlink_to(Path("/", name).readlink())
    for name in _OF_ETC:
        if Path("/etc", name).exists():
            (root / "etc" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path("/etc", name), root / "etc" / name)
    return root


def _inside(stage: Stage, path: str) -> Path:
    return stage.root / os.path.normpath(os.path.join(stage.workdir, path)).lstrip("/")  # noqa: PTH118 -- a path of another root


def _copy(source: Path, names: Sequence[str], to: Path, how: Callable[[str, str], object], *, several: bool) -> None:
    for name in names:
        found = source / name.lstrip("/")
        if found.is_dir():
            compiled = shutil.ignore_patterns("__pycache__") if how is shutil.copy2 else None  # .dockerignore keeps ours out
            shutil.copytree(found, to, symlinks=True, dirs_exist_ok=True, ignore=compiled, copy_function=how)
        else:
            to.mkdir(parents=True, exist_ok=True) if several else to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, to / found.name if several else to)
