"""What holds the parts apart: imports, sizes, wording outside of Python, documents that keep up."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from knowledge.settings import ROOT, Settings

PACKAGES = ("api", "bot", "nlu", "actions", "knowledge")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MIGRATIONS = ROOT / "knowledge/migrations"
MOST_LINES = 300

# Python files that hold French, and why; everything else that people read is in YAML and templates.
FRENCH = {
    "nlu/": "word lists and rules of the language itself",
    "api/channels/gsm.py": "the alphabet of SMS and the characters of French that it lacks",
    "api/chat.py": "the example in the OpenAPI document",
    "api/web/links.py": "a pattern that recognises what is no telephone number",
    "api/web/sheet.py": "the names of months, as in scripts/cards.js",
    "knowledge/learning/masking.py": "the names of what was masked, and characters of patterns",
    "knowledge/schema/": "examples in the descriptions of fields",
}
ACCENTED = re.compile(r"[à-öø-ÿœ]", re.I)


def names_of(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


def imported(module: Path) -> set[str]:
    """Top-level names of the packages that a module imports, wherever it does."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}}


def test_imports_go_one_way():
    # In a process of its own: import-linter sets up logging anew, which disables the loggers of the tests beside it.
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("library", "where"),
    [
        ("rasa", ("bot/rasa_", "nlu/components/")),
        ("rasa_sdk", ("bot/rasa_", "actions/")),
        ("fastapi", ("api/",)),
        ("starlette", ("api/",)),
    ],
)
def test_a_library_is_imported_where_it_belongs_and_nowhere_else(library: str, where: tuple[str, ...]):
    assert [names_of(module) for module in MODULES if library in imported(module) and not names_of(module).startswith(where)] == []


def test_modules_stay_small():
    long = {names_of(m): len(m.read_text(encoding="utf-8").splitlines()) for m in MODULES if not m.is_relative_to(MIGRATIONS)}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_it_is_for():
    silent = [names_of(m) for m in MODULES if m.stat().st_size and not ast.get_docstring(ast.parse(m.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_wording_is_in_python():
    found = []
    for module in MODULES:
        if names_of(module).startswith(tuple(FRENCH)):
            continue
        tree = ast.parse(module.read_text(encoding="utf-8"))
        # A docstring is an expression that stands alone.
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone and ACCENTED.search(node.value):
                found.append(f"{names_of(module)}:{node.lineno}: {node.value}")
    assert found == []


def test_the_exceptions_for_french_are_still_needed():
    for start in FRENCH:
        files = [m for m in MODULES if names_of(m).startswith(start)]
        assert any(ACCENTED.search(m.read_text(encoding="utf-8")) for m in files), start


def test_settings_are_all_documented_with_their_defaults():
    table = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `PASSERELLE_(\w+)` \| (.*)$", table, re.M))
    fields = Settings.__fields__
    assert set(rows) == {name.upper() for name in fields}
    for name, field in fields.items():
        assert field.field_info.description, name
        if isinstance(field.default, int | str):
            assert f"| `{field.default}` |" in rows[name.upper()], name


def test_the_environment_is_read_in_few_places():
    """Settings come in at one place; the command line the process of a server and those that it starts read what is their own."""
    readers = [names_of(m) for m in MODULES if re.search(r"os\.(?:environ|getenv)", m.read_text(encoding="utf-8"))]
    assert set(readers) <= {
        "api/cli.py",
        "api/monitoring.py",
        "api/ops_commands.py",
        "api/processor.py",
        "api/quiet.py",
        "api/server.py",
        "bot/training.py",
        "knowledge/dumps.py",
    }


def test_every_intent_has_its_rule_and_every_rule_its_action(services):
    domain = yaml.safe_load((ROOT / "bot/domain/domain.yml").read_text(encoding="utf-8"))
    said = yaml.safe_load((ROOT / "bot/domain/responses/talk.yml").read_text(encoding="utf-8"))["responses"]
    rules = yaml.safe_load((ROOT / "bot/rules/rules.yml").read_text(encoding="utf-8"))["rules"]
    steps = [(rule["steps"][0]["intent"], rule["steps"][1]["action"]) for rule in rules]
    assert sorted(intent for intent, _ in steps) == sorted([*domain["intents"], "nlu_fallback"])
    assert {action for _, action in steps} == {*domain["actions"], *said}
