"""Kubernetes' own programs, built from Go modules: there is no registry package that holds them.

`kube` is one binary with API server, controllers and scheduler inside; etcd is its database; KWOK stands in for
the nodes. About 15 minutes and 3 GB at the peak on two quiet cores, once; 230 MB are kept in `.tools/bin`. So
they are built on demand only (`make chart-test`, or `python -m tests.servers.kubernetes_build`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.servers.base import ServerError, install_lock, run, tools_dir
from tests.servers.go import go

KUBERNETES = "1.37.2"
ETCD = "v3.7.3"
KWOK = "v0.8.0"
KEDA = "github.com/kedacore/keda/v2@v2.18.0"
GATEWAY_API = "sigs.k8s.io/gateway-api@v1.5.1"
PROMETHEUS_API = ("github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring", "v0.95.2")
CONTROLLER_TOOLS = ("sigs.k8s.io/controller-tools", "v0.23.0")
PROGRAMS = ("etcd", "kube", "kwok")
# Custom resources that the chart writes: <group>_<plural>.
CUSTOM = {
    "keda.sh_scaledjobs",
    "keda.sh_scaledobjects",
    "keda.sh_triggerauthentications",
    "gateway.networking.k8s.io_httproutes",
    "monitoring.coreos.com_prometheusrules",
    "monitoring.coreos.com_servicemonitors",
}

ETCD_MAIN = """package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
"""
# The argument after the program's name says which of the three it is.
KUBE_MAIN = """package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	known := map[string]func() *cobra.Command{
		"kube-apiserver":          func() *cobra.Command { return apiserver.NewAPIServerCommand() },
		"kube-controller-manager": controllers.NewControllerManagerCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	}
	if len(os.Args) > 1 && known[os.Args[1]] != nil {
		name := os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
		os.Exit(cli.Run(known[name]()))
	}
	fmt.Fprintln(os.Stderr, "usage: kube kube-apiserver|kube-controller-manager|kube-scheduler [flags]")
	os.Exit(2)
}
"""


def crds_dir() -> Path:
    """Where the definitions of the custom resources lie, a YAML file each."""
    return tools_dir() / "kubernetes" / "crds"


def stages() -> Path:
    """KWOK's rules of how nodes and pods live; without them it ends at once."""
    return tools_dir() / "kubernetes" / "kwok-stages.yaml"


def missing() -> list[str]:
    """What isn't built yet; empty where a cluster can start at once."""
    names = [name for name in PROGRAMS if not (tools_dir() / "bin" / name).exists()]
    names += [name for name in sorted(CUSTOM) if not (crds_dir() / f"{name}.yaml").exists()]
    return names if stages().exists() else [*names, stages().name]


def build() -> None:
    """Bring all of it below `tools_dir()`; returns at once where it is. Raises ServerError."""
    with install_lock("kubernetes"):
        if not missing():
            return
        for name, step in (
            ("etcd", _etcd),
            ("KWOK", _kwok),
            ("custom resources", _crds),
            ("Kubernetes", _kube),
        ):
            began = time.monotonic()
            step()
            sys.stderr.write(f"{name}: built ({time.monotonic() - began:.0f} s)\n")
        if missing():
            raise ServerError(f"the build ended without {', '.join(missing())}")


def _env() -> dict[str, str]:
    path = f"{Path(go()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {"CGO_ENABLED": "0", "PATH": path, "GOBIN": str(tools_dir() / "bin"), "GOFLAGS": "-mod=mod"}


def _module(name: str, mod: str, main: str = "") -> Path:
    """A folder with a Go module of ours, which others are built through."""
    folder = tools_dir() / "kubernetes" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(f"module bramble.local/{name}\n\n{mod}")
    (folder / "go.sum").unlink(missing_ok=True)
    if main:
        (folder / "main.go").write_text(main)
    return folder


def _download(module: str) -> dict[str, str]:
    """`go mod download`: where the module's files lie. Raises ServerError."""
    command = [go(), "mod", "download", "-json", module]
    folder = _module("empty", "go 1.26.0\n")
    done = subprocess.run(command, cwd=folder, env={**os.environ, **_env()}, capture_output=True, text=True)
    answer: dict[str, str] = json.loads(done.stdout or "{}")
    if done.returncode != 0 or "Dir" not in answer:
        raise ServerError(f"Go can't fetch {module}: {answer.get('Error') or done.stderr.strip()[-500:]}")
    return answer


