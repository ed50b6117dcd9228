"""Bad data files: every fault is reported with its file, line and field, and none raises."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.files import MAX_FILE_BYTES, Problem, read_directory

Edit = Callable[[str, str], str]
CLUB = "organisations/club.yml"
# The end of the first action's facts.
END = "    source: page\n    questions"

# What is replaced, by what, the text whose line must be named, the field, a word of the message.
BAD_VALUES = {
    "unknown key": ("    title: Un jardin\n", "    title: Un jardin\n    couleur: vert\n", "couleur", "actions.0.couleur", "extra"),
    "missing field": ("    title: Un jardin\n", "", "id: jardin", "actions.0.title", "required"),
    "empty text": ("Un jardin", '" "', "title:", "actions.0.title", "at least 1"),
    "unknown theme": ("- mobilite", "- voyages", "- voyages", "actions.1.themes.0", "unexpected value"),
    "no theme": ("themes:\n      - mobilite", "themes: []", "themes: []", "actions.1.themes", "at least 1"),
    "phone without spaces": ("02 54 00 00 00", '"0254000000"', "0254000000", "organisation.contacts.0.value", "not a phone"),
    "phone too short": ("02 54 00 00 00", "02 54 00", "02 54 00", "organisation.contacts.0.value", "not a phone"),
    "vague schedule with hours": ("confidence: exact", "confidence: vague", "text: Le lundi", "actions.0.schedules.0", "only allowed"),
    "partial schedule with hours": ("confidence: exact", "confidence: partial", "text: Le lundi", "actions.0.schedules.0", "only allowed"),
    "hours that do not parse": ("Mo 09:00-12:00", "lundi matin", "lundi matin", "actions.0.schedules.0.osm", "opening_hours"),
    "hours out of the day": ("Mo 09:00-12:00", "Mo 09:00-99:00", "Mo 09:00-99:00", "actions.0.schedules.0.osm", "opening_hours"),
    "hours in school holidays": ("Mo 09:00-12:00", "SH Mo 09:00-12:00", "SH Mo", "actions.0.schedules.0.osm", "nobody can compute"),
    "validity upside down": (
        "confidence: exact",
        "confidence: exact\n        valid_from: 2021-06-02\n        valid_to: 2021-06-01",
        "text: Le lundi",
        "actions.0.schedules.0",
        "valid_from is after",
    ),
    "unknown source": (END, "    source: ailleurs\n    questions", "ailleurs", "actions.0.source", "sources.yml"),
    "source of a contact": (
        "0 00\n      source: page",
        "0 00\n      source: nulle-part",
        "nulle-part",
        "organisation.contacts.0.source",
        "sources.yml",
    ),
    "duplicate id": ("id: velo", "id: jardin", "id: jardin\n    title: Un atelier", "actions.1.id", "already used"),
    "id that is no slug": ("id: velo", "id: Vélo !", "id: Vélo", "actions.1.id", "regex"),
    "duplicate key": ("    title: Un jardin\n", "    title: Un jardin\n    title: Deux\n", "title: Deux", "title", "twice"),
    "ages upside down": (
        "text: Pour tous.",
        "text: Pour tous.\n      age_min: 30\n      age_max: 20",
        "audience:",
        "actions.0.audience",
        "age_min",
    ),
    "age of no person": ("text: Pour tous.", "text: Pour tous.\n      age_min: 300", "age_min", "actions.0.audience.age_min", "120"),
    "a place without a place": (END, "    places:\n      - source: page\n" + END, "- source", "actions.0.places.0", "name or an address"),
    "a list where a text belongs": ("Un jardin", "[Un, jardin]", "title:", "actions.0.title", "str type"),
    "a NUL character": ("Un jardin", '"Un\\0jardin"', "Un\\0jardin", "-", "U+0000"),
    "too long for its column": (END, '    section: "2.4 et suite"\n' + END, "section", "actions.0.section", "at most"),
    "too large for its column": (END, "    programme_year: 20210000000\n" + END, "programme_year", "actions.0.programme_year", "2100"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_bad_value_is_reported_with_file_line_and_field(data: Path, edit_club: Edit, case: str) -> None:
    old, new, marker, field, message = BAD_VALUES[case]
    text = edit_club(old, new)
    line = text[: text.index(marker)].count("\n") + 1
    problems = read_directory(data).problems
    assert [(p.file, p.line, p.field) for p in problems] == [(CLUB, line, field)], [str(p) for p in problems]
    assert message in problems[0].message


def test_the_untouched_directory_has_no_problem(data: Path) -> None:
    files = read_directory(data)
    assert files.problems == []
    assert [action.id for _, action in files.actions()] == ["jardin", "velo"]


def test_all_problems_of_all_files_come_in_one_pass(data: Path, edit_club: Edit) -> None:
    edit_club("Un jardin", '""')
    edit_club("- mobilite", "- voyages")
    (data / "help_numbers.yml").write_text("help_numbers: 3\n", encoding="utf-8")
    assert {(p.file, p.field) for p in read_directory(data).problems} == {
        (CLUB, "actions.0.title"),
        (CLUB, "actions.1.themes.0"),
        ("help_numbers.yml", "help_numbers"),
    }


def test_the_same_id_in_two_files_names_the_first_one(data: Path) -> None:
    copy = (data / CLUB).read_text(encoding="utf-8").replace("id: club", "id: cercle").replace("id: velo", "id: moto")
    (data / "organisations" / "cercle.yml").write_text(copy, encoding="utf-8")
    problem = read_directory(data).problems[0]
    assert (problem.file, problem.field) == (CLUB, "actions.0.id")
    assert "organisations/cercle.yml" in problem.message


def test_a_problem_reads_as_file_line_field_and_reason() -> None:
    assert str(Problem("organisations/club.yml", 7, "actions.0.title", "manque")) == "organisations/club.yml:7: actions.0.title: manque"


UNREADABLE = {
    "broken YAML": (b"organisation:\n  id: club\n name: [", 3, "not valid YAML"),
    "a tab": (b"organisation:\n\tid: club\n", 2, "not valid YAML"),
    "a tag that runs code": (b"organisation: !!python/object:os.system {}\n", 1, "not valid YAML"),
    "empty": (b"", 1, "must hold a mapping"),
    "only a comment": (b"# rien\n", 1, "must hold a mapping"),
    "a list": (b"- id: club\n", 1, "must hold a mapping"),
    "a mapping of nothing to nothing": (b"?", 1, "must hold a mapping"),
    "Latin-1": ("organisation:\n  name: Équipe\n".encode("latin-1"), 1, "cannot be read"),
    "bytes": (bytes(range(256)), 1, "cannot be read"),
    "huge": (b"# " + b"x" * MAX_FILE_BYTES, 1, "larger than"),
    "nested lists": (b"organisation: " + b"[" * 100_000, 1, "nested"),
    "nested mappings": (b"a: " + b"{" * 100_000, 1, "nested"),
    "nested blocks": (b"- " * 100_000, 1, "nested"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "not valid YAML"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_unreadable_file_gives_one_problem(data: Path, case: str) -> None:
    content, line, message = UNREADABLE[case]
    (data / CLUB).write_bytes(content)
    [problem] = read_directory(data).problems
    assert (problem.file, problem.line) == (CLUB, line)
    assert message in problem.message


# Values on which PyYAML's own constructors raise what is not a YAMLError, or that make a graph.
TAGGED = ["!!int ''", "!!float ''", "!!bool x", "!!timestamp x", "2021-02-30", "0001-01-01T00:00:00+23:59", "!!pairs [{[x]: 1}]",
          "&a [*a]", "{[1]: 2}", '"\\ud800"', "1" * 5000, "!!binary é", "!!set [a]", ".inf", ".nan", "<<: 5", "*unknown"]  # fmt: skip


@pytest.mark.parametrize("value", TAGGED)
def test_an_ill_formed_value_is_a_problem_not_a_crash(data: Path, edit_club: Edit, value: str) -> None:
    edit_club(END, f"    volet: {value}\n{END}")
    assert {problem.file for problem in read_directory(data).problems} == {CLUB}


@pytest.mark.parametrize("name", ["sources.yml", "help_numbers.yml", "outside.yml"])
def test_a_missing_file_is_a_problem(data: Path, name: str) -> None:
    (data / name).unlink()
    assert name in {problem.file for problem in read_directory(data).problems}


def test_a_directory_without_organisations_is_a_problem(tmp_path: Path) -> None:
    assert "organisations/" in {problem.file for problem in read_directory(tmp_path / "nowhere").problems}


YAMLISH = st.text(st.sampled_from("organisation: id-\n  '\"[]{},&*!|>%@#?0.é\t\x00\ud800actionsques")) | st.text()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary() | YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_content_raises(data: Path, content: bytes) -> None:
    (data / CLUB).write_bytes(content)
    assert read_directory(data).problems  # nothing arbitrary makes a valid organisation


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 600), what=st.binary(max_size=4))
def test_no_accident_in_a_valid_file_raises(data: Path, where: int, what: bytes) -> None:
    valid = (data / CLUB).read_bytes()
    spoilt = data.parent / "spoilt"
    (spoilt / "organisations").mkdir(parents=True, exist_ok=True)
    (spoilt / CLUB).write_bytes(valid[:where] + what + valid[where:])
    for problem in read_directory(spoilt).problems:
        assert problem.line >= 1
        assert problem.message
