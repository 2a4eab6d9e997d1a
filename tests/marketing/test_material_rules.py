"""What a material may hold, how its script is filled in, how long its page was read, and whom it is for."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.employees.rules import is_addressed, unit_path
from app.employees.values import Role, StaffAudience
from app.marketing import material_rules as rules
from app.marketing.values import MaterialContent, ScriptFacts

FACTS = ScriptFacts(guide="林知夏", store="人民广场店", customer="王**", link="https://a.example/q/1")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "http://a.example:8080/x.pdf",
        "https://a.example/报价.pdf",
        "https://a.example?x=1",
        "/media/demo/1.svg",
        "https://a.example/" + "x" * 482,
    ],
)
def test_links_lead_to_the_web_or_to_our_media(url: str) -> None:
    assert rules.is_link(url)
    assert rules.is_picture(url) is not url.startswith("http:")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "/q/token",
        "/media/../etc/passwd",
        "/media/",
        "ftp://a.example",
        "https://",
        'https://a.example/"onload=x',
        "https://a.example/ x",
        "https://user@a.example/",
        "https://a.example/" + "x" * 483,
        "",
    ],
)
def test_anything_else_is_no_link(url: str) -> None:
    assert not rules.is_link(url) and not rules.is_picture(url)


@pytest.mark.parametrize(
    ("script", "key"),
    [
        ("{customer}，{guide}在{store}：{link}", None),
        ("没有占位符", None),
        ("{link}" * 10, None),
        ("{link}" * 11, "material_script_placeholders"),
        ("{phone}", "material_script_placeholder"),
        ("{Guide}", "material_script_placeholder"),
        ("{ guide }", "material_script_placeholder"),
        ("{{guide}}", "material_script_placeholder"),
        ("{", "material_script_placeholder"),
        ("a}", "material_script_placeholder"),
        ("{guide.__class__}", "material_script_placeholder"),
    ],
)
def test_script_knows_four_placeholders(script: str, key: str | None) -> None:
    problem = rules.script_problem(script)
    assert (None if problem is None else (problem.key, problem.path)) == (None if key is None else (key, ("script",)))


def test_script_is_filled_in_once() -> None:
    assert rules.fill_script("{customer}，我是{store}的{guide}：{link}", FACTS) == (
        "王**，我是人民广场店的林知夏：https://a.example/q/1"
    )
    tricky = ScriptFacts(guide="{link}", store="{customer}", customer="{guide}", link="L")
    assert rules.fill_script("{guide}{store}{customer}", tricky) == "{link}{customer}{guide}"


@given(st.text(alphabet="{}abguidestorelink客 ", max_size=60))
def test_what_passes_is_filled_in_whole(script: str) -> None:
    if rules.script_problem(script) is None:
        filled = rules.fill_script(script, FACTS)
        assert "{" not in filled and "}" not in filled


def test_content_is_refused_at_the_first_thing_wrong() -> None:
    wrong = [
        (MaterialContent("a", cover_url="http://a.example/x.png"), ("cover_url_form", ("coverUrl",))),
        (
            MaterialContent("a", attachment_urls=("/media/a.pdf", "javascript:x")),
            ("material_attachment_form", ("attachmentUrls", "1")),
        ),
        (
            MaterialContent("a", attachment_urls=("/media/a.pdf",) * 21),
            ("material_too_many_attachments", ("attachmentUrls",)),
        ),
        (
            MaterialContent("a", product_ids=tuple(UUID(int=n) for n in range(21))),
            ("material_too_many_products", ("productIds",)),
        ),
        (MaterialContent("a", script="{x}"), ("material_script_placeholder", ("script",))),
    ]
    for content, expected in wrong:
        problem = rules.content_problem(content)
        assert problem is not None and (problem.key, problem.path) == expected
    sound = MaterialContent("a", "b", "/media/c.png", ("/media/a.pdf",) * 20, "{link}", (UUID(int=1),))
    assert rules.content_problem(sound) is None


@given(st.integers(-(10**12), 10**12), st.integers(-1_000, 100_000))
def test_reading_is_no_longer_than_the_page_was_open(told: int, open_for: int) -> None:
    believed = rules.reading_seconds(told, since_opened=timedelta(seconds=open_for))
    assert 0 <= believed <= 1_800
    assert believed <= max(0, told) and believed <= max(0, open_for)
    if 0 <= told <= open_for and told <= 1_800:
        assert believed == told


ROOT, EAST, SHOP, WEST = (UUID(int=n) for n in range(1, 5))
PATH = unit_path(unit_path(unit_path("", ROOT), EAST), SHOP)
ME, OTHER = UUID(int=9), UUID(int=10)


@pytest.mark.parametrize(
    ("audience", "is_mine"),
    [
        (StaffAudience(), True),
        (StaffAudience(org_unit_ids=(ROOT,)), True),
        (StaffAudience(org_unit_ids=(EAST,)), True),
        (StaffAudience(org_unit_ids=(WEST, SHOP)), True),
        (StaffAudience(org_unit_ids=(WEST,)), False),
        (StaffAudience(roles=(Role.GUIDE,)), True),
        (StaffAudience(roles=(Role.MANAGER,)), False),
        (StaffAudience(org_unit_ids=(EAST,), roles=(Role.MANAGER,)), False),
        (StaffAudience(org_unit_ids=(WEST,), roles=(Role.GUIDE,)), False),
        (StaffAudience(org_unit_ids=(EAST,), roles=(Role.GUIDE,)), True),
        (StaffAudience(employee_ids=(ME,)), True),
        (StaffAudience(employee_ids=(OTHER,)), False),
        (StaffAudience(org_unit_ids=(WEST,), employee_ids=(ME,)), True),
        (StaffAudience(org_unit_ids=(EAST,), employee_ids=(OTHER,)), True),
        (StaffAudience(roles=(Role.MANAGER,), employee_ids=(OTHER,)), False),
    ],
)
def test_audience_is_a_place_and_a_role_or_a_name(audience: StaffAudience, is_mine: bool) -> None:
    assert is_addressed(audience, role="GUIDE", branch=PATH, employee_id=ME) is is_mine
