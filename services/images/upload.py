"""One upload: files come one by one, each is kept or refused alone, and what is kept is committed in batches with its events.

Blobs are written before the rows that name them, so a row never points at nothing; what a crash leaves behind is a blob that
nothing names. A batch is bounded in files and frames, so that memory doesn't grow with the upload.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO

from google.protobuf.message import Message

from services.images import events, store
from services.images.domain.archive import zip_members
from services.images.domain.deidentify import Pseudonyms
from services.images.domain.intake import head_of, open_source, remembered_name
from services.images.domain.sniff import kind_of
from services.images.domain.source import Frame, Limits, OpenedSource, Rejected
from services.images.records import Image, Rejection, Source
from services.images.writing import BlobWriter
from shared import tracing
from shared.db.outbox import emit_rows, outbox_row
from shared.deps import Deps
from shared.ids import new_id

SERVICE = "images"
_BATCH_FILES, _BATCH_FRAMES = 64, 512


def limits_of(deps: Deps) -> Limits:
    """The limits that the settings give."""
    settings = deps.settings
    return Limits(max_file_bytes=settings.max_file_mb << 20, max_pixels=settings.max_pixels)


def project_key(secret: bytes, project_id: str) -> bytes:
    """The key of a project's pseudonyms, from the installation's secret of pseudonyms: no two projects can be joined by them."""
    return hmac.new(secret, f"bramble/images/pseudonyms/{project_id}".encode(), hashlib.sha256).digest()


@dataclass(slots=True)
class Outcome:
    """What became of one file, as the caller named it."""

    name: str
    status: str
    code: str | None = None
    reason: str | None = None
    source_id: str | None = None
    image_ids: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"name": self.name, "status": self.status, "image_ids": self.image_ids}
        for key in ("code", "reason", "source_id"):
            if (value := getattr(self, key)) is not None:
                body[key] = value
        if self.warnings:
            body["warnings"] = self.warnings
        return body


@dataclass(slots=True)
class _Kept:
    """A source whose blobs are written and whose rows aren't yet. `outcomes`: its own, then those of the same bytes again."""

    source: Source
    images: list[Image]
    outcomes: list[Outcome]


