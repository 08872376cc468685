"""A real Kubernetes API server with its controllers and scheduler, and nodes that are played by KWOK.

What is real: every object is validated, defaulted, admitted, authorised and stored by Kubernetes itself;
Deployments roll, Jobs complete, volumes bind, pods are scheduled by their requests. What isn't: no container
starts, so pods become Ready by themselves and nothing answers behind a Service; network policies are
stored, not enforced. Everything listens on the loopback and lies in temporary folders.

    with Cluster() as cluster:
        cluster.call("GET", "/api/v1/nodes")
        subprocess.run(["helm", "list"], env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig("admin"))})
"""

from __future__ import annotations

import contextlib
import copy
import json
import secrets
import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.servers.base import Server, ServerError, free_port, is_open, run, tools_dir
from tests.servers.kubernetes_build import build, crds_dir, stages

# Whom the API server knows: a cluster's administrator, and one who may install into a namespace and no more.
USERS = {"admin": "system:masters", "deployer": "deployers"}
NODES = 3
FAILING = "failing"  # the namespace where Jobs and tests end badly


class ClusterError(RuntimeError):
    """The API server refused a call; `status` is its HTTP status, the text its own sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class _Part(Server):
    """One process of the cluster."""

    variable = ""

    def __init__(self, cluster: Cluster, name: str, program: str, *arguments: str) -> None:
        super().__init__()
        self.cluster, self.program, self.arguments = cluster, program, arguments
        self.label = name
        self.probe: Callable[[], bool] = lambda: True

    name = "kubernetes"

    def install(self) -> None:
        """Built before by the cluster."""

    def command(self) -> Sequence[str | Path]:
        return [tools_dir() / "bin" / self.program, *self.arguments]

    def is_ready(self) -> bool:
        return self.probe()

    def url(self) -> str:
        return self.label


class Cluster:
    """Starts on entering and is gone after leaving, with all that it stored."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path()
        self.parts: list[_Part] = []
        self.tokens = {user: secrets.token_hex(16) for user in USERS}
        self._client: httpx.Client | None = None
        self._plurals: dict[str, dict[str, tuple[str, bool]]] = {}

    def __enter__(self) -> Cluster:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what a test does with it

    def kubeconfig(self, user: str) -> Path:
        """A file for Helm and kubectl, as one of USERS."""
        path = self.folder / f"{user}.kubeconfig"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(
                "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                f"clusters: [{{name: l, cluster: {{server: 'https://127.0.0.1:{self.port}',"
                f" certificate-authority: {self.folder / 'apiserver.crt'}}}}}]\n"
                f"users: [{{name: u, user: {{token: {self.tokens[user]}}}}}]\n"
                "contexts: [{name: c, context: {cluster: l, user: u}}]\n"
            )
        return path

    def call(self, method: str, path: str, body: Any = None, *, user: str = "admin") -> dict[str, Any]:
        """One call of the API; the answer's object. Raises ClusterError where it is refused."""
        assert self._client is not None, "the cluster isn't started"
        kind = "merge-patch+json" if method == "PATCH" else "json"
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": f"application/{kind}"}
        answer = self._client.request(method, path, json=body, headers=headers)
        if answer.status_code >= 400:
            with contextlib.suppress(ValueError):
                raise ClusterError(answer.status_code, answer.json().get("message", answer.text))
            raise ClusterError(answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def items(self, path: str) -> list[dict[str, Any]]:
        """The items of a list."""
        found: list[dict[str, Any]] = self.call("GET", path)["items"]
        return found

    def changes(self, path: str, *, since: str) -> list[dict[str, Any]]:
        """Every state that objects of a list went through after that resource version, in order."""
        assert self._client is not None, "the cluster isn't started"
        query = {"watch": "true", "resourceVersion": since, "timeoutSeconds": "2"}
        headers = {"Authorization": f"Bearer {self.tokens['admin']}"}
        with self._client.stream("GET", path, params=query, headers=headers) as answer:
            events = [json.loads(line) for line in answer.iter_lines() if line]
        assert all(event["type"] != "ERROR" for event in events), events[-1]
        return [event["object"] for event in events]

    def path(self, document: dict[str, Any], namespace: str) -> str:
        """Where documents of this kind are posted, by the server's own discovery."""
        version, kind = document["apiVersion"], document["kind"]
        base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        if version not in self._plurals:
            resources = self.call("GET", base)["resources"]
            self._plurals[version] = {
                item["kind"]: (item["name"], item["namespaced"])
                for item in resources
                if "/" not in item["name"]
            }
        plural, namespaced = self._plurals[version][kind]
        return f"{base}/namespaces/{namespace}/{plural}" if namespaced else f"{base}/{plural}"

    def create(self, document: dict[str, Any], namespace: str = "default") -> dict[str, Any]:
        """Post a document."""
        return self.call("POST", self.path(document, namespace), document)

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
        """Poll until `holds()` gives something true, which is returned. Raises AssertionError after
        `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            found = holds()
            if found:
                return found
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
            time.sleep(0.1)

    def install_crds(self) -> None:
        """The custom resources of KEDA, the Gateway API and the Prometheus operator, without their controllers."""
        base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        definitions = [yaml.safe_load(path.read_text()) for path in sorted(crds_dir().glob("*.yaml"))]
        for definition in definitions:
            self.call("POST", base, definition)

        def established() -> bool:
            found = [item.get("status", {}).get("conditions") or [] for item in self.items(base)]
            served = [any(c["type"] == "Established" and c["status"] == "True" for c in one) for one in found]
            return served.count(True) == len(definitions)

        self.until(established, "custom resources established")
        self._plurals.clear()

    # --- how it starts

    def stop(self) -> None:
        """End all parts and remove what they stored; may be called more than once."""
        if self._client is not None:
            self._client.close()
            self._client = None
        for part in reversed(self.parts):
            part.stop()
        self.parts.clear()
        if self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = Path()

    def _start(self) -> None:
        build()
        self.folder = Path(tempfile.mkdtemp(prefix="bramble-kubernetes-"))
        self._keys()
        etcd, peers = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        self._run(
            "etcd", "etcd", lambda: is_open(int(etcd.rsplit(":", 1)[1])),
            f"--data-dir={self.folder / 'etcd'}", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}", "--unsafe-no-fsync", "--log-level=warn",
        )  # fmt: skip
        key, issuer = self.folder / "accounts.key", "https://kubernetes.default.svc"
        self._run(
            "apiserver", "kube", self._answers,
            "kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none", f"--secure-port={self.port}",
            f"--tls-cert-file={self.folder / 'apiserver.crt'}", f"--tls-private-key-file={self.folder / 'apiserver.key'}",
            "--service-cluster-ip-range=10.96.0.0/16", f"--service-account-issuer={issuer}",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            f"--token-auth-file={self.folder / 'tokens.csv'}", "--authorization-mode=Node,RBAC",
        )  # fmt: skip
        config = f"--kubeconfig={self.kubeconfig('admin')}"
        trust = [
            f"--{what}-kubeconfig={self.kubeconfig('admin')}" for what in ("authentication", "authorization")
        ]
        self._run(
            "controllers", "kube", self._has_accounts,
            "kube-controller-manager", config, *trust, "--bind-address=127.0.0.1", f"--secure-port={free_port()}",
            f"--service-account-private-key-file={key}", f"--root-ca-file={self.folder / 'apiserver.crt'}",
            "--leader-elect=false",
        )  # fmt: skip
        self._run(
            "scheduler", "kube", lambda: True,
            "kube-scheduler", config, *trust, "--bind-address=127.0.0.1", f"--secure-port={free_port()}",
            "--leader-elect=false",
        )  # fmt: skip
        for number in range(NODES):
            self.create(_node(number))
        self._run(
            "kwok", "kwok", self._nodes_ready,
            config, "--manage-all-nodes=false", "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            "--cidr=10.0.0.1/24", "--node-ip=127.0.0.1", f"--server-address=127.0.0.1:{free_port()}",
            f"--config={self._stages()}",
        )  # fmt: skip

    def _run(self, name: str, program: str, ready: Callable[[], bool], *arguments: str) -> None:
        part = _Part(self, name, program, *arguments)
        part.probe = ready
        self.parts.append(part)
        part.start()

    def _keys(self) -> None:
        if shutil.which("openssl") is None:
            raise ServerError("openssl is needed to make the API server's certificate; `apt install openssl`")
        run(["openssl", "genrsa", "-out", self.folder / "accounts.key", "2048"])
        names = "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
        request = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=apiserver",
        ]
        files: list[str | Path] = [
            "-keyout",
            self.folder / "apiserver.key",
            "-out",
            self.folder / "apiserver.crt",
        ]
        run([*request, *files, "-addext", names])
        rows = [f"{self.tokens[user]},{user},{user},{group}" for user, group in USERS.items()]
        tokens = self.folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text("\n".join(rows) + "\n")
        trusted = ssl.create_default_context(cafile=str(self.folder / "apiserver.crt"))
        # trust_env: a proxy of the surroundings has no business between a test and its loopback.
        self._client = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", verify=trusted, timeout=30, trust_env=False
        )

    def _stages(self) -> Path:
        """KWOK's rules, and two of ours: the pod of `helm test` ends as a Job's does, and in the namespace FAILING
        what should end well fails."""
        rules = [rule for rule in yaml.safe_load_all(stages().read_text()) if rule]
        complete = next(rule for rule in rules if rule["metadata"]["name"] == "pod-complete")
        tested, failed = copy.deepcopy(complete), copy.deepcopy(complete)
        tested["metadata"]["name"], failed["metadata"]["name"] = "pod-complete-test", "pod-fail"
        hook = {"key": '.metadata.annotations["helm.sh/hook"]', "operator": "In", "values": ["test"]}
        tested["spec"]["selector"]["matchExpressions"][-1] = hook
        here = {"key": ".metadata.namespace", "values": [FAILING]}
        complete["spec"]["selector"]["matchExpressions"].append({**here, "operator": "NotIn"})
        failed["spec"]["selector"]["matchExpressions"].append({**here, "operator": "In"})
        text = failed["spec"]["next"]["statusTemplate"]
        text = text.replace("exitCode: 0", "exitCode: 1").replace("phase: Succeeded", "phase: Failed")
        failed["spec"]["next"]["statusTemplate"] = text
        path = self.folder / "stages.yaml"
        path.write_text(yaml.safe_dump_all([*rules, tested, failed]))
        return path

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            assert self._client is not None
            headers = {"Authorization": f"Bearer {self.tokens['admin']}"}
            return self._client.get("/readyz", headers=headers).status_code == 200
        return False

    def _has_accounts(self) -> bool:
        with contextlib.suppress(ClusterError):
            return bool(self.call("GET", "/api/v1/namespaces/default/serviceaccounts/default"))
        return False

    def _nodes_ready(self) -> bool:
        ready = {"type": "Ready", "status": "True"}
        return all(
            any(ready.items() <= condition.items() for condition in node["status"].get("conditions", []))
            for node in self.items("/api/v1/nodes")
        )


def _node(number: int) -> dict[str, Any]:
    """A node that KWOK plays, with room for the whole chart and one GPU."""
    room = {"cpu": "16", "memory": "64Gi", "pods": "110", "nvidia.com/gpu": "2"}
    labels = {
        "kubernetes.io/hostname": f"node-{number}",
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": f"zone-{number}",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"node-{number}",
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": labels,
        },
        "status": {"allocatable": room, "capacity": room},
    }
