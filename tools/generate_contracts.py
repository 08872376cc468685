"""Generate `shared/contracts` from `proto/` (grpcio-tools + mypy-protobuf).

    python tools/generate_contracts.py [--out DIR]

Imports in the generated files are rewritten to live below `shared.contracts`, because protoc writes them from the
proto root and the package is not importable as top-level `bramble`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
IMPORT = re.compile(r"^(from|import) bramble\b", re.MULTILINE)


def generate(out: Path) -> list[Path]:
    """Write the package below `out` (emptied first) and return its files."""
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    sources = sorted(str(p.relative_to(PROTO)) for p in PROTO.rglob("*.proto"))
    include = str(files("grpc_tools") / "_proto")
    # protoc finds the mypy plug-in beside the interpreter, which need not be on PATH.
    plugin = Path(sys.executable).parent / "protoc-gen-mypy"
    args = ["protoc", f"-I{PROTO}", f"-I{include}", f"--python_out={out}"]
    args += [f"--plugin=protoc-gen-mypy={plugin}", f"--mypy_out=quiet:{out}", *sources]
    if protoc.main(args) != 0:
        raise SystemExit("protoc failed; the message above names the file and line")
    for path in sorted(out.rglob("*.py*")):
        text = path.read_text()
        text = IMPORT.sub(r"\1 shared.contracts.bramble", text)
        if path.suffix == ".pyi":
            text = re.sub(r"(?<![\w.])bramble\.(?=\w+\.v1\.)", "shared.contracts.bramble.", text)
            text = text.replace("shared.contracts.shared.contracts.", "shared.contracts.")
        path.write_text(text)
    for folder in [out, *[p for p in out.rglob("*") if p.is_dir()]]:
        (folder / "__init__.py").write_text('"""Generated from proto/ by `make proto`; never edited."""\n')
    return sorted(p for p in out.rglob("*") if p.is_file())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "shared" / "contracts")
    for path in generate(parser.parse_args().out):
        sys.stdout.write(f"{path.name}\n")
