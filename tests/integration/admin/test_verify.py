"""`bramble admin verify-blobs`: finds what is missing, changed or cut, names the row that needs it, and nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, insert
from typer.testing import CliRunner

from services.allinone import verify
from services.allinone.migrate import migrate
from services.annotations.domain.answers import MaskOf
from services.annotations.packs import Pack
from services.cli.main import app
from shared.blobs import create_blobs
from shared.db.session import Database, metadata
from shared.imaging.rle import RLE
from shared.settings import Settings
from tests.integration.admin.test_backup import value

FRAME, ORIGINAL, PICTURE, MASK = b"frame" * 999, b"original", b"picture", b"a mask"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One row in each table that names blobs, and in `annotations_submissions` two that share a pack."""
    made = Settings(data_dir=tmp_path / "data")
    migrate(made)
    blobs = create_blobs(made.blob_url, made.data_dir)
    pack = Pack("annotations/masks/0/pack.rle")
    refs = [pack.add([MaskOf(1, RLE(2, 2, counts), 1)]) for counts in (b"first0", b"second")]
    pack.write(blobs)
    for key, data in (
        ("images/o", ORIGINAL),
        ("images/f", FRAME),
        ("s/w", b"w"),
        ("s/i", PICTURE),
        ("s/m", MASK),
    ):
        blobs.put(key, data)
    blobs.put("s/a", b"archive")
    blobs.close()
    put(made, "images", "images_source", id="source", blob_key="images/o", sha256=sha(ORIGINAL))
    put(made, "images", "images_image", id="image", frame_key="images/f", frame_sha256=sha(FRAME))
    for n, ref in enumerate(refs):
        masks = json.dumps(ref)
        put(
            made,
            "annotations",
            "annotations_submissions",
            id=f"s{n}",
            client_key=f"k{n}",
            pack=pack.key,
            masks=masks,
        )
    put(made, "annotations", "annotations_submissions", id="nothing", client_key="k9", pack="", masks="[]")
    put(made, "synthesis", "synthesis_generators", id="g", weights_key="s/w", weights_sha256=sha(b"w"))
    put(
        made,
        "synthesis",
        "synthesis_synthetic",
        id="x",
        image_key="s/i",
        image_sha256=sha(PICTURE),
        mask_key="s/m",
    )
    put(made, "synthesis", "synthesis_datasets", id="d", archive_key="s/a", archive_sha256=sha(b"archive"))
    return made


def put(settings: Settings, service: str, table: str, **given: object) -> None:
    database = Database(settings.database_url_for(service))
    columns = metadata.tables[table].columns
    row = {c.name: value(c, 1, service) for c in columns if not c.nullable} | given
    with database.begin() as conn:
        conn.execute(insert(metadata.tables[table]).values(**row))
    database.close()


def file_of(settings: Settings, key: str) -> Path:
    (found,) = [p for p in settings.data_dir.rglob(Path(key).name) if str(p).endswith(key)]
    return found


def damages(settings: Settings) -> list[tuple[str, str, str]]:
    return [(d.row, d.key, d.what) for d in verify.verify_blobs(settings)[1]]


def test_a_sound_installation(settings: Settings) -> None:
    counts, damaged = verify.verify_blobs(settings)
    assert damaged == []
    assert counts["rows"] == 8
    assert counts["checked"] == 8
    assert counts["bytes"] == len(ORIGINAL) + len(FRAME) + 12 + 1 + len(PICTURE) + len(b"archive")


def test_each_kind_of_harm_is_found_at_its_row(settings: Settings) -> None:
    file_of(settings, "images/f").unlink()
    file_of(settings, "s/m").unlink()
    original = file_of(settings, "images/o")
    original.write_bytes(original.read_bytes()[:-1] + b"?")
    pack = file_of(settings, "pack.rle")
    pack.write_bytes(pack.read_bytes()[:-1])  # the end of the second submission's mask
    assert sorted(damages(settings)) == [
        ("image", "images/f", "missing"),
        ("s1", "annotations/masks/0/pack.rle", "changed"),
        ("source", "images/o", "changed"),
        ("x", "s/m", "missing"),
    ]


def test_a_row_that_goes_meanwhile_is_no_damage(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    file_of(settings, "images/f").unlink()
    check = verify._check

    def deleting(*args):
        database = Database(settings.database_url_for("images"))
        with database.begin() as conn:
            conn.execute(delete(metadata.tables["images_image"]))
        database.close()
        return check(*args)

    monkeypatch.setattr(verify, "_check", deleting)
    assert damages(settings) == []


def test_pages_leave_no_row_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "_PAGE", 1)
    assert verify.verify_blobs(settings)[0]["rows"] == 8


def test_the_command(settings: Settings) -> None:
    runner, env = CliRunner(), {"BRAMBLE_DATA_DIR": str(settings.data_dir)}
    done = runner.invoke(app, ["--json", "admin", "verify-blobs"], env=env)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["damaged"] == 0
    file_of(settings, "images/o").unlink()
    done = runner.invoke(app, ["--json", "admin", "verify-blobs"], env=env)
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[0]) == {
        "what": "missing",
        "table": "images_source",
        "row": "source",
        "key": "images/o",
    }
    assert "1 damaged" in done.stderr
