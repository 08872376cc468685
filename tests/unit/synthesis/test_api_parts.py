import io

import numpy as np
import pytest
from PIL import Image

from services.synthesis.api import RangeNotSatisfiable, byte_range, colour_mask
from shared.imaging import codecs


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-4,8-9", None),
        ("lines=1-2", None),
    ],
)
def test_ranges(header, wanted):
    assert byte_range(header, 100) == wanted


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0"])
def test_ranges_beyond_the_end(header):
    with pytest.raises(RangeNotSatisfiable):
        byte_range(header, 100)


def test_a_mask_is_readable_for_people_and_programs():
    ids = np.array([[0, 3], [7, 3]], np.uint8)
    labels = [{"id": 3, "color": "#ff0000"}, {"id": 7, "color": "url(javascript:)"}]
    shown = Image.open(io.BytesIO(colour_mask(codecs.encode_png(ids), labels)))
    assert (np.asarray(shown) == ids).all()
    colours = np.asarray(shown.convert("RGB"))
    assert colours[0, 1].tolist() == [255, 0, 0]
    assert colours[1, 0].any()
    assert not colours[0, 0].any()
