"""Base annotation without a prompt: a thread that keeps the proposals of images without a consensus up to date."""

from __future__ import annotations

import logging
import threading
import time

from services.inference import store
from services.inference.domain.port import Segmenter
from services.inference.domain.prior import Prior, propose
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
                for image, _ in todo
            }
        for image, made_from in todo:
            if self._halt.is_set():
                break
            began = time.perf_counter()
            self._make(image, made_from, priors[image.project_id])
            # Nobody waits for a proposal, and a new project's would keep a core from its volunteers for minutes.
            PACE.step_aside(self._halt, time.perf_counter() - began)
        return len(todo)

    def _make(self, image: store.Image, made_from: int, priors: dict[int, Prior]) -> None:
        found: list[store.Proposal] = []
        info = self._model.info
        try:
            frame = store.read_frame(self._blobs, image)
            embedding = self._model.encode(frame)
            for label_id, prior in sorted(priors.items()):
                best = propose(self._model, embedding, frame, prior)
                if best is not None and best.score >= LEAST_SCORE:
                    found.append(store.Proposal(image.id, label_id, image.project_id, rle.encode(best.mask), best.score,
                                                info.name, info.version))  # fmt: skip
        except Exception:  # one broken frame must not stop the others; it is settled as "no proposal"
            log.warning("no proposal for image %s", image.id, exc_info=True)
        event = ProposalReady(
            image_id=image.id, project_id=image.project_id, model=info.name, model_version=info.version
        )
        for proposal in found:
            key = f"inference/proposals/{image.id}/{info.name}-{info.version}-{made_from}-{proposal.label_id}.rle"
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
            store.replace_proposals(conn, image.id, made_from, found, now)
            if found:
                emit(conn, "inference", image.project_id, event, clock=self._clock)
