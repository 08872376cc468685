"""What a node does with a pod, for pods whose containers are Bramble's own: run the command that the API server
holds, with the environment and the secret files that it holds, as a process of this machine.

Only addresses are replaced, because nothing answers at a Service's name here.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.servers.kubernetes import Cluster

ROOT = Path(__file__).resolve().parents[2]
MOUNTS = "/etc/bramble"


def secret(cluster: Cluster, namespace: str, name: str) -> dict[str, bytes]:
    """A secret's keys as a pod would read them."""
    data = cluster.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}").get("data", {})
    return {key: base64.b64decode(value) for key, value in data.items()}


def environment(cluster: Cluster, namespace: str, container: dict[str, Any]) -> dict[str, str]:
    """The container's variables, with ConfigMaps and secrets looked up at the API server."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        name = source["configMapRef"]["name"]
        found |= cluster.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}")["data"]
    for item in container.get("env", []):
        if "value" in item:
            found[item["name"]] = item["value"]
        elif "valueFrom" in item:
            ref = item["valueFrom"]["secretKeyRef"]
            found[item["name"]] = secret(cluster, namespace, ref["name"])[ref["key"]].decode()
        else:
            found[item["name"]] = ""  # what an empty value is stored as
    return found


def mount(cluster: Cluster, namespace: str, pod: dict[str, Any], folder: Path) -> None:
    """Write the secrets that the pod mounts below MOUNTS into `folder`, at the same relative paths."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for item in pod["containers"][0]["volumeMounts"]:
        volume = volumes[item["name"]]
        if "secret" not in volume:
            continue
        target = folder / Path(item["mountPath"]).relative_to(MOUNTS)
        target.mkdir(parents=True, exist_ok=True)
        keys = secret(cluster, namespace, volume["secret"]["secretName"])
        chosen = volume["secret"].get("items") or [{"key": key, "path": key} for key in keys]
        for entry in chosen:
            (target / entry["path"]).write_bytes(keys[entry["key"]])


def start(
    cluster: Cluster,
    namespace: str,
    pod: dict[str, Any],
    folder: Path,
    replace: dict[str, str],
    *arguments: str,
) -> subprocess.Popen[str]:
    """Start the pod's first container; `folder` stands for its file system, `replace` exchanges text in its
    command and environment. Its output goes to `<container's name>.log` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if pod.get("volumes"):
        mount(cluster, namespace, pod, folder)
    container = pod["containers"][0]

    def exchanged(text: str) -> str:
        for old, new in {MOUNTS: str(folder), **replace}.items():
            text = text.replace(old, new)
        return text

    # An image's entry point is `bramble`; a command stands in its place.
    command = container.get("command") or ["python", "-m", "services.cli.main"]
    assert command[0] == "python", command
    given = [exchanged(part) for part in [*command[1:], *container.get("args", [])]]
    variables = {key: exchanged(text) for key, text in environment(cluster, namespace, container).items()}
    surroundings = {key: text for key, text in os.environ.items() if not key.startswith("BRAMBLE_")}
    with (folder / f"{container['name']}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *given, *arguments],
            cwd=ROOT,
            env={
                **surroundings,
                "PYTHONUNBUFFERED": "1",
                "OMP_NUM_THREADS": "1",
                "BRAMBLE_DATA_DIR": str(folder / "data"),
                **variables,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
