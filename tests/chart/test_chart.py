"""The chart lints, renders, is valid on three Kubernetes minors, and keeps its promises about security and
edges."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import SERVICES, Settings
from tests.chart.conftest import CHART, KUBERNETES, ROOT, VALUES, pods, render, render_text
from tests.servers.tools import helm, kubeconform, output, schemas
from tools.generate_chart import outputs

MINORS = ("1.33.0", "1.35.0", "1.37.0")
CUSTOM = "HTTPRoute,PrometheusRule,ScaledJob,ScaledObject,ServiceMonitor,TriggerAuthentication"
STORES = ("postgres", "kafka", "s3")


def of(documents: tuple[dict[str, Any], ...], kind: str) -> dict[str, dict[str, Any]]:
    return {d["metadata"]["name"]: d for d in documents if d["kind"] == kind}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


@pytest.mark.parametrize("values", VALUES)
def test_lint(values: str) -> None:
    done = output(
        helm(), "lint", "--strict", "--kube-version", KUBERNETES, CHART, "-f", CHART / "ci" / f"{values}.yaml"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("minor", MINORS)
def test_kubeconform_strict(values: str, minor: str, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(render_text(values))
    name = "{{.NormalizedKubernetesVersion}}-local{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json"
    location = f"{schemas(minor)}/{name}"
    done = output(
        kubeconform(),
        "-strict",
        "-summary",
        "-kubernetes-version",
        minor,
        "-schema-location",
        location,
        "-skip",
        CUSTOM,
        tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Invalid: 0, Errors: 0" in done.stdout


def test_the_value_files_leave_no_template_unrendered() -> None:
    written = {source for v in VALUES for source in re.findall(r"# Source: bramble/(\S+)", render_text(v))}
    templates = {str(p.relative_to(CHART)) for p in (CHART / "templates").rglob("*.yaml")}
    assert templates - written == {"templates/config/validate.yaml"}, "add the option to a file in ci/"


def test_generated_files_are_fresh() -> None:
    for path, text in outputs().items():
        assert path.read_text() == text, f"{path.name} is stale; run python tools/generate_chart.py"


@pytest.mark.parametrize(
    "mistake",
    [
        "gatewey.replicas=2",
        "gateway.replica=2",
        "gateway.replicas=two",
        "bus.security=TLS",
        "worker.mode=Cron",
        "gateway.keda.enabled=true",
    ],
)
def test_a_typing_error_in_values_fails(mistake: str) -> None:
    done = output(
        helm(),
        "template",
        "demo",
        CHART,
        "--kube-version",
        KUBERNETES,
        "-f",
        CHART / "ci" / "external.yaml",
        "--set",
        mistake,
    )
    assert done.returncode != 0
    assert "schema" in done.stderr


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (["database.existingSecret="], "database.existingSecret"),
        (["bus.servers="], "bus.servers"),
        (["blobs.endpoint="], "blobs.endpoint"),
        (["bus.security=SASL_SSL"], "bus.existingSecret"),
        (["worker.mode=ScaledJob"], "queueDatabase.host"),
        (["consensus.hpa.enabled=true", "consensus.keda.enabled=true"], "hpa and keda"),
        (["triton.keda.enabled=true"], "prometheusUrl"),
    ],
)
def test_values_that_do_not_go_together_fail_with_a_sentence(sets: list[str], says: str) -> None:
    flags = [part for item in sets for part in ("--set", item)]
    done = output(
        helm(),
        "template",
        "demo",
        CHART,
        "--kube-version",
        KUBERNETES,
        "-f",
        CHART / "ci" / "external.yaml",
        *flags,
    )
    assert done.returncode != 0
    assert says in done.stderr


def test_defaults_alone_say_what_is_missing() -> None:
    done = output(helm(), "template", "demo", CHART, "--kube-version", KUBERNETES)
    assert done.returncode != 0
    assert "database.existingSecret" in done.stderr


def test_every_service_is_there_once(values: str) -> None:
    deployments = of(render(values), "Deployment")
    services = of(render(values), "Service")
    for name in SERVICES:
        (container,) = deployments[f"demo-bramble-{name}"]["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["serve", name]
        assert services[f"demo-bramble-{name}"]["spec"]["ports"][0]["port"] == 8080
        for probe, path in (
            ("startupProbe", "/healthz"),
            ("livenessProbe", "/healthz"),
            ("readinessProbe", "/readyz"),
        ):
            assert container[probe]["httpGet"]["path"] == path


def test_every_pod_is_locked_down(values: str) -> None:
    for name, pod in pods(render(values)).items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(pod):
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


def test_images_are_pinned(values: str) -> None:
    for name, pod in pods(render(values)).items():
        for container in containers(pod):
            tag = container["image"].rsplit(":", 1)[-1]
            assert re.search(r"\d", tag), f"{name}: {container['image']}"
            assert "bitnami" not in container["image"], "its free images are frozen"


def test_selectors_meet_labels(values: str) -> None:
    documents = render(values)
    templates = {name: pod["metadata"]["labels"] for name, pod in pods(documents).items()}
    for document in documents:
        if document["kind"] in ("Deployment", "StatefulSet"):
            name = f"{document['kind']}/{document['metadata']['name']}"
            assert document["spec"]["selector"]["matchLabels"].items() <= templates[name].items()
            assert "app.kubernetes.io/version" not in document["spec"]["selector"]["matchLabels"], (
                "selectors are immutable"
            )
        elif document["kind"] == "Service":
            meets = [
                n for n, labels in templates.items() if document["spec"]["selector"].items() <= labels.items()
            ]
            assert len(meets) == 1, document["metadata"]["name"]
        elif document["kind"] == "PodDisruptionBudget":
            meets = [
                n
                for n, v in templates.items()
                if document["spec"]["selector"]["matchLabels"].items() <= v.items()
            ]
            assert len(meets) == 1, document["metadata"]["name"]


def test_secrets_are_in_no_configmap_and_no_argument() -> None:
    documents = render("try-out")
    others = yaml.safe_dump_all([document for document in documents if document["kind"] != "Secret"])
    secrets = of(documents, "Secret")
    assert len(secrets) == 3
    for name, document in secrets.items():
        for value in {**document.get("stringData", {}), **document.get("data", {})}.values():
            assert value not in others, f"a value of {name} stands elsewhere too"


def test_environment_is_known_to_the_settings(values: str) -> None:
    known = {f"BRAMBLE_{name.upper()}" for name in Settings.model_fields}
    names = set()
    for document in of(render(values), "ConfigMap").values():
        names |= {key for key in document["data"] if key.startswith("BRAMBLE_")}
    for pod in pods(render(values)).values():
        for container in containers(pod):
            names |= {
                item["name"] for item in container.get("env", []) if item["name"].startswith("BRAMBLE_")
            }
    assert names - known == set()


def test_urls_of_the_chart_are_those_that_the_adapters_read(
    values: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.blobs.minio import S3Address
    from shared.bus.kafka import KafkaAddress

    monkeypatch.setattr(Path, "read_text", lambda self, *_: f"content of {self.name}")
    config = of(render(values), "ConfigMap")["demo-bramble"]["data"]
    assert KafkaAddress.parse(config["BRAMBLE_BUS_URL"]).servers
    assert S3Address.parse(config["BRAMBLE_BLOB_URL"]).bucket == "bramble"
    assert set(json.loads(config["BRAMBLE_SERVICES_URLS"])) == set(SERVICES)


def test_a_changed_setting_restarts_the_pods() -> None:
    def sums(*sets: str) -> dict[str, str]:
        found = {}
        for name, pod in pods(render("external", *sets)).items():
            if name.startswith("Deployment/"):
                found[name] = pod["metadata"]["annotations"]["checksum/config"]
        return found

    before, after = sums(), sums("logLevel=DEBUG")
    assert len(before) == len(SERVICES) + 2  # worker and Triton
    assert all(before[name] != after[name] for name in before)


def test_migrations_run_before_what_needs_them() -> None:
    (job,) = of(render("external"), "Job").values()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "serviceAccountName" not in job["spec"]["template"]["spec"], (
        "it isn't there before an installation"
    )
    refs = json.dumps(job["spec"]["template"])
    assert "configMapRef" not in refs, "it isn't there before an installation"
    (job,) = of(render("try-out"), "Job").values()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
    for name in SERVICES:
        pod = of(render("try-out"), "Deployment")[f"demo-bramble-{name}"]["spec"]["template"]["spec"]
        assert [c["args"] for c in pod["initContainers"]] == [["admin", "migrate"]]


def test_policies_are_the_edges_of_the_architecture() -> None:
    """Who may call whom over HTTP is exactly who does: the names that a service looks up among its peers."""
    policies = of(render("all-options"), "NetworkPolicy")
    deny = policies["demo-bramble-deny"]["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    assert "egress" not in deny
    allowed, ingress = {}, {}
    for name in SERVICES:
        spec = policies[f"demo-bramble-{name}"]["spec"]
        allowed[name] = {
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
            for rule in spec["egress"]
            for peer in rule.get("to", [])
            if "podSelector" in peer and rule["ports"][0]["port"] == 8080
        }
        ingress[name] = {
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
            for rule in spec["ingress"]
            for peer in rule.get("from", [])
            if "podSelector" in peer
        } - {"test"}
    for name in SERVICES:
        assert ingress[name] == {caller for caller in SERVICES if name in allowed[caller]}, "both ends agree"
    used = {name: set() for name in SERVICES}  # type: dict[str, set[str]]
    for name in SERVICES:
        for path in (ROOT / "services" / name).rglob("*.py"):
            for match in re.findall(
                r'(?:peers\.get\(|peers\[|)"(\w+)"\s*(?:not in|in)?\s*(?:\w+\.)*peers|peers(?:\.get\(|\[)"(\w+)"',
                path.read_text(),
            ):
                used[name] |= {part for part in match if part in SERVICES}
    used["gateway"] = set(SERVICES) - {"gateway"}  # forwards to all, by the route's prefix
    for name in SERVICES:
        assert used[name] <= allowed[name], (
            f"{name} calls {used[name]}, the policy lets it call {allowed[name]}"
        )


def test_in_cluster_stores_are_reached_by_this_release_only() -> None:
    policies = of(render("try-out"), "NetworkPolicy")
    for store in STORES:
        for rule in policies[f"demo-bramble-{store}"]["spec"]["ingress"]:
            for peer in rule["from"]:
                assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "demo"
                assert "namespaceSelector" not in peer


def test_gpu_profiles() -> None:
    gpu = pods(render("all-options"))["Deployment/demo-bramble-triton"]["spec"]["containers"][0]
    assert gpu["resources"]["limits"]["nvidia.com/gpu"] == 1
    cpu = pods(render("external"))["Deployment/demo-bramble-triton"]["spec"]["containers"][0]
    assert "nvidia.com/gpu" not in cpu["resources"]["limits"]
    job = pods(render("all-options"))["ScaledJob/demo-bramble-worker"]["spec"]["containers"][0]
    assert job["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert job["command"][-1] == "--once"


def test_same_shape_for_every_service() -> None:
    """A folder a component, kinds as file names."""
    for name in SERVICES:
        found = {path.name for path in (CHART / "templates" / name).iterdir()}
        assert {"deployment.yaml", "service.yaml", "pdb.yaml", "hpa.yaml"} <= found
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{chart["appVersion"]}"' in project, "chart and package are released together"
