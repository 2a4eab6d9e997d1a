"""House rules that no other tool keeps: sizes, who commits, what rules may import, what never is committed."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "documents" / "contract"
GIVEN_CONTRACT = ROOT.parent / "shared" / "contract"
PACKAGES = ("app", "graphql_schema")
MODULE_LINES = 400
FUNCTION_LINES = 70
BINARY = {".gif", ".ico", ".jpg", ".otf", ".parquet", ".png", ".ttf", ".woff2", ".xlsx"}

# Put together here, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:" + "|".join(["wor" + "k", "roo" + "t"]) + r")/")
REGISTRY_HOST = re.compile(
    "|".join([r"py" + r"pi\.org", r"python" + r"hosted\.org", r"npm" + r"js\.(?:org|com)", r"docker" + r"\.io"])
    + r"|(?:simple|artifactory|nexus|devpi)/[\w./-]*#sha256",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")


def tracked_files() -> list[Path]:
    """What is, or would be, committed; every file where this is no checkout."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        hidden = {".venv", ".data", ".git", "build", "dist", "__pycache__"}
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if not hidden & set(p.relative_to(ROOT).parts)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        if path.suffix.lower() not in BINARY:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def found_in(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:80]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_the_looked_for_patterns_find_what_they_should() -> None:
    assert MACHINE_PATH.search("cd /wor" + "k/main") and MACHINE_PATH.search('"/roo' + 't/.cache"')
    assert not MACHINE_PATH.search("app/wor" + "k/x") and not MACHINE_PATH.search("https://a.example/wor" + "k/")
    assert REGISTRY_HOST.search("https://files.python" + "hosted.org/x") and UNFINISHED.search("# TO" + "DO: later")


def test_modules_stay_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in modules(*PACKAGES, "scripts", "tests")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    ]
    assert long == []


def test_functions_stay_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1}"
        for path in modules(*PACKAGES, "scripts")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_only_the_platform_commits() -> None:
    committing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(*PACKAGES, "scripts")
        if not path.is_relative_to(ROOT / "app" / "platform")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert committing == []


def test_rules_import_only_their_values_money_and_ids() -> None:
    allowed_in_platform = {"app.platform.money", "app.platform.ids"}
    wrong = []
    for path in sorted((ROOT / "app").rglob("*rules.py")):
        package = ".".join(path.relative_to(ROOT).parent.parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in imported_names(node):
                if name.startswith(("app.", "graphql_schema")) and not (
                    any(name == ok or name.startswith(f"{ok}.") for ok in allowed_in_platform)
                    or re.match(rf"{package}\.(?:\w+_)?values(?:\.|$)", name)
                ):
                    wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def imported_names(node: ast.AST) -> list[str]:
    """Full names of what an import statement brings: `from a import b` gives `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return []


def test_imports_are_absolute() -> None:
    relative = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(*PACKAGES, "scripts", "tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_every_package_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules(*PACKAGES)
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_folder_of_code_is_a_package() -> None:
    missing = {path.parent for path in modules(*PACKAGES) if not (path.parent / "__init__.py").exists()}
    assert missing == set()


def test_nothing_names_this_machine_or_a_registry() -> None:
    assert found_in(MACHINE_PATH) == []
    assert found_in(REGISTRY_HOST) == []


def test_nothing_is_left_unfinished() -> None:
    assert found_in(UNFINISHED) == []


def test_pins_are_exact() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    loose = [line for line in lines if not line.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)]
    assert (loose, len(lines) > 50) == ([], True)


def test_contract_is_the_given_one() -> None:
    if not GIVEN_CONTRACT.is_dir():
        pytest.skip("the given contract is not beside this checkout")
    given = {path.name: path.read_bytes() for path in GIVEN_CONTRACT.glob("*.graphql*")}
    ours = {path.name: path.read_bytes() for path in CONTRACT.iterdir()}
    assert ours == given and len(given) == 7


def test_contract_documents_are_all_there() -> None:
    names = ["boss", "guide", "headquarters", "ministore", "toolbox", "training"]
    assert sorted(path.name for path in CONTRACT.iterdir()) == sorted(
        [f"{n}.graphql" for n in names] + ["skeleton.graphqls"]
    )