def _compile(folder: Path, name: str, flags: str = "") -> None:
    target = tools_dir() / "bin" / name
    if target.exists():
        return
    partial = target.with_name(f"{name}.partial")
    run(
        [go(), "build", "-trimpath", "-ldflags", f"-s -w {flags}".strip(), "-o", partial, "."],
        env=_env(),
        cwd=folder,
    )
    partial.rename(target)


def _etcd() -> None:
    # `go install` of etcd is refused, because its go.mod has `replace` lines.
    mod = f"go 1.26.0\n\nrequire go.etcd.io/etcd/server/v3 {ETCD}\n"
    _compile(_module("etcd", mod, ETCD_MAIN), "etcd")


def _kwok() -> None:
    source = Path(_download(f"sigs.k8s.io/kwok@{KWOK}")["Dir"])
    if not (tools_dir() / "bin" / "kwok").exists():
        command = [go(), "install", "-trimpath", "-ldflags", "-s -w", f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}"]
        run(command, env={**_env(), "GOFLAGS": ""})
    found = [
        path.read_text()
        for kind in ("node/fast", "node/heartbeat", "pod/fast")
        for path in sorted((source / "kustomize" / "stage" / kind).glob("*.yaml"))
        if path.name != "kustomization.yaml"
    ]
    stages().parent.mkdir(parents=True, exist_ok=True)
    stages().write_text("\n---\n".join(found))


def _kube() -> None:
    if (tools_dir() / "bin" / "kube").exists():
        return
    # Kubernetes names its staging modules at v0.0.0, so each needs a `replace` to the version that it was released as.
    text = Path(_download(f"k8s.io/kubernetes@v{KUBERNETES}")["GoMod"]).read_text()
    major, minor, _ = KUBERNETES.split(".")
    released = f"v0.{KUBERNETES.split('.', 1)[1]}"
    lines = re.findall(r"^(?:go|godebug) .*$", text, re.MULTILINE)
    names = re.findall(r"^\s*(k8s\.io/[a-z-]+) => \./staging", text, re.MULTILINE)
    replaced = "\n".join(f"\t{name} => {name} {released}" for name in names)
    mod = "\n".join(lines) + f"\n\nrequire k8s.io/kubernetes v{KUBERNETES}\n\nreplace (\n{replaced}\n)\n"
    folder = _module("kube", mod, KUBE_MAIN)
    # -e: some of Kubernetes' own tests import what was never released; they aren't built here.
    run([go(), "mod", "tidy", "-e"], env=_env(), cwd=folder)
    stamp = "k8s.io/component-base/version"
    values = {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "gitCommit": "0" * 40,
        "buildDate": "2026-01-01T00:00:00Z",
    }
    _compile(folder, "kube", " ".join(f"-X {stamp}.{key}={value}" for key, value in values.items()))


def _crds() -> None:
    """Definitions as KEDA and the Gateway API ship them; the Prometheus operator's repository has no module of its
    own to fetch, so its are generated from its API types with the generator and flags that it uses itself."""
    crds_dir().mkdir(parents=True, exist_ok=True)
    for module, folder in ((KEDA, "config/crd/bases"), (GATEWAY_API, "config/crd/standard")):
        for path in (Path(_download(module)["Dir"]) / folder).glob("*.yaml"):
            if path.stem in CUSTOM:
                shutil.copyfile(path, crds_dir() / path.name)
    if all((crds_dir() / f"{name}.yaml").exists() for name in CUSTOM):
        return
    api, tools = PROMETHEUS_API, CONTROLLER_TOOLS
    mod = f"go 1.26.0\n\nrequire (\n\t{api[0]} {api[1]}\n\t{tools[0]} {tools[1]}\n)\n"
    main = f'package main\n\nimport _ "{api[0]}/v1"\n\nfunc main() {{}}\n'
    work = _module("prometheus-crds", mod, main)
    run([go(), "mod", "tidy"], env=_env(), cwd=work)
    run([go(), "get", f"{tools[0]}/cmd/controller-gen@{tools[1]}"], env=_env(), cwd=work)
    out = work / "out"
    command = [go(), "run", f"{tools[0]}/cmd/controller-gen", "crd:crdVersions=v1,allowDangerousTypes=true"]
    run([*command, f"paths={api[0]}/v1", f"output:crd:dir={out}"], env=_env(), cwd=work)
    for path in out.glob("*.yaml"):
        if path.stem in CUSTOM:
            shutil.copyfile(path, crds_dir() / path.name)


if __name__ == "__main__":
    try:
        build()
    except ServerError as error:
        sys.exit(str(error))
