"""The chart on a real API server: installed, upgraded from the release before, rolled back, by somebody who may
work in one namespace only, where pods must meet the restricted Pod Security Standard.

`make chart-test` builds the server's programs and runs this; without them these tests are skipped by name.
Containers don't run here (see tests/servers/kubernetes.py); what theirs would do is in test_pods.py.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from shared.settings import SERVICES
from tests.chart.conftest import CHART, VALUES
from tests.chart.release import NAME, Release, previous
from tests.servers.kubernetes import FAILING, Cluster, ClusterError

pytestmark = pytest.mark.real
FULL = "demo-bramble"


def make_secrets(release: Release) -> None:
    """What every file of ci/ names as there already."""
    release.secret(
        "bramble-db", url="postgresql://db.example.org/bramble_{service}", password="x", **{"ca.crt": "x"}
    )
    release.secret("bramble-kafka", username="x", password="x", **{"ca.crt": "x"})
    release.secret("bramble-s3", key="x", secret="x", **{"ca.crt": "x"})
    release.secret("bramble-internal", **{"internal-secret": "x", "pseudonyms": "y"})


def available(deployment: dict[str, Any]) -> bool:
    """Whether Kubernetes says so, for its newest generation and with all replicas updated."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    conditions = {item["type"]: item["status"] for item in status.get("conditions", [])}
    return (
        conditions.get("Available") == "True"
        and status["observedGeneration"] == deployment["metadata"]["generation"]
        and status.get("updatedReplicas") == status.get("availableReplicas") == wanted > 0
        and status["replicas"] == wanted
    )


def kept(sent: Any, stored: Any, where: str = "") -> list[str]:
    """Where the stored object lacks or changes what was sent; defaults that the server adds are no difference,
    nor is an empty value that it leaves out."""
    if isinstance(sent, dict):
        empty: tuple[Any, ...] = (None, {}, [], "")
        return [
            line
            for key, value in sent.items()
            if value not in empty
            for line in (
                kept(value, stored[key], f"{where}.{key}")
                if isinstance(stored, dict) and key in stored
                else [f"{where}.{key} is gone"]
            )
        ]
    if isinstance(sent, list):
        if not isinstance(stored, list) or len(sent) != len(stored):
            return [f"{where} has another length"]
        return [
            line
            for i, (a, b) in enumerate(zip(sent, stored, strict=True))
            for line in kept(a, b, f"{where}[{i}]")
        ]
    return [] if str(sent) == str(stored) else [f"{where}: {sent!r} became {stored!r}"]


@dataclasses.dataclass
class Moment:
    """The release as the API server held it at one time."""

    deployments: dict[str, dict[str, Any]]
    jobs: list[str]
    internal: dict[str, str]
    settings: dict[str, str]
    pods: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, release: Release) -> Moment:
        def rolled_out() -> bool:
            """Helm waits for the new pods only; those of the version before may still be leaving."""
            return all(
                available(deployment) and len(release.pods(name)) == deployment["spec"]["replicas"]
                for name, deployment in release.deployments().items()
            )

        release.cluster.until(rolled_out, "all pods are of the newest version and available")
        return cls(
            release.deployments(),
            release.jobs_seen(),
            release.cluster.call("GET", f"{release.core}/secrets/{FULL}-internal")["data"],
            release.cluster.call("GET", f"{release.core}/configmaps/{FULL}")["data"],
            {name: release.pods(name) for name in release.deployments()},
        )


@dataclasses.dataclass
class Story:
    """A release's life: installed at the version before, upgraded, rolled back."""

    release: Release
    installed: Moment
    upgraded: Moment
    rolled_back: Moment
    least: dict[str, int]  # the fewest available replicas of each service during the upgrade


