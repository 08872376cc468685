"""Where a network runs: ONNX Runtime in this process, or Triton over gRPC. Both are `run(inputs) -> outputs` by name."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from prometheus_client import Counter, Gauge

from shared.errors import InvalidInput, Unavailable

log = logging.getLogger(__name__)
Tensors = dict[str, npt.NDArray[Any]]

REMOTE_FAILURES = Counter(
    "bramble_inference_remote_failures_total", "Calls to Triton that failed.", ["model"]
)
BREAKER_OPEN = Gauge(
    "bramble_inference_breaker_open", "1 while Triton is left alone after failures.", ["model"]
)


class Runner(Protocol):
    """Runs one network. Thread-safe."""

    def run(self, inputs: Tensors) -> Tensors:
        """Named arrays in and out. Raises Unavailable where the network can't be reached."""
        ...


class OnnxRunner:
    """ONNX Runtime on one thread; the session is made on first use, so that an idle process pays nothing."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path, self._threads = path, threads
        self._session: Any = None
        self._names: list[str] = []
        self._lock = threading.Lock()

    def run(self, inputs: Tensors) -> Tensors:
        if self._session is None:
            self._open()
        return dict(zip(self._names, self._session.run(None, inputs), strict=True))

    def _open(self) -> None:
        with self._lock:
            if self._session is not None:
                return
            import onnxruntime

            options = onnxruntime.SessionOptions()
            # One thread a call: many volunteers share the cores, and calls run side by side.
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            options.enable_cpu_mem_arena = False
            try:
                session = onnxruntime.InferenceSession(
                    str(self.path), options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:
                raise InvalidInput(
                    f"{self.path.name} is no ONNX model that can be run: {str(error)[:200]}"
                ) from error
            self._names = [o.name for o in session.get_outputs()]
            self._session = session


class Breaker:
    """Opens after `failures` in a row; closed again by the first success after `rest_s`. Time is an argument."""

    def __init__(self, failures: int = 3, rest_s: float = 5.0) -> None:
        self._limit, self._rest_s = failures, rest_s
        self._count, self._until = 0, 0.0
        self._lock = threading.Lock()

    def allows(self, now_s: float) -> bool:
        """Whether to try. While open, one caller a rest period is let through to probe."""
        with self._lock:
            if self._count < self._limit:
                return True
            if now_s >= self._until:
                self._until = now_s + self._rest_s
                return True
            return False

    def report(self, success: bool, now_s: float) -> None:
        """Tell how a try went."""
        with self._lock:
            if success:
                self._count = 0
            else:
                self._count += 1
                if self._count >= self._limit:
                    self._until = now_s + self._rest_s

    @property
    def is_open(self) -> bool:
        with self._lock:
            return self._count >= self._limit


class TritonRunner:
    """A model of a Triton server: a deadline a call, one retry of what may pass, and a breaker, so that a server that is down
    costs a volunteer a quick 503 and never a hanging stroke."""

    def __init__(
        self,
        url: str,
        model: str,
        version: str = "",
        *,
        deadline_s: float = 2.0,
        tries: int = 2,
        breaker: Breaker | None = None,
    ) -> None:
        self._url, self._model, self._version = url.removeprefix("grpc://"), model, version
        self._deadline_s, self._tries = deadline_s, tries
        self._breaker = breaker or Breaker()
        self._client: Any = None
        self._outputs: list[str] = []
        self._inputs: dict[str, str] = {}
        self._lock = threading.Lock()

    def run(self, inputs: Tensors) -> Tensors:
        if not self._breaker.allows(time.monotonic()):
            raise Unavailable(
                "The model server rests after failures; go on drawing without help.", retry_after=5
            )
        last: Exception | None = None
        for _ in range(self._tries):
            try:
                found = self._infer(inputs)
            except Exception as error:
                last = error
                REMOTE_FAILURES.labels(self._model).inc()
                self._breaker.report(False, time.monotonic())
                BREAKER_OPEN.labels(self._model).set(float(self._breaker.is_open))
                if not _may_pass(error):
                    break
                continue
            self._breaker.report(True, time.monotonic())
            BREAKER_OPEN.labels(self._model).set(0)
            return found
        log.warning("Triton model %s failed: %s", self._model, str(last)[:200])
        raise Unavailable(
            "The model server doesn't answer; go on drawing without help.", retry_after=2
        ) from last

    def _connect(self) -> Any:
        with self._lock:
            if self._client is None:
                try:
                    from tritonclient import grpc
                except ImportError as error:
                    raise Unavailable(
                        "BRAMBLE_INFERENCE_URL needs the `triton` extra to be installed."
                    ) from error
                client = grpc.InferenceServerClient(self._url)
                meta = client.get_model_metadata(self._model, self._version, client_timeout=self._deadline_s)
                self._outputs = [o.name for o in meta.outputs]
                self._inputs = {i.name: i.datatype for i in meta.inputs}
                self._client = client
        return self._client

    def _infer(self, inputs: Tensors) -> Tensors:
        client = self._connect()
        from tritonclient import grpc

        tensors = []
        for name, value in inputs.items():
            kind = self._inputs.get(name, "FP32")
            array = np.ascontiguousarray(value, np.float16 if kind == "FP16" else None)
            tensor = grpc.InferInput(name, list(array.shape), kind)
            tensor.set_data_from_numpy(array)
            tensors.append(tensor)
        wanted = [grpc.InferRequestedOutput(n) for n in self._outputs]
        answer = client.infer(
            self._model, tensors, self._version, outputs=wanted, client_timeout=self._deadline_s,
        )  # fmt: skip
        return {n: answer.as_numpy(n) for n in self._outputs}


def _may_pass(error: Exception) -> bool:
    text = str(error)
    return "UNAVAILABLE" in text or "DEADLINE" in text or "RESOURCE_EXHAUSTED" in text or "Deadline" in text
