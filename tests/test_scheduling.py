"""Files that ask for one worker for all their tests get it."""

from pathlib import Path

from tests.scheduling import group_of

TESTS = Path(__file__).resolve().parent


def test_every_file_that_names_a_group_is_understood(tmp_path: Path) -> None:
    naming = [path for path in TESTS.rglob("test_*.py") if "pytest.mark.xdist_group" in path.read_text("utf-8")]
    naming.remove(Path(__file__))
    assert len(naming) >= 4
    assert [path for path in naming if group_of(path) is None] == []
    assert group_of(TESTS / "flows" / "test_two_brands.py") == "two brands"
    assert group_of(Path(__file__)) is None
    assert group_of(tmp_path / "missing.py") is None
