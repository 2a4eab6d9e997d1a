"""Pictures from outside: told by their content, bounded before they are decoded, and drawn anew.

What leaves here holds pixels only: no EXIF with the place where it was taken, no profile, no comment, no second frame.
"""

import io
import threading
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps

from app.platform.errors import InvalidInput

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 40_000_000
"""A telephone's 24 megapixels pass; at this size a decoded picture takes 160 MB."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY: Final = 85

_SRGB: Final = ImageCms.createProfile("sRGB")
_AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Decoded pictures are big: a process holds two at a time, the others wait."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: JPEG, or WebP where parts of it are transparent. Size in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def normalise_image(data: bytes, *, longest: int) -> Picture:
    """The picture upright, in sRGB, no side longer than `longest`; of several frames the first. Never enlarged.

    It takes a processor for up to a second: call it in a thread. Raises: InvalidInput (path file: image_bytes,
    image_type, image_pixels, image_unreadable).
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput("image_bytes", path=("file",), most=MOST_BYTES // (1024 * 1024))
    with _AT_ONCE:
        opened = _open(data)
        try:
            pixels = _decode(opened, longest)
        except Exception as error:
            # Decoders of damaged or hostile files fail in every way there is.
            raise InvalidInput("image_unreadable", path=("file",)) from error
        finally:
            opened.close()
        return _encode(pixels)


def _open(data: bytes) -> Image.Image:
    """The picture, not yet decoded; its type is what its first bytes say, whatever its name said."""
    try:
        opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:
        raise InvalidInput("image_type", path=("file",)) from error
    if opened.width * opened.height > MOST_PIXELS:
        opened.close()
        raise _too_many_pixels()
    return opened


def _too_many_pixels() -> InvalidInput:
    return InvalidInput("image_pixels", path=("file",), most=MOST_PIXELS // 1_000_000)


def _decode(opened: Image.Image, longest: int) -> Image.Image:
    if opened.format == "JPEG":
        # Lets the decoder leave out what is scaled away anyway.
        opened.draft(None, (longest, longest))
    opened.load()
    profile, is_transparent = opened.info.get("icc_profile"), opened.has_transparency_data
    pixels = ImageOps.exif_transpose(opened)
    if is_transparent:
        pixels = pixels.convert("RGBA")
    elif pixels.mode not in ("RGB", "CMYK", "L"):
        pixels = pixels.convert("RGB")
    pixels.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    pixels = _in_srgb(pixels, profile)
    if is_transparent and pixels.getchannel("A").getextrema() == (255, 255):
        pixels = pixels.convert("RGB")
    # JPEG would take the comment along, WebP the profile.
    pixels.info.clear()
    return pixels


def _in_srgb(pixels: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture's colours as every screen shows them; those of a profile that cannot be read stay as they are."""
    mode = "RGBA" if pixels.mode == "RGBA" else "RGB"
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(pixels, own, _SRGB, outputMode=mode)
            if turned is not None:
                return turned
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return pixels if pixels.mode == mode else pixels.convert(mode)


def _encode(pixels: Image.Image) -> Picture:
    out = io.BytesIO()
    if pixels.mode == "RGBA":
        pixels.save(out, "WEBP", quality=QUALITY, method=4)
        media_type = "image/webp"
    else:
        pixels.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
        media_type = "image/jpeg"
    return Picture(out.getvalue(), media_type, pixels.width, pixels.height)
