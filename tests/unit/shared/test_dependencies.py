"""Nobody installs torch to run the gateway, and nothing that serves a page imports it."""

import contextlib
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {"torch", "diffusers", "accelerate", "nilearn", "segment-anything", "SimpleITK"}
LAZY = ("torch", "diffusers", "skimage", "scipy", "onnxruntime", "pandas", "matplotlib")


def reachable(name: str, seen: set[str]) -> set[str]:
    for text in metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        key = wanted.name.lower().replace("_", "-")
        if key not in seen:
            seen.add(key)
            with contextlib.suppress(metadata.PackageNotFoundError):
                reachable(wanted.name, seen)
    return seen


def test_the_base_install_pulls_nothing_heavy():
    pulled = reachable("bramble", set())
    assert "fastapi" in pulled
    assert not pulled & {h.lower() for h in HEAVY}


@pytest.mark.parametrize(
    "module", ["services.cli.main", "services.allinone.compose", "services.allinone.migrate"]
)
def test_doors_import_nothing_heavy(module):
    code = f"import sys, {module}; print([m for m in {LAZY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_whole_platform_is_built_without_torch(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom services.allinone.compose import Platform\n"
        "from services.allinone.migrate import migrate\nfrom shared.settings import Settings\n"
        f"s = Settings(data_dir=Path({str(tmp_path)!r}))\nmigrate(s)\np = Platform(s)\np.build()\np.stop()\n"
        f"print([m for m in {(*LAZY, 'httpx', 'rich')!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


def test_an_installation_on_sqlite_loads_no_postgresql_dialect_and_one_on_postgresql_keeps_its_partial_indices():
    code = """
import sys
from services.allinone.migrate import load_tables
load_tables()
print("sqlalchemy.dialects.postgresql" in sys.modules)
from shared.db.partial import know_postgresql
know_postgresql()
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.schema import CreateIndex
from services.annotations.tables import leases
index = next(i for i in leases.indexes if i.name == "uq_annotations_leases_live")
print(CreateIndex(index).compile(dialect=dialect()))
"""
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    first, rest = out.split("\n", 1)
    assert first == "False"
    assert "UNIQUE" in rest
    assert "WHERE state = 0" in rest
