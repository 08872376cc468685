"""Pictures in a lab's guide: decoded, made small enough for a phone, and written anew, so that nothing else travels along."""

from __future__ import annotations

import io
from dataclasses import dataclass

from shared.errors import InvalidInput, TooLarge

MAX_BYTES = 8 << 20
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: `data` is PNG or JPEG, `width` and `height` in pixels."""

    data: bytes
    suffix: str
    width: int
    height: int


def accept(data: bytes) -> Picture:
    """A PNG, JPEG or WebP of any size → a PNG (with transparency or few colours) or JPEG of at most `MAX_SIDE` pixels a side.

    Metadata (place, camera, comments) is left behind. Raises TooLarge, or InvalidInput for what isn't such a picture.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise TooLarge(f"A picture for the guide has at most {MAX_BYTES >> 20} MB.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise TooLarge(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
            kind = opened.format
            turned = ImageOps.exif_transpose(opened)
            picture = turned.convert(
                "RGBA" if "A" in turned.getbands() or "transparency" in turned.info else "RGB"
            )
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInput(
            "This isn't a PNG, JPEG or WebP picture that can be read.", code="not-a-picture"
        ) from error
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    out = io.BytesIO()
    photo = kind == "JPEG" and picture.mode == "RGB"
    if photo:
        picture.save(out, "JPEG", quality=85, optimize=True)
    else:
        picture.save(out, "PNG", optimize=True)
    return Picture(out.getvalue(), "jpg" if photo else "png", picture.width, picture.height)
