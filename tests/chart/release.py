"""Helm against a real API server: one release in one namespace, as somebody who may do no more than that."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.chart.conftest import CHART
from tests.servers.kubernetes import Cluster, ClusterError
from tests.servers.tools import helm

RELEASES = Path(__file__).parent / "releases"
NAME = "demo"


def previous() -> Path:
    """The package of the release before this one."""

    def version(path: Path) -> list[int]:
        return [int(part) for part in path.stem.removeprefix("bramble-").split(".")]

    return max(RELEASES.glob("bramble-*.tgz"), key=version)


class Release:
    """Makes the namespace and lets the deployer work in it; `helm` then acts as the deployer."""

    def __init__(self, cluster: Cluster, namespace: str, user: str = "deployer") -> None:
        self.cluster, self.namespace, self.user = cluster, namespace, user
        core = f"/api/v1/namespaces/{namespace}"
        self.core, self.apps = core, f"/apis/apps/v1/namespaces/{namespace}"
        # The API server itself refuses pods that don't meet the strictest of Kubernetes' standards.
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        meta = {"name": namespace, "labels": labels}
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
        cluster.create(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": "deployers"},
                "roleRef": role,
                "subjects": [{"kind": "Group", "name": "deployers", "apiGroup": role["apiGroup"]}],
            },
            namespace,
        )
        cluster.until(lambda: cluster.items(f"{core}/serviceaccounts"), "the namespace's service account")

    def secret(self, name: str, **keys: str) -> None:
        """One of the secrets that an operator makes before the installation."""
        meta = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        self.cluster.create({**meta, "stringData": keys}, self.namespace)

    def helm(self, *arguments: str | Path, fails: bool = False) -> str:
        """Run Helm in this namespace; its output. Fails the test where Helm does (or doesn't)."""
        done = subprocess.run(
            [str(helm()), "-n", self.namespace, *map(str, arguments)],
            env={**os.environ, "KUBECONFIG": str(self.cluster.kubeconfig(self.user))},
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def install(self, values: str, *sets: str, chart: Path = CHART) -> None:
        """`helm install --wait` with a file of `ci/`."""
        self.helm("install", NAME, chart, *_values(values, sets), "--wait", "--timeout", "3m")

    def upgrade(self, values: str, *sets: str) -> None:
        """`helm upgrade --wait` to the chart of this tree."""
        self.helm("upgrade", NAME, CHART, *_values(values, sets), "--wait", "--timeout", "3m")

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Component → Deployment, as stored."""
        return {
            item["metadata"]["labels"]["app.kubernetes.io/component"]: item
            for item in self.cluster.items(f"{self.apps}/deployments")
        }

    def pods(self, component: str) -> list[dict[str, Any]]:
        """Pods of a component that aren't being deleted."""
        selector = f"labelSelector=app.kubernetes.io/component%3D{component}"
        found = self.cluster.items(f"{self.core}/pods?{selector}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def manifest(self, revision: int) -> list[dict[str, Any]]:
        """What Helm sent for a revision."""
        text = self.helm("get", "manifest", NAME, "--revision", str(revision))
        return [document for document in yaml.safe_load_all(text) if document]

    def hooks(self) -> list[dict[str, Any]]:
        """The hooks of the newest revision."""
        return [document for document in yaml.safe_load_all(self.helm("get", "hooks", NAME)) if document]

    def history(self) -> list[tuple[int, str]]:
        """Revision and state of each."""
        found = json.loads(self.helm("history", NAME, "-o", "json"))
        return [(item["revision"], item["status"]) for item in found]

    def jobs_seen(self) -> list[str]:
        """Ids of all Jobs whose pod was created, deleted ones too: their events outlive them."""
        events = self.cluster.items(f"{self.core}/events?fieldSelector=involvedObject.kind%3DJob")
        return sorted({e["involvedObject"]["uid"] for e in events if e["reason"] == "SuccessfulCreate"})

    def stored(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """The object of that kind and name as the API server holds it; None where there is none."""
        path = f"{self.cluster.path(document, self.namespace)}/{document['metadata']['name']}"
        try:
            return self.cluster.call("GET", path)
        except ClusterError as error:
            if error.status != 404:
                raise
            return None


def _values(name: str, sets: tuple[str, ...]) -> list[str | Path]:
    flags: list[str | Path] = ["-f", CHART / "ci" / f"{name}.yaml"]
    for item in sets:
        flags += ["--set", item]
    return flags
