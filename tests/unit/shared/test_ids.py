"""Ids sort by time, never repeat, and are UUIDv7."""

import uuid

from shared.ids import is_id, new_id


def test_ids_of_one_process_strictly_increase():
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_form():
    text = new_id()
    assert is_id(text)
    assert uuid.UUID(text).version == 7
    assert uuid.UUID(text).variant == uuid.RFC_4122


def test_other_text_is_no_id():
    for text in ("", "x", str(uuid.uuid4()), new_id().upper(), new_id() + "0"):
        assert not is_id(text)


def test_more_than_4096_in_one_millisecond_borrow_from_the_next():
    moment = 4_000_000_000_000
    made = [new_id(moment) for _ in range(5000)]
    assert made == sorted(set(made))
