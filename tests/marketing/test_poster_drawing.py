"""Drawn posters: what stands where, in which signs, and whether their codes are read."""

import io
from dataclasses import replace
from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from app.marketing import fonts, pictures, poster_drawing, poster_layouts
from app.marketing.poster_drawing import Unfit, compressed, draw, make, reads
from app.marketing.poster_rules import read_layout
from app.marketing.poster_values import Box, Facts, Layout, PictureFormat, PosterFailure
from tests.marketing import poster_samples
from tests.marketing.poster_samples import COVER, RARE

FACES = fonts.faces()
LAYOUTS = [read_layout(document) for _, document in poster_layouts.BUILT_IN]
LONGEST_LINK = "http://127.0.0.1:8000/q/" + "Z" * 20


def blank(*layers: dict[str, Any], **more: Any) -> Layout:
    return read_layout(
        {"width": 600, "height": 400, "background": "surface", "layers": list(layers)} | more, has_code=False
    )


def ink(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The box of everything that is not the white ground."""
    return ImageChops.invert(picture.convert("L")).getbbox()


def check_readable(count: int) -> None:
    """Each code is read as its own link by another reader's eyes: out of the file, and out of half of it at 60."""
    seen = set()
    for number, (facts, sources) in enumerate(poster_samples.many(count)):
        drawn = make(LAYOUTS[number % len(LAYOUTS)], facts, sources, FACES)
        whole = Image.open(io.BytesIO(drawn.data))
        half = io.BytesIO()
        whole.resize((whole.width // 2, whole.height // 2), Image.Resampling.BILINEAR).save(half, "JPEG", quality=60)
        for picture in (whole, Image.open(half)):
            assert [found.text for found in zxingcpp.read_barcodes(picture)] == [facts.link]
        seen.add(drawn.data)
    assert len(seen) == count


def test_20_different_posters_are_read_also_after_jpeg_60_at_half_size() -> None:
    check_readable(20)


@pytest.mark.full
def test_200_different_posters_are_read_also_after_jpeg_60_at_half_size() -> None:
    check_readable(200)


def test_a_poster_is_drawn_the_same_each_time() -> None:
    facts, sources = next(poster_samples.many(1))
    assert make(LAYOUTS[0], facts, sources, FACES).data == make(LAYOUTS[0], facts, sources, FACES).data
    other = make(LAYOUTS[0], replace(facts, price="¥1.00"), sources, FACES)
    assert other.data != make(LAYOUTS[0], facts, sources, FACES).data


def test_a_picture_full_of_detail_is_kept_light_and_a_plain_one_at_its_best() -> None:
    noise = Image.effect_noise((1080, 1440), 40).convert("RGB")
    calm = Image.linear_gradient("L").resize((1080, 1440)).convert("RGB")
    weights = {quality: weight_of(noise, quality) for quality in poster_drawing.QUALITIES}
    assert min(weights.values()) > poster_drawing.HEAVIEST_BYTES
    assert len(poster_drawing.encode(noise, PictureFormat.JPEG).data) == weights[poster_drawing.QUALITIES[-1]]
    best = weight_of(calm, poster_drawing.QUALITIES[0])
    assert best <= poster_drawing.HEAVIEST_BYTES
    assert len(poster_drawing.encode(calm, PictureFormat.JPEG).data) == best


def weight_of(picture: Image.Image, quality: int) -> int:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality, subsampling=0, optimize=True)
    return held.tell()


def test_the_picture_of_a_code_is_made_once() -> None:
    pictures.modules.cache_clear()
    facts, sources = next(poster_samples.many(1))
    for layout in LAYOUTS:
        make(layout, facts, sources, FACES)
    assert pictures.modules.cache_info().misses == 1


def test_the_longest_link_has_45_modules_with_its_quiet_zone() -> None:
    assert len(LONGEST_LINK) == 44
    assert pictures.modules(LONGEST_LINK).size == (45, 45)


def test_a_link_too_long_for_the_codes_box_makes_no_poster() -> None:
    layout = read_layout({"width": 600, "height": 400, "layers": [{"kind": "CODE", "box": [0, 0, 180, 180]}]})
    facts = Facts(brand="", guide="", store="", link=LONGEST_LINK)
    assert make(layout, facts, {}, FACES).media_type == "image/jpeg"
    with pytest.raises(Unfit) as unfit:
        make(layout, replace(facts, link="https://" + "long." * 20 + "example/q/abc"), {}, FACES)
    assert unfit.value.failure is PosterFailure.CODE_TOO_SMALL


def test_a_code_that_cannot_be_read_back_makes_no_poster(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, sources = next(poster_samples.many(1))
    other = pictures.modules(LONGEST_LINK)
    monkeypatch.setattr(poster_drawing.pictures, "modules", lambda link: other)
    with pytest.raises(Unfit) as unfit:
        make(LAYOUTS[0], facts, sources, FACES)
    assert unfit.value.failure is PosterFailure.UNREADABLE
    assert reads(draw(LAYOUTS[0], facts, sources, FACES), LONGEST_LINK)
    assert not reads(compressed(Image.new("L", (400, 400), 255)), facts.link)


def empty_box(face: fonts.Face) -> bytes:
    """What a font draws for a sign that it has not."""
    return bytes(fonts.sized(face, 40, 400).getmask("\U0010fffd"))


@pytest.mark.parametrize("sign", [*RARE, "𠮷", "龘", "¥", "…", "·", "—", "Ü"])
def test_a_rare_sign_is_no_empty_box(sign: str) -> None:
    assert fonts.missing_signs(sign, FACES) == ""
    ((face, piece),) = fonts.runs(sign, FACES)
    drawn = bytes(fonts.sized(face, 40, 400).getmask(piece))
    assert any(drawn)
    assert drawn != empty_box(face)


def test_a_sign_of_another_font_stands_between_its_neighbours() -> None:
    found = [(face.path.rpartition("/")[2], piece) for face, piece in fonts.runs("野𠮷家", FACES)]
    assert [piece for _, piece in found] == ["野", "𠮷", "家"]
    assert found[0][0] == found[2][0] != found[1][0]


def test_a_sign_that_no_font_has_is_named() -> None:
    assert fonts.missing_signs("羊绒\U0010fffd 围巾\U0010fffd𓀀", FACES) == "\U0010fffd𓀀"
    assert bytes(fonts.sized(FACES[0], 40, 400).getmask("𓀀")) == empty_box(FACES[0])


def test_the_tables_of_signs_agree_with_what_is_drawn() -> None:
    """Every hundredth sign of the plane, told by its picture: a font has it, or draws the empty box."""
    face = FACES[0]
    box, font = empty_box(face), fonts.sized(face, 40, 400)
    for number in range(0x4E00, 0x9FFF, 100):
        assert (bytes(font.getmask(chr(number))) != box) == (number in face.signs)


def test_a_file_that_is_no_font_is_refused() -> None:
    for data in (b"", b"\x00\x01\x00\x00", b"PK\x03\x04" + b"x" * 400, b"\x00" * 40):
        with pytest.raises(ValueError, match="font"):
            fonts.read_signs(data)


def test_bold_is_bolder_than_regular_and_neither_is_thin() -> None:
    def weight(value: int) -> int:
        return sum(bytes(fonts.sized(FACES[0], 80, value).getmask("国")))

    assert weight(100) * 1.5 < weight(400)
    assert weight(400) * 1.2 < weight(700)


BOX = Box(150, 100, 300, 200)
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs", "M"]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(12, 66), st.sampled_from(["LEFT", "CENTRE", "RIGHT"]), st.sampled_from([400, 700]))
def test_no_text_stands_outside_its_box(name: str, size: int, align: str, weight: int) -> None:
    layer = {
        "kind": "TEXT",
        "box": [BOX.left, BOX.top, BOX.width, BOX.height],
        "text": "{product}g",
        "size": size,
        "weight": weight,
        "align": align,
        "lines": 2,
    }
    found = ink(draw(blank(layer), Facts(brand="", guide="", store="", link="", title=name), {}, FACES))
    if found is not None:
        assert found[0] >= BOX.left
        assert found[1] >= BOX.top
        assert found[2] <= BOX.right
        assert found[3] <= BOX.bottom


def test_letters_with_tails_and_marks_are_not_cut_at_the_lines_edge() -> None:
    """The same line in a box of just its height and in a high one."""
    layer = {"kind": "TEXT", "text": "Ågjpqy国", "size": 60, "lineHeight": 1.3}
    facts = Facts(brand="", guide="", store="", link="")
    tight = draw(blank(layer | {"box": [0, 0, 600, 78]}), facts, {}, FACES)
    roomy = draw(blank(layer | {"box": [0, 100, 600, 240], "lineHeight": 3}), facts, {}, FACES)
    (_, top, _, bottom), (_, high, _, low) = ink(tight) or (0,) * 4, ink(roomy) or (0,) * 4
    assert 70 <= bottom - top == low - high


@pytest.mark.parametrize("price", ["¥0.01", "¥129.00", "HK$1,234.50", "¥100,000,000.00", "RM99.90"])
@pytest.mark.parametrize("is_from", [False, True])
def test_a_price_stands_whole_in_its_box(price: str, is_from: bool) -> None:
    layer = {"kind": "PRICE", "box": [BOX.left, BOX.top, BOX.width, 100], "size": 70, "weight": 700}
    facts = Facts(brand="", guide="", store="", link="", price=price, is_from=is_from)
    found = ink(draw(blank(layer), facts, {}, FACES))
    assert found is not None
    assert BOX.left <= found[0]
    assert found[2] <= BOX.right
    assert found[1] >= BOX.top
    assert found[3] <= BOX.top + 100
    # The last sign is not cut off by the box's edge: a wider box shows no more ink.
    wide = layer | {"box": [BOX.left, BOX.top, 450, 100]}
    if len(price) < 9:
        assert ink(draw(blank(wide), facts, {}, FACES)) == found


def test_pictures_fill_their_box_and_a_missing_or_hostile_one_leaves_a_quiet_ground() -> None:
    layer = {"kind": "PICTURE", "box": [100, 100, 200, 100]}
    facts = Facts(brand="", guide="", store="", link="", cover=COVER)
    red = io.BytesIO()
    Image.new("RGB", (300, 300), "#cc0000").save(red, "PNG")
    assert draw(blank(layer), facts, {COVER: red.getvalue()}, FACES).getpixel((200, 150)) == (204, 0, 0)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for data in ({}, {COVER: b""}, {COVER: svg}, {COVER: red.getvalue()[:60]}, {COVER: b"PK\x03\x04" + b"0" * 99}):
        shown = draw(blank(layer), facts, data, FACES)
        assert shown.getpixel((200, 150)) == (237, 234, 227)
        assert shown.getpixel((20, 20)) == (255, 255, 255)


def test_a_picture_of_fifty_megapixels_is_not_decoded() -> None:
    huge = io.BytesIO()
    Image.new("1", (10_000, 5_000)).save(huge, "PNG")
    facts = Facts(brand="", guide="", store="", link="", cover=COVER)
    layer = {"kind": "PICTURE", "box": [0, 0, 200, 100]}
    assert draw(blank(layer), facts, {COVER: huge.getvalue()}, FACES).getpixel((50, 50)) == (237, 234, 227)


def test_a_guide_without_a_portrait_has_the_first_sign_of_the_name() -> None:
    layer = {"kind": "GUIDE_AVATAR", "box": [100, 100, 120, 120]}
    shown = draw(blank(layer), Facts(brand="", guide="玥", store="", link=""), {}, FACES)
    colours = {colour for _, colour in shown.crop((100, 100, 220, 220)).getcolors(100_000) or []}
    assert {(225, 238, 232), (27, 104, 82), (255, 255, 255)} <= colours


def test_png_is_kept_without_loss() -> None:
    layout = read_layout(
        {"width": 600, "height": 400, "format": "PNG", "layers": [{"kind": "CODE", "box": [0, 0, 225, 225]}]}
    )
    facts = Facts(brand="", guide="", store="", link=LONGEST_LINK)
    drawn = make(layout, facts, {}, FACES)
    assert drawn.media_type == "image/png"
    shown = Image.open(io.BytesIO(drawn.data)).convert("RGB")
    assert shown.tobytes() == draw(layout, facts, {}, FACES).tobytes()