class Upload:
    """The files of one request. Not thread-safe: one file at a time, from whichever thread; `finish` commits what is left."""

    def __init__(
        self, deps: Deps, project_id: str, uploaded_by: str, group: str | None, limits: Limits | None = None
    ) -> None:
        self._deps, self._project_id, self._uploaded_by, self._group = deps, project_id, uploaded_by, group
        self._limits = limits or limits_of(deps)
        self._writer = BlobWriter(deps.blobs)
        self._kept: dict[str, _Kept] = {}  # by SHA-256
        self._refused: list[Rejection] = []
        self.outcomes: list[Outcome] = []

    @cached_property
    def _pseudonyms(self) -> Pseudonyms:
        return Pseudonyms(project_key(self._deps.settings.pseudonyms, self._project_id))

    def take(self, name: str, file: BinaryIO, size: int) -> None:
        """Keep or refuse one uploaded file, or each file of a ZIP. `file` is read within this call only."""
        if kind_of(head_of(file)) != "zip":
            self._take_one(name, file, size)
            return
        try:
            for member in zip_members(file, self._limits):
                path = f"{name}/{member.path}"
                if member.file is None:
                    self._refuse(
                        path, None, member.refused or Rejected("zip-damaged", "This file can't be read.")
                    )
                    continue
                with member.file:
                    self._take_one(path, member.file, member.size)
        except Rejected as refused:
            self._refuse(name, None, refused)

    def finish(self) -> None:
        """Commit what isn't yet, and give back the threads. More files may follow."""
        try:
            self._commit()
        finally:
            self._writer.close()

    def _commit(self) -> None:
        if not self._kept and not self._refused:
            return
        deps, now = self._deps, self._deps.clock.now_us()
        self._writer.settle()  # rows never name a blob that isn't there
        lost: list[_Kept] = []
        with (
            tracing.within("images.commit", bramble_files=len(self._kept)),
            deps.db.begin() as conn,
        ):
            rows: list[dict[str, object]] = []
            for kept in self._kept.values():
                if not store.add_source(conn, kept.source, kept.images):
                    lost.append(kept)  # another upload was quicker with the same bytes
                    continue
                rows += [self._event(events.image_stored(image, kept.source), now) for image in kept.images]
            store.add_rejections(conn, self._refused)
            rows += [self._event(events.image_rejected(refused), now) for refused in self._refused]
            emit_rows(conn, SERVICE, rows)
        self._kept.clear()
        self._refused.clear()
        for kept in lost:
            self._writer.forget({kept.source.blob_key, *(image.frame_key for image in kept.images)})
            with deps.db.read() as conn:
                found = store.find_duplicate(conn, self._project_id, kept.source.sha256)
            for outcome in kept.outcomes:
                outcome.status, outcome.warnings = "duplicate", []
                outcome.source_id, outcome.image_ids = found or (None, [])

    def _event(self, message: Message, now_us: int) -> dict[str, object]:
        return outbox_row(SERVICE, self._project_id, message, now_us)

    def answer(self) -> dict[str, Any]:
        """The contract's summary of the request."""
        statuses = [outcome.status for outcome in self.outcomes]
        return {
            "accepted": statuses.count("stored"),
            "duplicate": statuses.count("duplicate"),
            "rejected": statuses.count("rejected"),
            "results": [outcome.to_json() for outcome in self.outcomes],
        }

    def _take_one(self, name: str, file: BinaryIO, size: int) -> None:
        try:
            source = open_source(file, size, name, self._limits, lambda: self._pseudonyms)
            try:
                self._keep(name, source)
            finally:
                if source.original is not file:
                    source.original.close()
        except Rejected as refused:
            self._refuse(name, file, refused)

    def _keep(self, name: str, opened: OpenedSource) -> None:
        sha256, size = _digest(opened.original)
        if self._is_known(name, sha256):
            return
        now, source_id = self._deps.clock.now_us(), new_id()
        source = Source(
            id=source_id,
            project_id=self._project_id,
            sha256=sha256,
            size=size,
            media_type=opened.media_type,
            format=opened.format,
            name=opened.name,
            frames=opened.count,
            blob_key=f"images/{self._project_id}/{source_id}.original",
            uploaded_by=self._uploaded_by,
            created_at=now,
        )
        images: list[Image] = []
        written: set[str] = set()
        try:
            for frame in opened.frames():
                images.append(self._keep_frame(source, opened, frame, written))
            opened.original.seek(0)
            written.add(source.blob_key)
            self._writer.put(source.blob_key, opened.original, size)
        except BaseException:
            self._writer.forget(written)
            raise
        outcome = Outcome(
            name,
            "stored",
            source_id=source_id,
            image_ids=[i.id for i in images],
            warnings=list(opened.warnings),
        )
        self._kept[sha256] = _Kept(source, images, [outcome])
        self.outcomes.append(outcome)
        self._finish_if_full()

    def _keep_frame(self, source: Source, opened: OpenedSource, frame: Frame, written: set[str]) -> Image:
        if frame.png is None:
            key, sha256, size = source.blob_key, source.sha256, source.size
        else:
            key = f"images/{source.project_id}/{source.id}.{frame.index}.png"
            written.add(key)
            sha256, size = hashlib.sha256(frame.png).hexdigest(), len(frame.png)
            self._writer.put(key, frame.png, size)
        return Image(
            id=new_id(),
            project_id=source.project_id,
            source_id=source.id,
            frame_index=frame.index,
            frames=opened.count,
            height=frame.height,
            width=frame.width,
            channels=frame.channels,
            group=self._group or opened.group or source.id,
            name=source.name,
            modality=opened.modality[:16],
            geometry=frame.geometry,
            frame_key=key,
            frame_sha256=sha256,
            frame_size=size,
            created_at=source.created_at,
        )

    def _is_known(self, name: str, sha256: str) -> bool:
        """Whether the project has these bytes, committed or about to be; then that is the file's outcome."""
        outcome = Outcome(name, "duplicate")
        if kept := self._kept.get(sha256):
            outcome.source_id, outcome.image_ids = kept.source.id, [image.id for image in kept.images]
            kept.outcomes.append(outcome)
        else:
            with self._deps.db.read() as conn:
                found = store.find_duplicate(conn, self._project_id, sha256)
            if found is None:
                return False
            outcome.source_id, outcome.image_ids = found
        self.outcomes.append(outcome)
        return True

    def _refuse(self, name: str, file: BinaryIO | None, refused: Rejected) -> None:
        kept_name = remembered_name(file, name)
        self._refused.append(
            Rejection(
                new_id(),
                self._project_id,
                kept_name,
                refused.code,
                refused.reason,
                self._uploaded_by,
                self._deps.clock.now_us(),
            )
        )
        self.outcomes.append(Outcome(name, "rejected", code=refused.code, reason=refused.reason))
        self._finish_if_full()

    def _finish_if_full(self) -> None:
        frames = sum(len(kept.images) for kept in self._kept.values())
        if len(self._kept) + len(self._refused) >= _BATCH_FILES or frames >= _BATCH_FRAMES:
            self._commit()


def _digest(file: BinaryIO) -> tuple[str, int]:
    """``(SHA-256 in hex, size)``, read in pieces."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := file.read(1 << 20):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
