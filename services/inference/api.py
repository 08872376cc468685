"""HTTP of the segmenter: prompts to masks, models, embeddings, proposals."""

import time
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.inference import project_models, schemas, store
from services.inference.domain.port import Candidate, Embedding, Segmenter
from services.inference.serving import DECODE_SECONDS, EmbeddingCache, Gate, Models
from shared.auth import Principal, Role, current_principal
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.errors import NotFound
from shared.imaging import rle
from shared.peers import ProjectDoor

Who = Annotated[Principal, Depends(current_principal)]
ImageId = Annotated[str, Path(max_length=36)]
ModelName = Annotated[
    str, Query(max_length=64, description="Name of a model of `GET /models`; empty: the default.")
]
VersionName = Annotated[str, Query(max_length=64, description="Version of that model; empty: the asker's.")]
IMMUTABLE = "private, max-age=31536000, immutable"


def create_router(deps: Deps, models: Models, gate: Gate, cache: EmbeddingCache) -> APIRouter:
    """All routes of the service."""
    router = APIRouter(prefix="/api/v1", tags=["segmenter"])

    door = ProjectDoor(deps)

    def read(image_id: str) -> store.Image:
        with deps.db.read() as conn:
            return store.find_image(conn, image_id)

    async def find(request: Request, image_id: ImageId, who: Who) -> store.Image:
        who.require_scope("read")
        image = await run_in_threadpool(read, image_id)
        await door.require_view(request, who, image.project_id)
        return image

    Found = Annotated[store.Image, Depends(find)]

    def embedding_of(image: store.Image, model: Segmenter) -> Embedding:
        key = (model.info.name, model.info.version, image.id)
        return cache.get(key, lambda: model.encode(store.read_frame(deps.blobs, image)))

    @router.post("/images/{image_id}/segment", response_model=schemas.SegmentOut)
    def segment(image: Found, body: schemas.SegmentIn, who: Who) -> schemas.SegmentOut:
        """A mask for points, a box, scribbles or a mask to correct. 503 with Retry-After when too many ask at once."""
        model = models.pick(body.model, who.id)
        prompt = body.to_prompt(image.height, image.width)

        def work() -> tuple[Candidate, float]:
            began = time.perf_counter()
            return model.decode(embedding_of(image, model), prompt)[0], time.perf_counter() - began

        best, spent = gate.run(work)
        DECODE_SECONDS.labels(model.info.name, model.info.version).observe(spent)
        return schemas.SegmentOut(
            rle=schemas.Rle(**rle.to_json(rle.encode(best.mask))),
            score=min(1.0, max(0.0, best.score)),
            model=model.info.name,
            version=model.info.version,
            ms=round(spent * 1000, 1),
        )

    @router.get("/models", response_model=schemas.ModelsOut)
    def list_models(who: Who) -> schemas.ModelsOut:
        """The models that can be named in a prompt, in the versions that the asker works with."""
        who.require_scope("read")
        items = []
        for model in models.of(who.id):
            info = model.info
            url = f"/api/v1/models/{info.name}/{info.version}/model.onnx" if info.browser else None
            tuning = getattr(model, "tuning", None) if info.browser else None
            engine = None if tuning is None else schemas.EngineOut.model_validate(tuning)
            items.append(schemas.ModelOut(**asdict(info), url=url, engine=engine))
        return schemas.ModelsOut(items=items)

    @router.get(
        "/models/{name}/{version}/model.onnx",
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}}},
    )
    def weights(
        name: Annotated[str, Path(max_length=64)], version: Annotated[str, Path(max_length=64)], who: Who
    ) -> Response:
        """The weights of a model that runs in the browser. Never changes under this address."""
        who.require_scope("read")
        model = models.exact(name, version)
        path = getattr(model, "weights", None)
        if model is None or not model.info.browser or path is None:
            raise NotFound(f"The model {name} {version} has no weights for the browser; see GET /models.")
        data = path.read_bytes()
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{model.info.name}-{version}"',
        }
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.get(
        "/images/{image_id}/embedding",
        response_class=Response,
        responses={200: {"content": {"application/x-npz": {}}}},
    )
    def embedding(image: Found, who: Who, model: ModelName = "", version: VersionName = "") -> Response:
        """What the model's decoder needs of the image: an uncompressed `.npz`, fp16, bound to a model version.

        With model and version it never changes and may be kept; without a version it is the one that the asker works with.
        """
        chosen = models.exact(model, version) if version else models.pick(model, who.id)
        if chosen is None:
            raise NotFound(f"There is no model {model} of version {version} here; see GET /models.")
        found = gate.run(lambda: embedding_of(image, chosen))
        data = found.to_bytes()
        headers = {
            "Cache-Control": IMMUTABLE if version else "no-cache",
            "X-Bramble-Model": found.model,
            "X-Bramble-Model-Version": found.version,
        }
        return Response(data, media_type="application/x-npz", headers=headers)

    @router.get("/images/{image_id}/proposals", response_model=schemas.ProposalsOut)
    def proposals(image: Found) -> schemas.ProposalsOut:
        """Base annotation without a prompt, best first. Empty until the project has a few accepted consensus images, and
        where no proposal is good enough to help rather than mislead."""
        with deps.db.read() as conn:
            found = store.proposals_of(conn, image)
        return schemas.ProposalsOut(
            items=[
                schemas.ProposalOut(
                    label_id=p.label_id, rle=schemas.Rle(**rle.to_json(p.rle)), score=p.score, model=p.model
                )
                for p in found
            ]
        )

    def state_of(project_id: str) -> schemas.SegmentersOut:
        with deps.db.read() as conn:
            found = project_models.versions(conn, project_id)
            chosen = project_models.chosen(conn, project_id)
        items = [
            schemas.SegmenterVersionOut(
                version=v.version,
                images=v.images,
                made_at=to_rfc3339(v.made_at_us),
                proposes=v.active,
                labels=[schemas.SkillOut.model_validate(label) for label in v.labels],
            )
            for v in found
        ]
        return schemas.SegmentersOut(chosen=chosen, items=items)

    @router.get("/projects/{project_id}/segmenters", response_model=schemas.SegmentersOut)
    def segmenters(project_id: ImageId, who: Who) -> schemas.SegmentersOut:
        """The versions of the project's own segmenter, newest first, and which one proposes."""
        who.require(project_id, Role.LAB)
        who.require_scope("read")
        return state_of(project_id)

    @router.put("/projects/{project_id}/segmenters", response_model=schemas.SegmentersOut)
    def choose_segmenter(
        project_id: ImageId, body: schemas.SegmenterChoice, who: Who
    ) -> schemas.SegmentersOut:
        """Roll back to a version, turn it off (0), or go back to the newest (null). Proposals are made again in the background."""
        who.require(project_id, Role.LAB)
        who.require_scope("write")
        with deps.db.begin() as conn:
            project_models.choose(conn, project_id, body.version)
        return state_of(project_id)

    return router
