"""Drupelet on a real Triton (CPU, Python backend) gives the masks that ONNX Runtime gives in this process. `make triton-test` installs that
Triton (414 MB) first; elsewhere these tests are skipped by name until it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from services.inference.domain.clicker import Click
from services.inference.domain.prompt import Prompt
from services.inference.models import DRUPELET, DrupeletSegmenter
from services.inference.repository import write_repository
from services.inference.runners import OnnxRunner, TritonRunner
from shared.errors import Unavailable
from tests.servers import ServerError, TritonServer
from tests.servers.plugin import skip_real
from tests.unit.inference.kit import phantom
from tests.unit.inference.test_port import PROMPTS

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    if skip_real():
        pytest.skip("BRAMBLE_SKIP_REAL is set")
    models = tmp_path_factory.mktemp("repository")
    write_repository(models, "python")
    made = TritonServer(models)
    if not made.external and not (made.venv / "bramble-ready").exists():
        pytest.skip("Triton isn't installed; `make triton-test` installs it")
    try:
        made.start()
        yield made
    except ServerError as error:
        pytest.fail(str(error), pytrace=False)
    finally:
        made.stop()


@pytest.fixture(scope="module")
def near() -> DrupeletSegmenter:
    return DrupeletSegmenter(OnnxRunner(DRUPELET), weights=DRUPELET)


def far(server: TritonServer, deadline_s: float = 10.0) -> DrupeletSegmenter:
    return DrupeletSegmenter(
        TritonRunner(server.address(), "drupelet", deadline_s=deadline_s), weights=DRUPELET
    )


@pytest.mark.parametrize("name", PROMPTS)
def test_masks_are_those_of_this_process(server: TritonServer, near: DrupeletSegmenter, name: str) -> None:
    there, here = (m.decode(m.encode(phantom()), PROMPTS[name])[0] for m in (far(server), near))
    assert np.array_equal(there.mask, here.mask)
    assert there.score == pytest.approx(here.score, abs=1e-5)


def test_frames_of_several_sizes_come_together_and_each_gets_its_own(
    server: TritonServer, near: DrupeletSegmenter
) -> None:
    shapes = [(96, 128), (64, 64), (300, 200), (40, 500)] * 4
    frames = [
        np.random.default_rng(k).integers(0, 255, shape, dtype=np.uint8) for k, shape in enumerate(shapes)
    ]
    prompts = [Prompt((Click(shape[1] / 2, shape[0] / 2, True),)) for shape in shapes]
    model = far(server)

    def ask(one: int) -> np.ndarray:
        return model.decode(model.encode(frames[one]), prompts[one])[0].mask

    with ThreadPoolExecutor(8) as pool:
        for one, mask in enumerate(pool.map(ask, range(len(shapes)))):
            assert np.array_equal(mask, near.decode(near.encode(frames[one]), prompts[one])[0].mask)
    page = httpx.get(server.metrics_url()).text
    done = [
        line
        for line in page.splitlines()
        if line.startswith("nv_inference_request_success{") and "drupelet" in line
    ]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in done) >= len(shapes)


def test_clicks_work_again_after_the_server_was_killed(server: TritonServer, near: DrupeletSegmenter) -> None:
    if server.external:
        pytest.skip("this server is somebody else's")
    model, embedding = far(server, deadline_s=2.0), near.encode(phantom())
    expected = near.decode(embedding, PROMPTS["points"])[0].mask
    assert np.array_equal(model.decode(embedding, PROMPTS["points"])[0].mask, expected)
    server.kill()
    for _ in range(4):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            model.decode(embedding, PROMPTS["points"])
        assert time.monotonic() - began < 6, "a volunteer waits for a server that is gone"
    server.start()
    back, found = time.monotonic(), None
    while found is None and time.monotonic() - back < 30:
        try:
            found = model.decode(embedding, PROMPTS["points"])[0].mask
        except Unavailable:
            time.sleep(0.2)
    print(f"clicks work {time.monotonic() - back:.1f} s after Triton was back")
    assert found is not None
    assert np.array_equal(found, expected)
