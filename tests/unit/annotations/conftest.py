from collections.abc import Iterator

import pytest

from shared.db.session import metadata
from tests.unit.annotations.kit import Kit


@pytest.fixture(scope="session")
def _one_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    kit = Kit(tmp_path_factory.mktemp("annotations"))
    yield kit
    kit.close()


@pytest.fixture
def kit(_one_kit: Kit) -> Iterator[Kit]:
    """A service with empty tables. Making the app anew for each test would take most of the suite's time."""
    yield _one_kit
    with _one_kit.deps.db.begin() as conn:
        for table in metadata.sorted_tables:
            if table.name.startswith(("annotations_", "bus_")):
                conn.execute(table.delete())
