"""`bramble model import sam`, with a SAM of the library's own classes and random weights."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from shared.errors import InvalidInput

pytestmark = [pytest.mark.torch, pytest.mark.slow]
torch = pytest.importorskip("torch")
pytest.importorskip("segment_anything")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from services.inference.sam_import import tiny_sam

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("sam") / "tiny.pth"
    torch.save(tiny_sam().state_dict(), path)
    return path


def test_the_command_writes_a_repository_that_the_service_serves(checkpoint: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from services.cli.model import app
    from services.inference.models import create_models
    from shared.settings import Settings

    out = tmp_path / "models" / "sam-tiny"
    args = [
        "import",
        "sam",
        "--checkpoint",
        str(checkpoint),
        "--type",
        "tiny",
        "--out",
        str(out),
        "--version",
        "7",
    ]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    card = json.loads((out / "bramble-model.json").read_text())
    assert card["version"] == "7"
    assert card["parity"]["dice"] >= 0.995
    assert card["parity"]["logits"] <= 5e-3
    config = (out / "sam-tiny-encoder" / "config.pbtxt").read_text()
    assert "dynamic_batching" in config
    assert "KIND_GPU" in (out / "sam-tiny-encoder" / "configs" / "gpu.pbtxt").read_text()
    models = create_models(Settings(data_dir=tmp_path))
    assert models.pick("sam-tiny").info.version == "7"


def test_a_wrong_truncated_or_hostile_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    from services.inference.sam_import import load_checkpoint

    with pytest.raises(InvalidInput, match="no type"):
        load_checkpoint(checkpoint, "vit_x")
    with pytest.raises(InvalidInput, match="no checkpoint"):
        load_checkpoint(tmp_path / "none.pth", "tiny")
    cut = tmp_path / "cut.pth"
    cut.write_bytes(checkpoint.read_bytes()[:2000])
    with pytest.raises(InvalidInput, match="cut off"):
        load_checkpoint(cut, "tiny")

    fired = tmp_path / "fired"

    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (fired,))

    hostile = tmp_path / "hostile.pth"
    hostile.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InvalidInput, match="refused"):
        load_checkpoint(hostile, "tiny")
    assert not fired.exists(), "the pickle was run"
    other = tmp_path / "other.pth"
    torch.save({"x": torch.zeros(3)}, other)
    with pytest.raises(InvalidInput, match="doesn't hold"):
        load_checkpoint(other, "tiny")
