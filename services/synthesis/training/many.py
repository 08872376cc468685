"""Training by several processes of one machine, one a GPU: `accelerate` in each of them, the job's worker above them.

The worker keeps what belongs to the job (lease, checkpoints, reports); its children compute. The first of them asks for each of these by a
pipe and waits for the answer, so that a job that is cancelled, a worker that must go and a full disk mean what they mean with one process.
"""

from __future__ import annotations

import os
import socket
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.params import TrainParams
from services.synthesis.parent import die_with
from services.synthesis.training.checkpoints import Checkpoints
from services.synthesis.training.progress import Report, Stopped
from shared.errors import BrambleError, InvalidInput, StorageFull

ERRORS: tuple[type[BrambleError], ...] = (InvalidInput, StorageFull)
"""What a training may tell its user; anything else is a fault, told with its traceback."""

Pairs = tuple[NDArray[np.float32], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Work:
    """What every process needs: where the arrays lie (they are mapped, not copied), and where to go on from."""

    folder: Path
    classes: int
    params: TrainParams
    sd_path: Path | None
    kept: bytes | None
    parent: int
    shows: bool


def train(
    pairs: Pairs,
    validation: Pairs,
    classes: int,
    params: TrainParams,
    sd_path: Path | None,
    processes: int,
    *,
    checkpoints: Checkpoints,
    report: Report,
    show: Callable[[int, bytes], None] | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """Train as `backends.train`, with ``processes`` children; ``params.batch`` is each one's. The weights, and what the training was like
    (``steps``, ``seconds``, ``losses``, ``validation``, ``stopped``). Raises as training does, and RuntimeError where a process died."""
    with tempfile.TemporaryDirectory(prefix="bramble-train-") as name:
        folder = Path(name)
        arrays: tuple[NDArray[Any], ...] = (*pairs, *validation)
        for part, array in zip(_PARTS, arrays, strict=True):
            np.save(folder / f"{part}.npy", array)
        # Spawned, not forked: a fork of a process whose torch has threads hangs.
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        port = _free_port()
        given = Work(folder, classes, params, sd_path, checkpoints.load(), os.getpid(), show is not None)
        children = [
            context.Process(
                target=_child, args=(rank, processes, port, given, theirs if rank == 0 else None), daemon=True
            )
            for rank in range(processes)
        ]
        for child in children:
            child.start()
        theirs.close()
        try:
            return _serve(ours, children, checkpoints, report, show)
        finally:
            # Those who wait for one that is gone would wait for ever.
            for child in children:
                child.kill()
                child.join()
            ours.close()


_PARTS = ("images", "maps", "held_images", "held_maps")


def _serve(
    pipe: Any,
    children: list[Any],
    checkpoints: Checkpoints,
    report: Report,
    show: Callable[[int, bytes], None] | None,
) -> tuple[bytes, dict[str, Any]]:
    """Answer the first child until it is done. What ``report`` and ``checkpoints`` raise goes to the child first, which may want to keep
    its state, and is raised then."""
    raised: Exception | None = None
    while True:
        ready = connection.wait([pipe, *(c.sentinel for c in children)])
        if pipe not in ready:
            dead = [(rank, c.exitcode) for rank, c in enumerate(children) if c.exitcode not in (None, 0)]
            if not dead:
                continue
            raise RuntimeError(f"Training process {dead[0][0]} of {len(children)} died with {dead[0][1]}.")
        try:
            kind, *rest = pipe.recv()
        except EOFError:
            children[0].join()
            raise RuntimeError(f"The first training process died with {children[0].exitcode}.") from None
        if kind == "done":
            return rest[0], rest[1]
        if kind == "ended":
            assert raised is not None
            raise raised
        if kind == "refused":
            raise next(e for e in ERRORS if e.__name__ == rest[0])(rest[1])
        if kind == "fault":
            raise RuntimeError(f"Training failed in one of {len(children)} processes:\n{rest[0]}")
        try:
            if kind == "report":
                report(*rest)
            elif kind == "picture":
                assert show is not None
                show(*rest)
            else:
                checkpoints.save(*rest)
        except Exception as error:
            raised = error
            pipe.send(error.reason if isinstance(error, Stopped) else type(error).__name__)
        else:
            pipe.send(None)


class _Ended(Exception):
    """The worker said no; it knows why."""


class _Above:
    """A child's way to the worker: its `Report` and its `Checkpoints`. Only the first process has one that speaks."""

    def __init__(self, pipe: Any, kept: bytes | None) -> None:
        self.pipe, self.kept = pipe, kept

    def load(self) -> bytes | None:
        return self.kept

    def save(self, step: int, state: bytes) -> None:
        if self._ask("checkpoint", step, state) is not None:
            raise _Ended

    def show(self, step: int, picture: bytes) -> None:
        if self._ask("picture", step, picture) is not None:
            raise _Ended

    def report(self, fraction: float, stage: str, detail: str = "") -> None:
        if (reason := self._ask("report", fraction, stage, detail)) is not None:
            raise Stopped(reason)

    def _ask(self, *message: Any) -> str | None:
        if self.pipe is None:
            return None
        self.pipe.send(message)
        answer: str | None = self.pipe.recv()
        return answer


def _child(rank: int, world: int, port: int, given: Work, pipe: Any) -> None:
    """One process. The names that torch and accelerate look for say which of how many it is."""
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )  # fmt: skip
    die_with(given.parent)
    above = _Above(pipe, given.kept)
    tell: Callable[..., None] = pipe.send if pipe is not None else lambda _: None
    try:
        tell(_train(given, above))
    except (_Ended, Stopped):
        tell(("ended",))
    except ERRORS as error:
        tell(("refused", type(error).__name__, error.detail))
    except Exception:
        tell(("fault", traceback.format_exc(limit=8)))
        if pipe is None:
            traceback.print_exc()
            raise
    finally:
        _leave()


def _train(given: Work, above: _Above) -> tuple[Any, ...]:
    import torch
    from accelerate import PartialState

    from services.synthesis.training import backends

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    else:
        os.environ["ACCELERATE_USE_CPU"] = "true"
    found, wanted = PartialState(cpu=not torch.cuda.is_available()).num_processes, os.environ["WORLD_SIZE"]
    if str(found) != wanted:  # each would train alone, and nobody would notice
        raise RuntimeError(f"accelerate sees {found} processes instead of {wanted}.")
    images, maps, held_images, held_maps = (
        np.load(given.folder / f"{part}.npy", mmap_mode="c") for part in _PARTS
    )
    made = backends.train(
        images,
        maps,
        given.classes,
        given.params,
        given.sd_path,
        validation=(held_images, held_maps),
        checkpoints=above,
        report=above.report,
        show=above.show if given.shows else None,
        processes=1,
    )
    about = {name: getattr(made, name) for name in ABOUT}
    return "done", backends.save(made) if above.pipe is not None else b"", about


ABOUT = ("steps", "seconds", "losses", "validation", "stopped")


def _leave() -> None:
    import torch.distributed as group

    with suppress(Exception):
        if group.is_initialized():
            group.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
