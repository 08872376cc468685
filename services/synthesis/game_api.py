"""HTTP of the real-or-synthetic game: the lab opens it and reads the result, the project's volunteers play.

Annotations are evaluated here (no `from __future__`): the dependencies are made within `router`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.synthesis import game_schemas as g
from services.synthesis.domain import game
from services.synthesis.game_store import GameStore
from shared.auth import Principal, Role, current_principal
from shared.errors import Conflict, Forbidden, NotFound
from shared.peers import ProjectDoor

Asker = Annotated[Principal, Depends(current_principal)]
_FIRST = 20


def router(store: GameStore, door: ProjectDoor) -> APIRouter:
    """All routes of the game. ``door`` knows which projects are open to everybody."""
    api = APIRouter(prefix="/api/v1", tags=["synthesis"])

    async def player(project_id: str, request: Request, asker: Asker) -> Principal:
        await door.require_view(request, asker, project_id, "game")
        return asker

    async def own_round(round_id: Annotated[str, Path(max_length=36)], request: Request, asker: Asker) -> Any:
        row = await run_in_threadpool(store.round, round_id)
        if row.player_id != asker.id:
            raise NotFound("There is no such round.")
        await door.require_view(request, asker, row.project_id, "round")
        return row

    Player = Annotated[Principal, Depends(player)]
    OwnRound = Annotated[Any, Depends(own_round)]

    def shown(row: Any) -> g.Round:
        row = store.round(row.id)
        generator = store.store.generator(row.project_id, row.generator_id)
        return g.round_(row, int(generator.card["size"]), store.answers_of(row.id))

    def told(project_id: str, generator_id: str) -> g.GameResult:
        generator = store.store.generator(project_id, generator_id)
        answers, finished, left = store.told(generator.id)
        row = store.game(project_id, generator.id)
        return g.result(generator.id, row, store.kept(generator.id), finished, left, game.result(answers))

    @api.put("/projects/{project_id}/game", summary="Open or close the real-or-synthetic game")
    def put_game(project_id: str, body: g.GameIn, asker: Asker) -> g.GameResult:
        """Volunteers may start rounds while it is open; rounds that they have begun can be finished after. Answers are kept."""
        asker.require(project_id, Role.LAB)
        asker.require_scope("write")
        generator = store.store.generator(project_id, body.generator_id)
        store.put(generator, body.images, is_open=body.open, by=asker.id)
        return told(project_id, generator.id)

    @api.get("/projects/{project_id}/game/results", summary="What the game's answers say")
    def game_results(
        project_id: str, asker: Asker, generator_id: Annotated[str, Query(max_length=36)] = ""
    ) -> g.GameResult:
        """Accuracy with its interval next to chance, of the generator's finished rounds (empty: of the newest generator)."""
        asker.require(project_id, Role.LAB)
        asker.require_scope("read")
        return told(project_id, generator_id)

    @api.get("/projects/{project_id}/game", summary="The game as a player finds it")
    def get_game(project_id: str, asker: Player) -> g.Game:
        asker.require_scope("read")
        row = store.game(project_id)
        if row is None:
            return g.Game(open=False, images=_FIRST, round_id=None, more=False, rounds=0, right=0, answers=0)
        begun, more, rounds, right, answers = store.standing(row, asker.id)
        return g.Game(
            open=True,
            images=row.images,
            round_id=begun.id if begun is not None else None,
            more=more,
            rounds=rounds,
            right=right,
            answers=answers,
        )

    @api.post("/projects/{project_id}/rounds", status_code=201, summary="Start a round, or go on with yours")
    def start_round(project_id: str, asker: Player) -> g.Round:
        """Half of its images are real. Asking again gives the same round until it is finished."""
        asker.require_scope("write")
        role = asker.role_in(project_id)
        if role is not None and role >= Role.LAB:
            raise Forbidden(
                "Who can look up what is synthetic can't play: the game is blinded. Ask volunteers.",
                code="game-blinded",
            )
        row = store.game(project_id)
        if row is None:
            raise Conflict("The lab has no game open in this project.", code="game-closed")
        return shown(store.start(row, asker.id))

    @api.get("/rounds/{round_id}", summary="Your round")
    def get_round(row: OwnRound, asker: Asker) -> g.Round:
        """What the images are is told once all are answered."""
        asker.require_scope("read")
        return shown(row)

    @api.get(
        "/rounds/{round_id}/sheet",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
        summary="The images of your round (PNG)",
    )
    def round_sheet(row: OwnRound, asker: Asker) -> Response:
        """All images below one another, `size` pixels each, in the order of the answers: nothing is told about a single one."""
        asker.require_scope("read")
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(store.sheet(row), media_type="image/png", headers=headers)

    @api.put("/rounds/{round_id}/answers/{position}", summary="Answer for one image")
    def put_answer(row: OwnRound, position: int, body: g.AnswerIn, asker: Asker) -> g.Round:
        """`position` counts from 0. The first answer counts; sending it again is harmless."""
        asker.require_scope("write")
        store.answer(row, position, body.synthetic)
        return shown(row)

    return api


__all__ = ["router"]
