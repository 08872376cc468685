"""Neighbours in a stack of slices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.images.domain.stacks import Slice, beside, series


def single(name: str, ident: str | None = None) -> Slice:
    return Slice(ident or name, f"file-{name}", 0, 1, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("slice-041.png", ("slice-#.png", 41)),
        ("knee-s3-i017.dcm", ("knee-s3-i#.dcm", 17)),
        ("7.tif", ("#.tif", 7)),
        ("scan.png", None),
        ("", None),
    ],
)
def test_the_last_number_is_the_place(name: str, expected: tuple[str, int] | None) -> None:
    assert series(name) == expected


def test_frames_of_a_file_lie_by_their_index_whatever_their_names() -> None:
    stack = [Slice(f"f{i}", "volume", i, 4, "brain-2.nii") for i in range(4)]
    others = [*stack, Slice("else", "other volume", 1, 4, "brain-2.nii"), single("brain-1.nii")]
    assert beside(stack[0], others) == (None, "f1")
    assert beside(stack[1], others) == ("f0", "f2")
    assert beside(stack[3], others) == ("f2", None)
    # A frame that was deleted leaves a gap: what lies behind it is no neighbour.
    assert beside(stack[3], [stack[0], stack[3]]) == (None, None)


def test_another_series_and_a_name_without_a_number_are_no_neighbours() -> None:
    others = [single("a-1.png"), single("b-2.png"), single("a-3.png"), single("cover.png"), single("a-2.jpg")]
    assert beside(single("a-2.png"), others) == ("a-1.png", "a-3.png")
    assert beside(single("cover.png"), others) == (None, None)
    assert beside(single("c-1.png"), []) == (None, None)


@given(st.sets(st.integers(0, 999), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_numbered_files_lie_as_their_numbers_do_in_any_order(numbers: set[int], random: object) -> None:
    ordered = sorted(numbers)
    stack = {n: single(f"z{n:03d}.png") for n in ordered}
    shuffled = list(stack.values())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for k, n in enumerate(ordered):
        before = stack[ordered[k - 1]].id if k > 0 else None
        after = stack[ordered[k + 1]].id if k + 1 < len(ordered) else None
        assert beside(stack[n], shuffled) == (before, after)


def test_of_two_with_one_number_the_first_is_taken() -> None:
    twins = [
        single("z1.png", "id-2"),
        single("z1.png", "id-1"),
        single("z3.png", "id-9"),
        single("z3.png", "id-8"),
    ]
    assert beside(single("z2.png", "here"), twins) == ("id-1", "id-8")
