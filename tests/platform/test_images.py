"""Pictures from outside: drawn anew without what they carried along; what is none, or a bomb, is refused."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from app.platform.errors import InvalidInput
from app.platform.images import MOST_BYTES, normalise_image

GPS = 0x8825


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def halves(width: int = 400, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new(mode, (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return image


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def png_of_size(width: int, height: int) -> bytes:
    """A few hundred bytes that say they are a picture of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_kind_becomes_a_jpeg_no_bigger_than_asked_for(kind: str) -> None:
    made = normalise_image(encoded(halves(), kind), longest=100)
    assert (made.media_type, made.width, made.height) == ("image/jpeg", 100, 50)
    image = opened(made.data)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (100, 50))
    assert image.getpixel((10, 25))[0] > 240 and image.getpixel((90, 25))[2] > 240  # type: ignore[index]


def test_small_picture_is_not_enlarged_and_the_same_bytes_give_the_same() -> None:
    data = encoded(halves(30, 40))
    made = normalise_image(data, longest=1_600)
    assert (made.width, made.height) == (30, 40)
    assert normalise_image(data, longest=1_600) == made


def test_very_long_picture_keeps_a_pixel() -> None:
    made = normalise_image(encoded(Image.new("RGB", (6_000, 2)), "PNG"), longest=100)
    assert (made.width, made.height) == (100, 1)


def test_place_camera_comment_and_text_are_gone_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "CameraMaker"
    exif[GPS] = {1: "N", 2: (31.0, 13.0, 49.0)}
    made = normalise_image(encoded(halves(), exif=exif, comment=b"a comment"), longest=400)
    assert (made.width, made.height) == (200, 400)
    image = opened(made.data)
    assert image.getpixel((100, 20))[0] > 240 and image.getpixel((100, 380))[2] > 240  # type: ignore[index]
    assert dict(image.getexif()) == {} and set(image.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }
    assert b"CameraMaker" not in made.data and b"a comment" not in made.data and b"Exif" not in made.data
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SomebodyPrivate")
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert b"SomebodyPrivate" not in normalise_image(encoded(clear, "PNG", pnginfo=text), longest=50).data


def test_transparency_stays_where_there_is_some() -> None:
    clear = Image.new("RGBA", (50, 50), (255, 0, 0, 255))
    clear.paste((0, 0, 0, 0), (0, 0, 25, 50))
    made = normalise_image(encoded(clear, "PNG"), longest=50)
    assert made.media_type == "image/webp" and opened(made.data).getpixel((5, 25))[3] == 0  # type: ignore[index]
    palette = normalise_image(encoded(clear, "GIF"), longest=50)
    assert palette.media_type == "image/webp" and opened(palette.data).getpixel((5, 25))[3] == 0  # type: ignore[index]
    solid = normalise_image(encoded(Image.new("RGBA", (50, 50), (1, 2, 3, 255)), "PNG"), longest=50)
    assert solid.media_type == "image/jpeg"


def test_colours_of_another_profile_and_of_print_are_turned_into_screens_own() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = opened(normalise_image(encoded(halves(), icc_profile=lab), longest=400).data)
    assert "icc_profile" not in made.info and made.getpixel((20, 20))[0] > 240  # type: ignore[index]
    damaged = opened(normalise_image(encoded(halves(), icc_profile=b"no profile"), longest=400).data)
    assert damaged.getpixel((20, 20))[0] > 240  # type: ignore[index]
    printed = opened(normalise_image(encoded(Image.new("CMYK", (20, 20), (0, 255, 255, 0))), longest=50).data)
    red, green, _ = printed.getpixel((10, 10))  # type: ignore[misc]
    assert printed.mode == "RGB" and red > 200 > green


def test_of_several_frames_the_first_is_kept() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "green")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
    assert getattr(Image.open(io.BytesIO(data)), "n_frames", 1) == 3
    image = opened(normalise_image(data, longest=40).data)
    assert getattr(image, "n_frames", 1) == 1 and image.getpixel((20, 20))[0] > 240  # type: ignore[index]


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jpg", encoded(halves()))
    return out.getvalue()


WHOLE = encoded(halves(800, 600))
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
REFUSED = {
    "nothing": (b"", "image_type"),
    "text": (b"GIF", "image_type"),
    "svg with a script": (SVG, "image_type"),
    "xml before the svg": (b"<?xml version='1.0'?>" + SVG, "image_type"),
    "zip named .jpg": (a_zip(), "image_type"),
    "html": (b"<html><img src=x onerror=alert(1)></html>", "image_type"),
    "bmp": (encoded(halves(), "BMP"), "image_type"),
    "tiff": (encoded(halves(), "TIFF"), "image_type"),
    "eps": (encoded(halves(), "EPS"), "image_type"),
    "50 megapixels": (png_of_size(10_000, 5_000), "image_pixels"),
    "100 megapixels": (png_of_size(10_000, 10_000), "image_pixels"),
    "a bomb of 4 gigapixels": (png_of_size(65_000, 65_000), "image_pixels"),
    "truncated jpeg": (WHOLE[: len(WHOLE) // 2], "image_unreadable"),
    "head of a jpeg": (WHOLE[:200], "image_type"),
    "truncated png": (encoded(halves(), "PNG")[:-60], "image_unreadable"),
    "png without its pixels": (png_of_size(3_000, 3_000), "image_unreadable"),
    "too many bytes": (WHOLE + b"\0" * MOST_BYTES, "image_bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_or_too_much_of_one_is_refused(name: str) -> None:
    data, key = REFUSED[name]
    with pytest.raises(InvalidInput) as refused:
        normalise_image(data, longest=1_000)
    assert (refused.value.key, refused.value.path) == (key, ("file",))


def test_real_picture_of_50_megapixels_is_refused_before_it_is_decoded() -> None:
    data = encoded(Image.new("1", (10_000, 5_000)), "PNG")
    assert len(data) < 100_000
    with pytest.raises(InvalidInput, match="image_pixels"):
        normalise_image(data, longest=100)
