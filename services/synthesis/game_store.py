"""Games, rounds and answers: SQL of the real-or-synthetic game, and the pictures that a round shows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, case, func, select, update

from services.synthesis.domain import game, labelmaps
from services.synthesis.domain.game import Answer, Candidate, Item
from services.synthesis.events import read_ref
from services.synthesis.store import ANY_MASKS, Record, Store, known
from services.synthesis.tables import answers, games, items, rounds, synthetic
from shared.blobs import BlobStore
from shared.db.upsert import upsert as insert_into
from shared.errors import Conflict, Gone, InvalidInput, NotFound
from shared.ids import new_id
from shared.imaging import codecs

_LOOKED_AT = 8
"""Real images whose labellers are read, for each that is shown: enough to pass over those that the player labelled."""
_TAKEN_BACK = "The lab has taken back an image of this round; start another one."


class GameStore:
    """What the game keeps, over the tables of ``store``."""

    def __init__(self, store: Store, blobs: BlobStore) -> None:
        self.store, self.db, self.clock, self.blobs = store, store.db, store.clock, blobs

    # The lab's side

    def kept(self, generator_id: str) -> int:
        """How many synthetic images of the generator the filters kept."""
        here = (synthetic.c.generator_id == generator_id) & synthetic.c.accepted
        with self.db.read() as conn:
            return int(conn.execute(select(func.count()).select_from(synthetic).where(here)).scalar_one())

    def game(self, project_id: str, generator_id: str = "") -> Record | None:
        """The game of a generator, or the project's open one; None where there is none."""
        here = games.c.project_id == project_id
        here &= games.c.generator_id == generator_id if generator_id else games.c.open
        with self.db.read() as conn:
            return conn.execute(select(games).where(here).limit(1)).first()

    def put(self, generator: Record, images: int, *, is_open: bool, by: str) -> None:
        """Open or close the generator's game. Opening one closes the project's other games.

        Raises Conflict where too few of the generator's images were kept, or of the project's are labelled.
        """
        if is_open:
            kept, real = self.kept(generator.id), len(self._labelled(generator.project_id))
            if not game.enough(kept, real):
                raise Conflict(
                    f"A game needs at least {game.LEAST_HALF} synthetic images that were kept and {game.LEAST_HALF} labelled real ones; "
                    f"this generator has {kept} and the project {real}. Draw more samples first."
                )
        now = self.clock.now_us()
        values = {"images": images, "open": is_open, "updated_at_us": now}
        with self.db.begin() as conn:
            if is_open:
                others = (games.c.project_id == generator.project_id) & (games.c.generator_id != generator.id)
                conn.execute(update(games).where(others).values(open=False))
            row = {"generator_id": generator.id, "project_id": generator.project_id, **values}
            made = insert_into(conn.dialect.name, games).values(**row, created_by=by, created_at_us=now)
            conn.execute(made.on_conflict_do_update(index_elements=["generator_id"], set_=values))

    def told(self, generator_id: str) -> tuple[list[Answer], int, int]:
        """All answers of the finished rounds of a game, how many rounds these are, and how many were begun and left."""
        here = rounds.c.generator_id == generator_id
        said = select(answers).join(rounds, rounds.c.id == answers.c.round_id)
        said = said.where(here, rounds.c.finished_at_us.is_not(None))
        with self.db.read() as conn:
            played = conn.execute(select(rounds).where(here).order_by(rounds.c.id)).all()
            given = conn.execute(said.order_by(answers.c.round_id, answers.c.position)).all()
        done = {
            row.id: (row.player_id, game.items_from_json(row.items)) for row in played if row.finished_at_us
        }
        found = [Answer(done[a.round_id][0], done[a.round_id][1][a.position], a.synthetic) for a in given]
        return found, len(done), len(played) - len(done)

    # The player's side

    def standing(self, row: Record, player_id: str) -> tuple[Record | None, bool, int, int, int]:
        """(the round that the player has begun, whether there are images for another, finished rounds, right answers, answers)."""
        played = self._played(row.generator_id, player_id)
        begun = next((r for r in played if r.finished_at_us is None and not r.void), None)
        finished = [r for r in played if r.finished_at_us is not None]
        right = self.right(finished)
        _, kept, real = self._fresh(row, played)
        total = sum(r.images for r in finished)
        return begun, game.enough(len(kept), len(real)), len(finished), right, total

    def start(self, row: Record, player_id: str) -> Record:
        """The round that the player has begun in this game, else a new one. Raises Conflict where too few unseen images are left."""
        for _ in range(3):
            played = self._played(row.generator_id, player_id)
            begun = next((r for r in played if r.finished_at_us is None and not r.void), None)
            if begun is not None:
                if self._whole(begun):
                    return begun
                with self.db.begin() as conn:
                    conn.execute(update(rounds).where(rounds.c.id == begun.id).values(void=True))
            generator, kept, real = self._fresh(row, played)
            seed = secrets.randbits(62)
            rng = np.random.default_rng(seed)
            known_real = self._candidates(generator, real, player_id, row.images, rng)
            drawn = game.draw(rng, kept, known_real, row.images)
            values = {
                "id": new_id(),
                "project_id": row.project_id,
                "generator_id": row.generator_id,
                "player_id": player_id,
                "number": len(played) + 1,
                "seed": seed,
                "items": game.items_to_json(drawn),
                "images": len(drawn),
                "answered": 0,
                "void": False,
                "created_at_us": self.clock.now_us(),
            }
            with self.db.begin() as conn:
                # Two tabs that start at once: the number is taken, and the loop finds the round of the other.
                made = insert_into(conn.dialect.name, rounds).values(values).on_conflict_do_nothing()
                if conn.execute(made.returning(rounds.c.id)).first() is not None:
                    return self.round(values["id"], conn)
        raise Conflict("Another round was started at the same time; try again.")

    def round(self, round_id: str, conn: Connection | None = None) -> Record:
        """One round. Raises NotFound."""
        query = select(rounds).where(rounds.c.id == round_id)
        if conn is not None:
            row = conn.execute(query).first()
        else:
            with self.db.read() as reading:
                row = reading.execute(query).first()
        if row is None:
            raise NotFound("There is no such round.")
        return row

    def answers_of(self, round_id: str) -> dict[int, bool]:
        """Position → what was said."""
        with self.db.read() as conn:
            rows = conn.execute(select(answers).where(answers.c.round_id == round_id)).all()
        return {row.position: row.synthetic for row in rows}

    def right(self, played: Sequence[Record]) -> int:
        """How many answers of these rounds are right."""
        truth = {row.id: game.items_from_json(row.items) for row in played}
        with self.db.read() as conn:
            given = conn.execute(select(answers).where(answers.c.round_id.in_(list(truth)))).all()
        return sum(a.synthetic == truth[a.round_id][a.position].synthetic for a in given)

    def answer(self, row: Record, position: int, said: bool) -> None:
        """Keep an answer. The same again changes nothing. Raises Conflict for another one, InvalidInput for a place beyond the round,
        Gone where an image was taken back."""
        if not 0 <= position < row.images:
            raise InvalidInput(f"This round has the places 0 to {row.images - 1}; there is no {position}.")
        if row.finished_at_us is None and not self._whole(row):
            raise Gone(_TAKEN_BACK, code="round-void")
        now = self.clock.now_us()
        with self.db.begin() as conn:
            given = {"round_id": row.id, "position": position, "synthetic": said, "at_us": now}
            made = insert_into(conn.dialect.name, answers).values(given).on_conflict_do_nothing()
            if conn.execute(made.returning(answers.c.position)).first() is None:
                here = (answers.c.round_id == row.id) & (answers.c.position == position)
                first = conn.execute(select(answers.c.synthetic).where(here)).scalar_one()
                if first != said:
                    raise Conflict(
                        "This image has an answer already; the first one counts.", code="game-answered"
                    )
                return
            # Counted in the row, which locks it: of two answers at once one is the last.
            count = rounds.c.answered + 1
            ended = case((count == rounds.c.images, now), else_=rounds.c.finished_at_us)
            values = {"answered": count, "finished_at_us": ended}
            conn.execute(update(rounds).where(rounds.c.id == row.id).values(values))

    def sheet(self, row: Record) -> bytes:
        """All images of a round below one another, as one PNG ``(n * size, size)``.

        One file, so that nothing about a single image (its length, its address, its headers, how long it took) can tell what it is.
        Both kinds go through the same functions. Raises Gone where an image was taken back.
        """
        generator = self.store.generator(row.project_id, row.generator_id)
        size, channels = int(generator.card["size"]), int(generator.card["channels"])
        found = game.items_from_json(row.items)
        sources = self._sources(row, found)
        tiles: list[NDArray[np.uint8]] = []
        for item in found:
            try:
                pixels = codecs.decode_png(read_ref(self.blobs, sources[item.id]))
            except (KeyError, NotFound) as error:
                raise Gone(_TAKEN_BACK, code="round-void") from error
            tiles.append(labelmaps.to_uint8(labelmaps.fit_image(pixels, size, channels)))
        return codecs.encode_png(np.concatenate(tiles))

    # What lies underneath

    def _played(self, generator_id: str, player_id: str) -> Sequence[Record]:
        here = (rounds.c.generator_id == generator_id) & (rounds.c.player_id == player_id)
        with self.db.read() as conn:
            return conn.execute(select(rounds).where(here).order_by(rounds.c.number)).all()

    def _labelled(self, project_id: str) -> list[tuple[str, str | None]]:
        """(id, picture hash) of all images that have or had masks, without the masks."""
        here = (items.c.project_id == project_id) & items.c.deleted.is_(False) & ANY_MASKS
        query = select(items.c.image_id, items.c.picture_hash).where(here).order_by(items.c.image_id)
        with self.db.read() as conn:
            return [(row.image_id, row.picture_hash) for row in conn.execute(query)]

    def _fresh(
        self, row: Record, played: Sequence[Record]
    ) -> tuple[Record, list[Candidate], list[Candidate]]:
        """The generator, and the synthetic and real images that the player hasn't been shown (in a round that was left, too)."""
        shown = {item["id"] for round_ in played for item in round_.items}
        generator = self.store.generator(row.project_id, row.generator_id)
        here = (synthetic.c.generator_id == row.generator_id) & synthetic.c.accepted
        query = select(synthetic.c.id, synthetic.c.parents).where(here).order_by(synthetic.c.id)
        with self.db.read() as conn:
            drawn = conn.execute(query).all()
        kept = [Candidate(d.id, parents=tuple(d.parents)) for d in drawn if d.id not in shown]
        labelled = self._labelled(row.project_id)
        trained = set(generator.image_ids)
        # A copy of a training image under another id was seen all the same.
        pictures = {digest for image_id, digest in labelled if image_id in trained and digest}
        real = [
            Candidate(image_id, seen=image_id in trained or digest in pictures)
            for image_id, digest in labelled
            if image_id not in shown
        ]
        return generator, kept, real

    def _candidates(
        self,
        generator: Record,
        real: list[Candidate],
        player_id: str,
        most: int,
        rng: np.random.Generator,
    ) -> list[Candidate]:
        """``real`` cut down to some of each kind, with whether the player has labelled them."""
        cut: list[Candidate] = []
        for seen in (True, False):
            group = [image for image in real if image.seen == seen]
            cut += [group[i] for i in rng.permutation(len(group))[: _LOOKED_AT * most]]
        rows: dict[str, Any] = {}
        names = [image.id for image in cut]
        for start in range(0, len(names), 500):
            here = (items.c.project_id == generator.project_id) & items.c.image_id.in_(
                names[start : start + 500]
            )
            with self.db.read() as conn:
                rows |= {row.image_id: known(row) for row in conn.execute(select(items).where(here))}
        found = []
        for image in cut:
            told = rows.get(image.id)
            if told is not None and told.labelled:
                labellers = told.consensus["raters"] if told.consensus is not None else ()
                found.append(Candidate(image.id, image.seen, player_id in labellers))
        return found

    def _sources(self, row: Record, found: Sequence[Item]) -> dict[str, dict[str, Any]]:
        """Image id → BlobRef, for those that still are there."""
        real = [item.id for item in found if not item.synthetic]
        drawn = [item.id for item in found if item.synthetic]
        here = (
            (items.c.project_id == row.project_id) & items.c.image_id.in_(real) & items.c.deleted.is_(False)
        )
        with self.db.read() as conn:
            frames = conn.execute(select(items.c.image_id, items.c.frame).where(here)).all()
            query = select(synthetic.c.id, synthetic.c.image_key).where(synthetic.c.id.in_(drawn))
            made = conn.execute(query).all()
        whole = {"offset": 0, "length": 0}
        return {r.image_id: r.frame for r in frames} | {r.id: {"key": r.image_key, **whole} for r in made}

    def _whole(self, row: Record) -> bool:
        """Whether no image of the round was deleted since."""
        found = game.items_from_json(row.items)
        return len(self._sources(row, found)) == len(found)


__all__ = ["GameStore"]
