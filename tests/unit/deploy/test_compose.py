"""The compose files: what an operator trusts them to be, and that what they name is there."""

import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from newswire.settings import from_environment, unknown_variables
from tests.servers.kafka import KAFKA_VERSION

ROOT = Path(__file__).parents[3]
FILES = ("compose.yaml", "compose.small.yaml")
OF_GRAFANA = {"NEWSWIRE_DASHBOARDS"}  # read by the provisioning of its dashboards
ONCE = {"migrate", "topics"}

Service = dict[str, Any]


@cache
def document(name: str) -> dict[str, Any]:
    """Return a file with `<<` resolved, as YAML has it and compose too."""
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return found


def services(name: str) -> dict[str, Service]:
    found: dict[str, Service] = document(name)["services"]
    return found


EVERY = [pytest.param(file, name, id=f"{file}:{name}") for file in FILES for name in services(file)]


@pytest.mark.parametrize(("file", "name"), EVERY)
def test_a_service_is_confined_and_bounded(file: str, name: str) -> None:
    service = services(file)[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is (name != "kafka")
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["restart"] in ({"on-failure:10"} if name in ONCE else {"unless-stopped"})
    assert not service.get("privileged")
    assert "network_mode" not in service


@pytest.mark.parametrize(("file", "name"), EVERY)
def test_an_image_has_a_tag_and_no_registry_is_named(file: str, name: str) -> None:
    image = services(file)[name]["image"]
    repository, _, tag = image.partition(":")
    assert tag
    assert tag != "latest"
    assert re.fullmatch(r"[a-z]+(/[a-z]+)?", repository)


@pytest.mark.parametrize("file", FILES)
def test_our_image_is_built_once_and_no_registry_is_asked_for_it(file: str) -> None:
    """Else `docker compose pull`, for the images of others, ends with an error; and the first start begins with one for each service."""
    ours = {name: service for name, service in services(file).items() if service["image"].startswith("newswire:")}
    assert {service["pull_policy"] for service in ours.values()} == {"never"}
    assert len([service for service in ours.values() if "build" in service]) == 1


def test_images_of_others_are_told_with_how_long_they_are_supported_and_are_the_same_in_both_files() -> None:
    used = {service["image"] for file in FILES for service in services(file).values()} - {"newswire:${IMAGE_TAG:-local}"}
    told = re.findall(r"^\| `([a-z/]+:[\w.-]+)` \| \w", (ROOT / "docs/deployment.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(used)
    assert f"apache/kafka:{KAFKA_VERSION}" in used  # what compose starts is what every test of the bus ran on
    assert set(re.findall("<version>(4[.\\d]+)</version>", (ROOT / "tests/servers/kafka_files/pom.xml").read_text())) == {KAFKA_VERSION}


@pytest.mark.parametrize(("file", "name"), EVERY)
def test_a_service_has_a_health_check(file: str, name: str) -> None:
    service = services(file)[name]
    if name in ONCE:
        assert service["healthcheck"] == {"disable": True}  # it ends
    elif service["image"].startswith("newswire:"):
        assert "healthcheck" not in service  # the image's own
        assert service["stop_grace_period"] == "30s"
    else:
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize(("file", "name"), EVERY)
def test_pages_are_served_on_this_machine_alone(file: str, name: str) -> None:
    for port in services(file)[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("file", FILES)
def test_only_what_fetches_or_tells_has_a_way_out(file: str) -> None:
    assert document(file)["networks"]["inside"] == {"internal": True}
    assert document(file)["networks"]["front"]["driver_opts"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"
    out = {name for name, service in services(file).items() if "outside" in service["networks"]}
    assert out == ({"newswire"} if file == "compose.small.yaml" else {"collect", "process", "alert", "alertmanager"})


@pytest.mark.parametrize("file", FILES)
def test_what_is_mounted_is_there(file: str) -> None:
    for name, service in services(file).items():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        for mount in service.get("volumes", []):
            if isinstance(mount, str):
                assert mount.partition(":")[0] in document(file)["volumes"], name
            else:
                assert mount["read_only"] is True
                assert (ROOT / mount["source"]).exists(), f"{name}: {mount['source']}"
        named = {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}
        assert named <= set(document(file)["secrets"])


@pytest.mark.parametrize(("file", "name"), EVERY)
def test_every_setting_is_one_that_newswire_reads(file: str, name: str) -> None:
    environment = services(file)[name].get("environment", {})
    names = [one for one in environment if one.startswith("NEWSWIRE_") and one not in OF_GRAFANA]
    assert unknown_variables(names) == []
    for one in environment:
        assert not re.search(r"(PASSWORD|TOKEN|STORE|SECRET)$", one), f"{one}: secrets come from files"


def test_a_stage_waits_for_its_tables_and_its_topics() -> None:
    for stage in ("collect", "process", "alert"):
        waits = services("compose.yaml")[stage]["depends_on"]
        assert waits == {one: {"condition": "service_completed_successfully"} for one in ("migrate", "topics")}


def test_prometheus_finds_every_stage_and_its_rules() -> None:
    scraped = yaml.safe_load((ROOT / "deploy/compose/prometheus.yaml").read_text())
    (job,) = scraped["scrape_configs"]
    assert job["job_name"] == "newswire"
    assert job["dns_sd_configs"][0]["names"] == ["collect", "process", "alert"]
    assert scraped["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    mounts = [mount for mount in services("compose.yaml")["prometheus"]["volumes"] if isinstance(mount, dict)]
    assert {"/etc/prometheus/prometheus.yaml", "/etc/prometheus/rules"} == {mount["target"] for mount in mounts}
    assert list((ROOT / "deploy/prometheus/rules").glob("*.yaml"))


def test_secrets_are_made_once_and_only_their_owner_comes_to_them(tmp_path: Path) -> None:
    script = Path(shutil.copy(ROOT / "deploy/compose/secrets.sh", tmp_path))
    (tmp_path / "secrets").mkdir()

    def made(asked: str) -> dict[str, str]:
        subprocess.run([script], input=asked, text=True, capture_output=True, check=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    first = made("\n")
    assert first.keys() == {"store", "postgres", "grafana"}
    assert len(first["postgres"]) == 48
    assert first["store"] == f"postgresql+psycopg://newswire:{first['postgres']}@postgres:5432/newswire"
    assert from_environment({"NEWSWIRE_STORE": first["store"]}).store_url == first["store"]
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert made("xoxb-0\n") == first | {"slack": "xoxb-0"}
    assert made("xoxb-1\n") == first | {"slack": "xoxb-0"}


@pytest.mark.parametrize("file", FILES)
def test_a_token_is_named_where_there_is_one(file: str) -> None:
    """Compose puts nothing in the place of `${NAME:+…}` where NAME is empty, too; an empty secret would be refused."""
    tokens = {service["environment"].get("NEWSWIRE_SLACK_TOKEN_FILE") for service in services(file).values() if "environment" in service}
    assert tokens == {None, "${SLACK_TOKEN_FILE:+/run/secrets/slack}"}
    assert document(file)["secrets"]["slack"] == {"file": "${SLACK_TOKEN_FILE:-./deploy/compose/no-secret}"}
    assert (ROOT / "deploy/compose/no-secret").read_bytes() == b""