@pytest.fixture(scope="module")
def story(cluster: Cluster) -> Story:
    release = Release(cluster, "lab")
    make_secrets(release)
    release.install("external", chart=previous())
    installed = Moment.of(release)
    path = f"{release.apps}/deployments"
    began = cluster.call("GET", path)["metadata"]["resourceVersion"]
    release.upgrade("external", "logLevel=DEBUG", "synthesis.replicas=2")
    upgraded = Moment.of(release)
    least: dict[str, int] = {}
    for deployment in cluster.changes(path, since=began):
        name = deployment["metadata"]["labels"]["app.kubernetes.io/component"]
        now = deployment["status"].get("availableReplicas", 0)
        least[name] = min(least.get(name, now), now)
    release.helm("rollback", NAME, "1", "--wait", "--timeout", "3m")
    return Story(release, installed, upgraded, Moment.of(release), least)


def test_everything_is_available_at_each_step(story: Story) -> None:
    for moment in (story.installed, story.upgraded, story.rolled_back):
        assert moment.deployments.keys() == {*SERVICES, "worker", "triton"}
        for name, deployment in moment.deployments.items():
            assert available(deployment), (name, deployment["status"])
            for pod in moment.pods[name]:
                assert pod["status"]["phase"] == "Running"
                assert pod["spec"]["nodeName"].startswith("node-")
    assert story.release.history() == [(1, "superseded"), (2, "superseded"), (3, "deployed")]


def test_the_migration_job_runs_once_a_version_and_goes(story: Story) -> None:
    assert len(story.installed.jobs) == 1
    assert len(story.upgraded.jobs) == 2
    assert story.rolled_back.jobs == story.upgraded.jobs, "schemas only grow, so a rollback migrates nothing"
    left = story.release.cluster.items(f"/apis/batch/v1/namespaces/{story.release.namespace}/jobs")
    assert left == []


def test_an_upgrade_replaces_every_pod_and_never_has_fewer(story: Story) -> None:
    def images(moment: Moment) -> set[str]:
        return {
            pod["spec"]["containers"][0]["image"].rsplit(":", 1)[1]
            for n in SERVICES
            for pod in moment.pods[n]
        }

    def names(moment: Moment) -> set[str]:
        return {pod["metadata"]["name"] for n in SERVICES for pod in moment.pods[n]}

    assert images(story.installed) == images(story.rolled_back) == {"0.0.1"}
    assert images(story.upgraded) != {"0.0.1"}
    assert not names(story.installed) & names(story.upgraded)
    for name in SERVICES:
        assert story.least[name] >= story.installed.deployments[name]["spec"]["replicas"], name


def test_a_rollback_brings_the_old_settings_back(story: Story) -> None:
    assert story.upgraded.settings["BRAMBLE_LOG_LEVEL"] == "DEBUG"
    assert story.rolled_back.settings == story.installed.settings
    assert story.upgraded.deployments["synthesis"]["spec"]["replicas"] == 2
    assert story.rolled_back.deployments["synthesis"]["spec"]["replicas"] == 1
    for name, before in story.installed.deployments.items():
        after = story.rolled_back.deployments[name]
        assert after["spec"] == before["spec"], name
        assert after["metadata"]["uid"] == before["metadata"]["uid"], f"{name} was replaced, not changed"


def test_the_secret_between_services_outlives_upgrades(story: Story) -> None:
    assert story.installed.internal == story.upgraded.internal == story.rolled_back.internal
    assert len(story.installed.internal["internal-secret"]) >= 48


def test_pods_hold_no_token_and_may_nothing(story: Story) -> None:
    account = f"system:serviceaccount:{story.release.namespace}:{FULL}"
    for pods in story.rolled_back.pods.values():
        for pod in pods:
            assert pod["spec"]["serviceAccountName"] == FULL
            assert not any("projected" in volume for volume in pod["spec"]["volumes"]), "a token is mounted"
    for verb, resource in (("list", "pods"), ("get", "secrets"), ("create", "pods"), ("watch", "configmaps")):
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": account,
                "resourceAttributes": {
                    "namespace": story.release.namespace,
                    "verb": verb,
                    "resource": resource,
                },
            },
        }
        answer = story.release.cluster.create(review)
        assert answer["status"]["allowed"] is False, (verb, resource)


