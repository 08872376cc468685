"""Drupelet's repository for Triton: what lies where. tests/integration/inference runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.inference.models import DRUPELET, DRUPELET_VERSION
from services.inference.repository import write_repository
from shared.blobs import create_blobs
from shared.errors import InvalidInput


def test_what_the_configuration_names_is_what_the_network_takes(tmp_path: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(DRUPELET), providers=["CPUExecutionProvider"])
    write_repository(tmp_path)
    for name in ("config.pbtxt", "configs/gpu.pbtxt"):
        text = (tmp_path / "drupelet" / name).read_text()
        for one in (*session.get_inputs(), *session.get_outputs()):
            dims = ", ".join("-1" if isinstance(d, str) else str(d) for d in one.shape[1:])
            assert f'name: "{one.name}" data_type: TYPE_FP32 dims: [ {dims} ]' in text
        assert ("KIND_GPU" in text) == (name != "config.pbtxt")
    assert (tmp_path / "drupelet" / DRUPELET_VERSION / "model.onnx").read_bytes() == DRUPELET.read_bytes()


def test_the_python_backend_brings_its_model(tmp_path: Path) -> None:
    files = write_repository(tmp_path, "python")
    assert [path.as_posix() for path in files] == [
        "drupelet/1/model.onnx",
        "drupelet/1/model.py",
        f"drupelet/{DRUPELET_VERSION}/model.onnx",
        f"drupelet/{DRUPELET_VERSION}/model.py",
        "drupelet/config.pbtxt",
    ]
    compile((tmp_path / files[1]).read_text(), "model.py", "exec")
    with pytest.raises(InvalidInput, match="tensorrt"):
        write_repository(tmp_path, "tensorrt")


def test_it_goes_into_the_bucket_where_the_chart_looks(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["model", "triton", "--out", str(out), "--upload", "models"]
    done = CliRunner().invoke(app, command, env={"BRAMBLE_DATA_DIR": str(tmp_path), "BRAMBLE_BLOB_URL": ""})
    assert done.exit_code == 0, done.output
    blobs = create_blobs("", tmp_path)
    assert sorted(info.key for info in blobs.list("models/")) == [
        "models/drupelet/1/model.onnx",
        f"models/drupelet/{DRUPELET_VERSION}/model.onnx",
        "models/drupelet/config.pbtxt",
        "models/drupelet/configs/gpu.pbtxt",
    ]
