"""Base annotation without a prompt: a thread that keeps the proposals of images without a consensus up to date."""

from __future__ import annotations

import logging
import threading
import time

import numpy as np
import numpy.typing as npt

from services.inference import project_models, store
from services.inference.domain.port import Segmenter
from services.inference.domain.prior import Prior, propose
from services.inference.domain.project_model import Guess, doubt
from shared.blobs import BlobStore
from shared.clock import Clock
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, LabelMask
from shared.contracts.bramble.inference.v1.events_pb2 import ProposalReady
from shared.db.outbox import emit
from shared.db.session import Database
from shared.imaging import rle
from shared.pace import PACE

log = logging.getLogger(__name__)
LEAST_EXAMPLES = 3
GROWTH = 2.0
"""Proposals are made again each time that the examples have doubled."""
LEAST_SCORE = 0.35
"""Below it a proposal would rather mislead than help (anchoring), so none is shown."""


class Proposer(threading.Thread):
    """Makes proposals one image at a time, and rests when there is nothing to do."""

    def __init__(
        self, db: Database, blobs: BlobStore, clock: Clock, model: Segmenter, idle_s: float = 5.0
    ) -> None:
        super().__init__(name="inference-proposer", daemon=True)
        self._db, self._blobs, self._clock, self._model, self._idle_s = db, blobs, clock, model, idle_s
        self._networks = project_models.Networks(blobs)
        self._halt = threading.Event()

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                worked = self.step()
            except Exception:
                log.warning("making proposals failed; trying again later", exc_info=True)
                worked = 0
            self._halt.wait(0.05 if worked else self._idle_s)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop after the image at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout_s)

    def step(self, limit: int = 8) -> int:
        """Make the proposals of at most `limit` images; answers how many images it looked at."""
        with self._db.read() as conn:
            todo = store.to_propose(conn, LEAST_EXAMPLES, GROWTH, limit)
            priors = {
                image.project_id: {k: Prior(v) for k, v in store.examples_of(conn, image.project_id).items()}
                for image, _, _ in todo
            }
            models = {i: project_models.find(conn, i) for i in {model for _, _, model in todo if model}}
        for image, made_from, model_id in todo:
            if self._halt.is_set():
                break
            began = time.perf_counter()
            own = models[model_id] if model_id else None
            self._make(image, made_from, priors[image.project_id], own)
            # Nobody waits for a proposal, and a new project's would keep a core from its volunteers for minutes.
            PACE.step_aside(self._halt, time.perf_counter() - began)
        return len(todo)

    def _make(
        self,
        image: store.Image,
        made_from: int,
        priors: dict[int, Prior],
        own: project_models.Version | None,
    ) -> None:
        info = self._model.info
        found, guesses = self._found(image, priors, own)
        event = ProposalReady(
            image_id=image.id, project_id=image.project_id, model=info.name, model_version=info.version
        )
        if own is not None and guesses:
            event.project_model, event.doubt = own.id, doubt(guesses)
            if any(p.model == project_models.NAME for p in found):
                event.model, event.model_version = project_models.NAME, str(own.version)
        for proposal in found:
            key = f"inference/proposals/{image.id}/{proposal.model}-{proposal.version}-{made_from}-{proposal.label_id}.rle"
            stored = self._blobs.put(key, proposal.rle.counts, media_type="text/plain")
            ref = BlobRef(key=key, sha256=stored.sha256, size=stored.size, media_type="text/plain")
            event.masks.append(
                LabelMask(
                    label_id=proposal.label_id,
                    height=image.height,
                    width=image.width,
                    rle=ref,
                    area=rle.area(proposal.rle),
                )
            )
            event.scores.append(proposal.score)
        now = self._clock.now_us()
        with self._db.begin() as conn:
            had = store.replace_proposals(conn, image.id, made_from, own.id if own else "", found, now)
            if found or had or event.project_model:
                emit(conn, "inference", image.project_id, event, clock=self._clock)

    def _guesses(self, own: project_models.Version | None, frame: npt.NDArray[np.uint8]) -> list[Guess]:
        if own is None:
            return []
        try:
            return self._networks.guess(own, frame)
        except Exception:  # its file is gone or broken: the promptable model goes on proposing
            log.warning("version %d of a project's segmenter can't be used", own.version, exc_info=True)
            return []

    def _found(
        self, image: store.Image, priors: dict[int, Prior], own: project_models.Version | None
    ) -> tuple[list[store.Proposal], list[Guess]]:
        """What to show, label by label: the project model's mask where enough is expected of it, else the promptable model's where that
        is good enough, else nothing; and all that the project model said."""
        found: list[store.Proposal] = []
        guesses: list[Guess] = []
        info = self._model.info

        def keep(label_id: int, mask: npt.NDArray[np.bool_], score: float, model: str, version: str) -> None:
            found.append(
                store.Proposal(image.id, label_id, image.project_id, rle.encode(mask), score, model, version)
            )

        try:
            frame = store.read_frame(self._blobs, image)
            guesses = self._guesses(own, frame)
            shown = {g.label_id: g for g in guesses if g.is_shown}
            for label_id, g in sorted(shown.items()):
                keep(label_id, g.mask, g.expected, project_models.NAME, str(own.version if own else 0))
            left = [label_id for label_id in sorted(priors) if label_id not in shown]
            embedding = self._model.encode(frame) if left else None
            for label_id in left:
                assert embedding is not None
                best = propose(self._model, embedding, frame, priors[label_id])
                if best is not None and best.score >= LEAST_SCORE:
                    keep(label_id, best.mask, best.score, info.name, info.version)
        except Exception:  # one broken frame must not stop the others; it is settled as "no proposal"
            log.warning("no proposal for image %s", image.id, exc_info=True)
        return found, guesses
