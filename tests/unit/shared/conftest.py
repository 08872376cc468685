from pathlib import Path

import pytest

from shared.blobs.files import FileBlobs
from shared.bus.local import LocalBus
from shared.bus.topics import all_topics
from shared.db.session import Database
from shared.deps import Deps
from shared.settings import Settings


@pytest.fixture
def deps(tmp_path: Path) -> Deps:
    settings = Settings(data_dir=tmp_path)
    bus = LocalBus(tmp_path / "bus.db")
    bus.ensure_topics(all_topics())
    db = Database(settings.database_url_for("images"))
    db.create_all(("bus_",))
    return Deps("images", settings, db, bus, FileBlobs(tmp_path / "blobs"))