def test_the_deployer_may_no_more_than_the_namespace(story: Story) -> None:
    with pytest.raises(ClusterError) as refused:
        story.release.cluster.call("GET", "/api/v1/namespaces/kube-system/secrets", user="deployer")
    assert refused.value.status == 403


def test_disruptions_are_bounded(story: Story) -> None:
    policy = f"/apis/policy/v1/namespaces/{story.release.namespace}/poddisruptionbudgets"
    budgets = {item["metadata"]["name"]: item for item in story.release.cluster.items(policy)}
    for name in SERVICES:
        status = budgets[f"{FULL}-{name}"]["status"]
        replicas = story.rolled_back.deployments[name]["spec"]["replicas"]
        assert status["expectedPods"] == replicas
        assert status["desiredHealthy"] == replicas - 1


@pytest.mark.parametrize("values", VALUES)
def test_every_file_of_values_installs_and_goes(cluster: Cluster, values: str) -> None:
    """Each object is sent with the server's strict check of fields, then installed, and stored as it was sent."""
    release = Release(cluster, f"values-{values}", user="admin")
    make_secrets(release)
    _volumes(cluster, values)
    release.install(values)
    sent = release.manifest(1)
    for document in sent:
        name = f"{document['kind']}/{document['metadata']['name']}"
        stored = release.stored(document)
        assert stored is not None, name
        if document["kind"] != "Secret":  # stringData comes back as data
            assert kept(document.get("spec"), stored.get("spec")) == [], name
        document["metadata"]["name"] += "-strict"
        strict = f"{cluster.path(document, release.namespace)}?dryRun=All&fieldValidation=Strict"
        if document["kind"] == "Service":
            document["spec"].pop("clusterIP", None)
        cluster.call("POST", strict, document)
    for name, deployment in release.deployments().items():
        assert available(deployment), name
    for item in cluster.items(f"{release.apps}/statefulsets"):
        assert item["status"]["availableReplicas"] == 1, item["metadata"]["name"]
    kinds = {document["kind"] for document in sent}
    assert ("NetworkPolicy" in kinds) == (values != "other-options")
    release.helm("uninstall", NAME, "--wait")
    for document in sent:
        document["metadata"]["name"] = document["metadata"]["name"].removesuffix("-strict")
        policy = document["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
        name = f"{document['kind']}/{document['metadata']['name']}"
        assert (release.stored(document) is not None) == (policy == "keep"), name


def _volumes(cluster: Cluster, values: str) -> None:
    """Disks for the in-cluster stores: nobody provisions any here."""
    if values != "try-out":
        return
    for number, size in enumerate(("8Gi", "8Gi", "20Gi")):
        spec = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": f"/disks/{number}"},
        }
        cluster.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"disk-{number}"},
                "spec": spec,
            }
        )


def test_where_migrating_fails_nothing_is_installed_or_replaced(cluster: Cluster) -> None:
    release = Release(cluster, FAILING)
    make_secrets(release)
    flags = ["--set", "migrations.backoffLimit=0"]
    values: list[str | Path] = ["-f", CHART / "ci" / "external.yaml", *flags, "--wait", "--timeout", "1m"]
    said = release.helm("install", NAME, CHART, *values, fails=True)
    assert "pre-install" in said
    assert release.deployments() == {}
    release.helm("uninstall", NAME)
    release.helm("install", NAME, previous(), *values, "--no-hooks")
    before = release.deployments()
    began = time.monotonic()
    said = release.helm("upgrade", NAME, CHART, *values, fails=True)
    assert "pre-upgrade" in said
    assert time.monotonic() - began < 55, "it waited for the time-out instead of the Job's failure"
    assert {n: d["spec"] for n, d in release.deployments().items()} == {
        n: d["spec"] for n, d in before.items()
    }
    assert all(available(deployment) for deployment in release.deployments().values())


def test_helm_test_says_how_its_pod_ended(story: Story) -> None:
    assert "Phase:          Succeeded" in story.release.helm("test", NAME, "--timeout", "1m")
