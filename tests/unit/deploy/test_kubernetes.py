"""The Kubernetes overlays as kustomize builds them: what an operator trusts them to be."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.sizing import ALERT_MIB, COLLECT_MIB, PROCESS_MIB
from newswire.cli.compose import JAIL_WORKERS
from newswire.jail import MEMORY_BYTES
from newswire.settings import unknown_variables
from newswire.topics import ITEMS, PROCESSORS_GROUP
from tests.pages import all_blocks
from tests.servers.processes import servers_are_required
from tools.prometheus_rule import WRITTEN, text

ROOT = Path(__file__).parents[3]
OVERLAYS = ("small", "production")
ROLES = {"small": {"newswire-all"}, "production": {"newswire-collect", "newswire-process", "newswire-alert"}}

Manifest = dict[str, Any]


@cache
def built(overlay: str) -> tuple[Manifest, ...]:
    """Return what `kubectl apply -k` would send of one of ours."""
    return build(ROOT / "deploy/kubernetes/overlays" / overlay)


def build(folder: Path) -> tuple[Manifest, ...]:
    """Return what `kubectl apply -k` would send."""
    if shutil.which("kubectl") is None:
        if servers_are_required():
            raise RuntimeError("kubectl was not found: no overlay can be built")
        pytest.skip("kubectl was not found: no overlay can be built")
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return tuple(yaml.load_all(done.stdout, yaml.CSafeLoader))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in built(overlay) if manifest["kind"] in kinds]


def containers(workload: Manifest) -> list[Manifest]:
    spec = workload["spec"]["template"]["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def labels(workload: Manifest) -> dict[str, str]:
    found: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return found


def selects(selector: Manifest, workload: Manifest) -> bool:
    return selector.items() <= labels(workload).items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_role_is_there_in_its_namespace(overlay: str) -> None:
    assert {one["metadata"]["name"] for one in of_kind(overlay, "Deployment")} == ROLES[overlay]
    for manifest in built(overlay):
        assert manifest["kind"] == "Namespace" or manifest["metadata"]["namespace"] == "newswire"
        assert manifest["metadata"]["labels"]["app.kubernetes.io/part-of"] == "newswire"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_meets_the_restricted_profile_and_writes_nowhere_else(overlay: str) -> None:
    for workload in of_kind(overlay, "Deployment", "Job"):
        spec = workload["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert {next(iter(volume.keys() - {"name"})) for volume in spec["volumes"]} <= {
            "emptyDir",
            "configMap",
            "projected",
            "persistentVolumeClaim",
        }
        for container in containers(workload):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["image"].startswith("registry.example/newswire:")
            assert not container["image"].endswith(":latest")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_says_what_it_takes_and_gets_no_more(overlay: str) -> None:
    for workload in of_kind(overlay, "Deployment", "Job"):
        for container in containers(workload):
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]


def test_a_stage_asks_for_the_memory_that_it_was_measured_to_take() -> None:
    """A pod that takes more than it asked for is the first that a node short of memory puts out."""
    measured = {"newswire-collect": COLLECT_MIB, "newswire-process": PROCESS_MIB, "newswire-alert": ALERT_MIB}
    for workload in of_kind("production", "Deployment"):
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert _mebibytes(container["resources"]["requests"]["memory"]) >= measured[workload["metadata"]["name"]]


def test_a_page_that_swells_meets_the_jails_limit_before_the_pods() -> None:
    """Kubernetes 1.28 and newer ends all of a container where one of its processes is out of memory: a stage, for the sake of one page."""
    children = JAIL_WORKERS * MEMORY_BYTES // 2**20
    needed = {"newswire-collect": COLLECT_MIB + children, "newswire-process": PROCESS_MIB + children, "newswire-alert": 2 * ALERT_MIB}
    needed["newswire-all"] = needed["newswire-process"]
    for workload in (*of_kind("production", "Deployment"), *of_kind("small", "Deployment")):
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert _mebibytes(container["resources"]["limits"]["memory"]) >= needed[workload["metadata"]["name"]]


def _mebibytes(quantity: str) -> int:
    number, unit = int(quantity[:-2]), quantity[-2:]
    return number * {"Mi": 1, "Gi": 1024}[unit]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_stage_is_probed_and_may_drain(overlay: str) -> None:
    for workload in of_kind(overlay, "Deployment"):
        spec = workload["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        assert spec["terminationGracePeriodSeconds"] >= 30
        assert container["ports"] == [{"name": "metrics", "containerPort": 9464}]
        paths = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert paths == {
            "startupProbe": {"path": "/healthz", "port": "metrics"},
            "livenessProbe": {"path": "/healthz", "port": "metrics"},
            "readinessProbe": {"path": "/readyz", "port": "metrics"},
        }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_what_they_mean(overlay: str) -> None:
    workloads = of_kind(overlay, "Deployment")
    for workload in workloads:
        assert [other for other in workloads if selects(workload["spec"]["selector"]["matchLabels"], other)] == [workload]
        for spread in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
            assert [other for other in workloads if selects(spread["labelSelector"]["matchLabels"], other)] == [workload]
    (service,) = of_kind(overlay, "Service")
    assert all(selects(service["spec"]["selector"], workload) for workload in workloads)
    assert not any(selects(service["spec"]["selector"], job) for job in of_kind(overlay, "Job"))
    budgets = [budget["spec"]["selector"]["matchLabels"] for budget in of_kind(overlay, "PodDisruptionBudget")]
    found = [[one["metadata"]["name"] for one in workloads if selects(budget, one)] for budget in budgets]
    assert sorted(found) == ([] if overlay == "small" else sorted([name] for name in ROLES[overlay]))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_reaches_what_it_needs_and_nothing_of_the_inside(overlay: str) -> None:
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in of_kind(overlay, "NetworkPolicy")}
    for workload in of_kind(overlay, "Deployment", "Job"):
        applied = [name for name, spec in policies.items() if selects(spec["podSelector"]["matchLabels"], workload)]
        is_job = workload["kind"] == "Job"
        due = {"newswire", *([] if is_job else ["newswire-web"]), *(["newswire-servers"] if overlay == "production" else [])}
        assert set(applied) == due
    (ingress,) = policies["newswire"]["ingress"]
    assert ingress["ports"] == [{"protocol": "TCP", "port": 9464}]
    assert len(ingress["from"]) == 1  # Prometheus alone: namespace and pod in one entry, so both must hold
    (web,) = policies["newswire-web"]["egress"]
    (four, _six) = (entry["ipBlock"] for entry in web["to"])
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"} <= set(four["except"])
    assert {entry["port"] for entry in web["ports"]} == {80, 443}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_are_read_and_secrets_are_files(overlay: str) -> None:
    (settings,) = (one for one in of_kind(overlay, "ConfigMap"))
    assert unknown_variables(settings["data"]) == []
    for workload in of_kind(overlay, "Deployment", "Job"):
        for container in containers(workload):
            for source in container.get("envFrom", []):
                assert source == {"configMapRef": {"name": settings["metadata"]["name"]}}  # with its hash: a change makes new pods
            variables = [variable["name"] for variable in container.get("env", [])]
            assert unknown_variables(variables) == []
            assert all(name.endswith("_FILE") for name in variables)
    slack = {one["metadata"]["name"] for one in of_kind(overlay, "Deployment") if "newswire-slack" in str(one)}
    assert slack == {"newswire-all" if overlay == "small" else "newswire-alert"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_key_of_a_secret_is_a_file_so_that_another_needs_no_other_volume(overlay: str) -> None:
    for workload in of_kind(overlay, "Deployment", "Job"):
        (volume,) = (volume for volume in workload["spec"]["template"]["spec"]["volumes"] if volume["name"] == "secrets")
        assert all(source["secret"].keys() == {"name"} for source in volume["projected"]["sources"])


def test_the_pages_patch_gives_the_alerter_one_more_secret(tmp_path: Path) -> None:
    (block,) = (block for block in all_blocks("yaml") if block.page == "docs/deployment.md" and block.file == "kustomization.yaml")
    overlay = yaml.safe_load(block.text) | {"resources": [os.path.relpath(ROOT / "deploy/kubernetes/overlays/production", tmp_path)]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    (alerter,) = (one for one in build(tmp_path) if (one["kind"], one["metadata"]["name"]) == ("Deployment", "newswire-alert"))
    (container,) = alerter["spec"]["template"]["spec"]["containers"]
    assert {variable["name"] for variable in container["env"]} == {
        "NEWSWIRE_STORE_FILE",
        "NEWSWIRE_SLACK_TOKEN_FILE",
        "NEWSWIRE_TEAM_URL_FILE",
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_watchlists_reach_a_running_process(overlay: str) -> None:
    for workload in of_kind(overlay, "Deployment"):
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert not [mount for mount in container["volumeMounts"] if "subPath" in mount]  # such a file would never change
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert {f"/etc/newswire/config/{part}" for part in ("routes", "sources", "watchlists", "lists")} <= mounted


def test_the_embedded_pod_is_never_two() -> None:
    (workload,) = of_kind("small", "Deployment")
    assert workload["spec"]["replicas"] == 1
    assert workload["spec"]["strategy"] == {"type": "Recreate"}
    assert of_kind("small", "PersistentVolumeClaim")


def test_processors_are_scaled_by_the_lag_of_their_group() -> None:
    (scaled,) = of_kind("production", "ScaledObject")
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["metadata"]["topic"] == ITEMS.name
    assert trigger["metadata"]["consumerGroup"] == PROCESSORS_GROUP
    assert scaled["spec"]["maxReplicaCount"] == 12  # partitions: a thirteenth would have none
    (target,) = (one for one in of_kind("production", "Deployment") if one["metadata"]["name"] == scaled["spec"]["scaleTargetRef"]["name"])
    assert "replicas" not in target["spec"]
    (settings,) = of_kind("production", "ConfigMap")
    assert trigger["metadata"]["bootstrapServers"] == settings["data"]["NEWSWIRE_BUS"].removeprefix("kafka://")


def test_the_alerter_has_a_standby() -> None:
    (alerter,) = (one for one in of_kind("production", "Deployment") if one["metadata"]["name"] == "newswire-alert")
    assert alerter["spec"]["replicas"] == 2


def test_the_operators_prometheus_scrapes_under_the_job_that_rules_select() -> None:
    (monitor,) = of_kind("production", "ServiceMonitor")
    (service,) = of_kind("production", "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["metadata"]["name"] == "newswire"  # becomes `job`
    assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} == {port["name"] for port in service["spec"]["ports"]}


def test_the_operators_prometheus_selects_monitor_and_rules_by_their_release() -> None:
    for one in of_kind("production", "ServiceMonitor", "PrometheusRule"):
        assert one["metadata"]["labels"]["release"] == "kube-prometheus-stack"  # that chart's Prometheus passes over all others
    for workload in of_kind("production", "Deployment"):
        assert "release" not in labels(workload)
        assert "release" not in workload["spec"]["selector"]["matchLabels"]


def test_pods_that_wait_for_a_server_hold_no_drain_up() -> None:
    budgets = [budget["spec"] for budget in of_kind("production", "PodDisruptionBudget")]
    assert len(budgets) == 3
    for budget in budgets:
        assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_the_rules_are_those_of_prometheus() -> None:
    assert WRITTEN.read_text("utf-8") == text(), "python tools/prometheus_rule.py writes them anew"


def test_config_sh_prints_the_folder_as_config_maps() -> None:
    built("small")  # skips where kubectl is missing
    done = subprocess.run([ROOT / "deploy/kubernetes/config.sh", "config"], cwd=ROOT, capture_output=True, text=True, check=True)
    maps = {one["metadata"]["name"]: one["data"] for one in yaml.safe_load_all(done.stdout)}
    assert maps["newswire-routes"].keys() == {"routes.yaml"}
    for part in ("sources", "watchlists", "lists"):
        assert maps[f"newswire-{part}"].keys() == {path.name for path in (ROOT / "config" / part).iterdir()}
    volumes = re.findall(r"configMap: \{name: (newswire-\w+)\}", (ROOT / "deploy/kubernetes/overlays/small/newswire.yaml").read_text())
    assert set(volumes) == set(maps)
