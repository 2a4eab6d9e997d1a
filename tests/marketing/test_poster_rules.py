"""Templates of posters: what they may say, and how text is laid into its box."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.marketing import poster_layouts
from app.marketing.poster_lines import ELLIPSIS, wrap
from app.marketing.poster_rules import SMALLEST_CODE, all_words, content_key, picture_key, read_layout, words
from app.marketing.poster_values import Box, Facts, LayerKind, Layout, LayoutProblem, PictureFormat
from app.platform.ids import new_id
from tests.factories import at

NOW = at("2026-11-24T10:00:00+08:00")
CODE = {"kind": "CODE", "box": [400, 400, 200, 200]}
FACTS = Facts(brand="样板生活", guide="林知夏", store="静安店", link="x", title="羊绒 围巾", price="¥129.00")


def document(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"width": 600, "height": 800, "layers": [*layers, CODE]} | more


def text(**more: Any) -> dict[str, Any]:
    return {"kind": "TEXT", "box": [0, 0, 300, 60], "text": "你好", "size": 30} | more


def test_a_template_is_read_with_its_defaults() -> None:
    layout = read_layout(document(text()))
    assert (layout.width, layout.height, layout.background, layout.format) == (600, 800, "#f6f4ef", PictureFormat.JPEG)
    assert [layer.kind for layer in layout.layers] == [LayerKind.TEXT, LayerKind.CODE]
    assert (layout.layers[0].colour, layout.layers[0].weight, layout.layers[0].lines) == ("#23211d", 400, 1)
    assert not layout.needs_product


@pytest.mark.parametrize(
    ("document", "key", "path"),
    [
        (None, "poster_object", ()),
        ([], "poster_object", ()),
        (document() | {"shadow": 1}, "poster_field_unknown", ("shadow",)),
        (document(width=60), "poster_number", ("width",)),
        (document(width=2401), "poster_number", ("width",)),
        (document(width=True), "poster_number", ("width",)),
        (document(height="800"), "poster_number", ("height",)),
        (document(width=2400, height=2400), "poster_canvas", ("height",)),
        (document(width=20_000, height=20_000), "poster_number", ("width",)),
        (document(background="red"), "poster_colour", ("background",)),
        (document(background="#12345"), "poster_colour", ("background",)),
        (document(format="SVG"), "poster_choice", ("format",)),
        (document(layers=[]), "poster_layers", ("layers",)),
        (document(layers=[CODE] * 41), "poster_layers", ("layers",)),
        (document(layers=["CODE"]), "poster_object", ("layers", "0")),
        (document({"kind": "VIDEO", "box": [0, 0, 9, 9]}), "poster_choice", ("layers", "0", "kind")),
        (document({"kind": ["TEXT"], "box": [0, 0, 9, 9]}), "poster_choice", ("layers", "0", "kind")),
        (document(text(font="Arial")), "poster_field_unknown", ("layers", "0", "font")),
        (document(text(source="COVER")), "poster_field_unknown", ("layers", "0", "source")),
        (document({"kind": "PRICE", "box": [0, 0, 99, 99]}), "poster_field_missing", ("layers", "0", "size")),
        (document(text(colour="#gggggg")), "poster_colour", ("layers", "0", "colour")),
        (document(text(weight=500)), "poster_weight", ("layers", "0", "weight")),
        (document(text(weight=400.0)), "poster_weight", ("layers", "0", "weight")),
        (document(text(align="MIDDLE")), "poster_choice", ("layers", "0", "align")),
        (document(text(lines=0)), "poster_number", ("layers", "0", "lines")),
        (document(text(lineHeight=1.2)), "poster_number", ("layers", "0", "lineHeight")),
        (document(text(lineHeight=float("nan"))), "poster_number", ("layers", "0", "lineHeight")),
        (document(text(text=" ")), "poster_text", ("layers", "0", "text")),
        (document(text(text="长" * 201)), "poster_text", ("layers", "0", "text")),
        (document(text(text="{phone}")), "poster_placeholder", ("layers", "0", "text")),
        (document(text(text="{guide.__class__}")), "poster_placeholder", ("layers", "0", "text")),
        (document(text(size=50)), "poster_text_room", ("layers", "0", "box")),
        (document(text(lines=2)), "poster_text_room", ("layers", "0", "box")),
        (document(text(box=[0, 0, 20, 60])), "poster_text_room", ("layers", "0", "box")),
        (document(text(box=[0, 0, 601, 60])), "poster_box", ("layers", "0", "box")),
        (document(text(box=[-1, 0, 300, 60])), "poster_box", ("layers", "0", "box")),
        (document(text(box=[0, 0, 300])), "poster_box", ("layers", "0", "box")),
        (document(text(box=[0, 0, 0, 60])), "poster_box", ("layers", "0", "box")),
        (document(text(box=[0.5, 0, 300, 60])), "poster_box", ("layers", "0", "box")),
        (
            document({"kind": "PICTURE", "box": [0, 0, 9, 9], "source": "https://elsewhere/a.jpg"}),
            "poster_source",
            ("layers", "0", "source"),
        ),
        (
            document({"kind": "PICTURE", "box": [0, 0, 9, 9], "source": "/media/../secrets"}),
            "poster_source",
            ("layers", "0", "source"),
        ),
        (document(CODE), "poster_one_code", ("layers",)),
        (document(layers=[text()]), "poster_one_code", ("layers",)),
        (
            document(layers=[CODE | {"box": [0, 0, 179, 300]}]),
            "poster_code_small",
            ("layers", "0", "box"),
        ),
        (
            document(layers=[CODE, text(box=[300, 390, 200, 60])]),
            "poster_code_covered",
            ("layers", "1", "box"),
        ),
    ],
)
def test_a_wrong_template_is_refused_with_the_path_to_the_fault(
    document: object, key: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(LayoutProblem) as refused:
        read_layout(document)
    assert (refused.value.key, refused.value.path) == (key, ("layout", *path))


def test_the_built_in_templates_are_templates() -> None:
    read = [read_layout(document) for _, document in poster_layouts.BUILT_IN]
    assert [layout.needs_product for layout in read] == [True, True, False]
    codes = [layer.box for layout in read for layer in layout.layers if layer.kind is LayerKind.CODE]
    assert all(min(box.width, box.height) >= SMALLEST_CODE for box in codes)
    cards = [read_layout(card, has_code=False) for card in (poster_layouts.PRODUCT_CARD, poster_layouts.SHOP_CARD)]
    assert {(card.width * 4, card.has_code) for card in cards} == {(card.height * 5, False) for card in cards}


def test_a_code_may_touch_what_lies_beside_it_and_lie_on_what_is_below() -> None:
    below = {"kind": "FILL", "box": [380, 380, 220, 220]}
    layout: Layout = read_layout({"width": 600, "height": 800, "layers": [below, CODE, text(box=[100, 400, 300, 60])]})
    assert layout.layers[1].box == Box(400, 400, 200, 200)


def test_placeholders_are_filled_once_and_braces_of_a_name_stay_text() -> None:
    layout = read_layout(document(text(text="{guide}荐 {product}，{store}·{brand}", box=[0, 0, 600, 60])))
    assert words(layout.layers[0], FACTS) == "林知夏荐 羊绒 围巾，静安店·样板生活"
    tricky = Facts(brand="b", guide="{product}", store="", link="", title="t")
    assert words(layout.layers[0], tricky) == "{product}荐 t，·b"
    assert all_words(layout, FACTS) == words(layout.layers[0], FACTS)


def test_posters_are_the_same_when_template_version_and_facts_are() -> None:
    template, other = new_id(NOW), new_id(NOW)
    key = content_key(template_id=template, version=1, facts=FACTS)
    assert key == content_key(template_id=template, version=1, facts=FACTS)
    dearer = Facts(brand="样板生活", guide="林知夏", store="静安店", link="x", title="羊绒 围巾", price="¥139.00")
    keys = {
        key,
        content_key(template_id=template, version=2, facts=FACTS),
        content_key(template_id=other, version=1, facts=FACTS),
        content_key(template_id=template, version=1, facts=dearer),
        picture_key(layout=poster_layouts.SHOP, facts=FACTS),
    }
    assert len(keys) == 5
    assert all(len(one) == 64 for one in keys)


def measure(text: str) -> float:
    return sum(1.0 if sign.isascii() else 2.0 for sign in text)


SIGNS = st.text(st.sampled_from("新疆长绒棉，。（）《》“”…·A1b-. 四件套\u3000x"), max_size=60)


@given(SIGNS, st.integers(2, 30), st.integers(1, 4))
def test_no_line_is_wider_than_its_box_and_nothing_is_made_up(text: str, width: int, lines: int) -> None:
    made = wrap(text, measure=measure, width=width, lines=lines)
    assert len(made) <= lines
    assert all(measure(line) <= width for line in made)
    shown = "".join("".join(made).split())
    whole = "".join(text.split())
    if shown != whole:
        assert made[-1].endswith(ELLIPSIS)
        assert whole.startswith("".join([*made[:-1], made[-1][:-1]]).replace(" ", "").replace("\u3000", ""))


@given(SIGNS, st.integers(8, 30))
def test_a_text_that_fits_is_shown_whole(text: str, width: int) -> None:
    made = wrap(text, measure=measure, width=width, lines=200)
    assert "".join("".join(made).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "width", "lines", "made"),
    [
        ("", 10, 2, []),
        ("羊绒围巾", 8, 2, ["羊绒围巾"]),
        ("羊绒围巾", 6, 2, ["羊绒围", "巾"]),
        ("羊绒围，巾", 6, 2, ["羊绒", "围，巾"]),
        ("羊绒围巾披肩", 6, 1, ["羊绒…"]),
        ("羊绒、围巾披肩", 8, 1, ["羊绒…"]),
        ("羊绒（围巾）", 6, 3, ["羊绒", "（围", "巾）"]),
        ("Ultra Soft 四件套", 11, 2, ["Ultra Soft", "四件套"]),
        ("Ultra-Soft 四件套", 12, 2, ["Ultra-Soft", "四件套"]),
        ("Incomprehensibilities", 8, 2, ["Incompre", "hensib…"]),
        ("围", 1, 1, []),
    ],
)
def test_lines_break_where_chinese_and_latin_may(text: str, width: int, lines: int, made: list[str]) -> None:
    assert wrap(text, measure=measure, width=width, lines=lines) == made
