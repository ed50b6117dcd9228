"""CSV and XLSX: out and in again unchanged, and every cell that a spreadsheet may have spoilt refused with its place."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchanges import difficult, empty, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import sessionmaker

from knowledge import loader
from knowledge.exchange import cells, csv_files, workbook
from knowledge.exchange.changes import compare
from knowledge.exchange.importing import dry_run, import_file
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.exchange.sheets import names_of
from knowledge.exchange.tables import TABLES, Column, rows_of
from knowledge.exchange.words import words
from knowledge.files import DATA, DirectoryFiles
from knowledge.loader import load

NOTHING = DirectoryFiles()


def cells_of(book: bytes) -> dict[str, list[tuple]]:
    """Every sheet's values: what is the same when a workbook is the same."""
    return {sheet.title: list(sheet.values) for sheet in load_workbook(io.BytesIO(book)).worksheets}


# A workbook of the whole directory takes a quarter of a minute to write twice and read.
@pytest.mark.parametrize("name", ["csv", pytest.param("xlsx", marks=pytest.mark.soak)])
def test_export_import_into_nothing_export_is_identical(factory: sessionmaker, name: str) -> None:
    export: Callable[[Any], Any] = csv_files.export if name == "csv" else lambda content: cells_of(workbook.export(content))
    load(factory, DATA)
    before = stored(factory)
    exported = csv_files.export(before) if name == "csv" else workbook.export(before)
    with factory.begin() as session:
        empty(session)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert stored(factory) == before
    assert export(stored(factory)) == (exported if name == "csv" else cells_of(exported))


@pytest.mark.parametrize("module", [csv_files, workbook])
def test_difficult_cells_survive(data: Path, module: Any) -> None:
    files = difficult(data)
    assert compare(files, module.read(module.export(files), NOTHING).files).changes == ()


@pytest.mark.parametrize("module", [csv_files, workbook])
def test_no_cell_is_a_formula_for_a_spreadsheet(data: Path, module: Any) -> None:
    exported = module.export(difficult(data))
    if module is workbook:
        found = [cell for sheet in load_workbook(io.BytesIO(exported)).worksheets for line in sheet.iter_rows() for cell in line]
        assert {cell.data_type for cell in found if cell.value is not None} <= {"s", "n", "d"}
        texts = [cell.value for cell in found if cell.data_type == "s"]
    else:
        with zipfile.ZipFile(io.BytesIO(exported)) as archive:
            tables = [archive.read(name).decode("utf-8-sig") for name in archive.namelist()]
        texts = [cell for table in tables for line in csv.reader(io.StringIO(table), delimiter=";") for cell in line]
        texts = [text for text in texts if not text.replace(".", "").replace("-", "").isdigit()]
    assert "'=Le Club" in texts
    assert not [text for text in texts if text[:1] in ("=", "+", "-", "@")]


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from("\n'=+-@;,\"\\ \t")).map(str.strip)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS.filter(bool), items=st.lists(TEXTS.filter(bool)))
def test_any_text_comes_back_from_its_cell(text: str, items: list[str]) -> None:
    for column, value in ((Column("x"), text), (Column("x", "list"), items)):
        cell = cells.write(column, value, words())
        assert cell is None or not cell.startswith(("=", "+", "-", "@"))
        assert cells.read(column, cell, words()) == value


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | st.times() | st.text()


@settings(max_examples=300, deadline=None)
@given(cell=CELLS, kind=st.sampled_from(["text", "list", "integer", "number", "boolean", "date"]))
def test_no_cell_raises_anything_but_a_refusal(cell: Any, kind: Any) -> None:
    try:
        value = cells.read(Column("x", kind), cell, words())
    except cells.BadCell as bad:
        assert words().reason(bad.code, bad.context) != words().reason("other", {})
        return
    kinds = {"text": str, "list": list, "integer": int, "number": float, "boolean": bool, "date": dt.date}
    assert value is None or type(value) is kinds[kind]


# A column's kind, what a spreadsheet program made of the value, what is read or why it is refused.
RESAVED = [
    ("text", 254445050, "number_for_text"),
    ("text", 3919.0, "number_for_text"),
    ("text", dt.datetime(2021, 6, 1), "date_for_text"),
    ("text", True, "number_for_text"),
    ("integer", 18.0, 18),
    ("integer", 18.5, "not_integer"),
    ("integer", "18", 18),
    ("integer", "dix-huit", "not_integer"),
    ("integer", True, "not_integer"),
    ("number", "47,59", 47.59),
    ("number", "47.59", 47.59),
    ("number", 47, 47.0),
    ("number", "nan", "not_number"),
    ("boolean", "VRAI", True),
    ("boolean", "Oui", True),
    ("boolean", "FAUX", False),
    ("boolean", False, False),
    ("boolean", 1, True),
    ("boolean", "peut-être", "not_boolean"),
    ("date", dt.datetime(2024, 8, 1), dt.date(2024, 8, 1)),
    ("date", "01/08/2024", dt.date(2024, 8, 1)),
    ("date", "2024-08-01", dt.date(2024, 8, 1)),
    ("date", "31/02/2024", "not_date"),
    ("date", 45505, "not_date"),
    ("date", "2024", "not_date"),
    ("list", "un\r\n\r\n deux ", ["un", "deux"]),
    ("list", 12, "number_for_text"),
    ("text", "   ", None),
]


@pytest.mark.parametrize(("kind", "cell", "expected"), RESAVED)
def test_what_a_spreadsheet_program_changed_is_read_or_refused(kind: Any, cell: Any, expected: Any) -> None:
    try:
        found = cells.read(Column("x", kind), cell, words())
    except cells.BadCell as bad:
        found = bad.code
    assert found == expected
    assert type(found) is type(expected)


def table(name: str, *rows: dict[str, Any], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    """A CSV file of a table, as an agent may write it: by the columns' names, what is not given is empty."""
    columns = [column.name for column in TABLES[name].columns]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


PHONE = {"organisation": "club", "kind": "phone", "value": "02 54 11 11 11", "source": "page"}


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_one_table_in_any_usual_dialect(real_files: DirectoryFiles, delimiter: str, encoding: str) -> None:
    row = {"organisation": "acesm", "kind": "téléphone", "value": "02 54 11 11 11", "label": "Été, automne ; hiver", "source": "page-2021"}
    read = csv_files.read(table("contacts", row, delimiter=delimiter, encoding=encoding), real_files)
    changes = compare(real_files, read.files).changes
    assert {change.key for change in changes} == {"acesm"}
    contacts = next(file.organisation.contacts for file in read.files.organisations if file.organisation.id == "acesm")
    assert [(c.kind, c.value, c.label, c.public) for c in contacts] == [("phone", "02 54 11 11 11", "Été, automne ; hiver", True)]


def test_rows_that_are_not_there_stay_unless_asked(data: Path) -> None:
    files = loader.read_directory(data)
    new = {"organisation": "club", "id": "danse", "title": "Danser", "summary": "On danse.", "themes": "sport", "source": "page"}
    kept = csv_files.read(table("actions", new), files)
    assert [(change.kind, change.table, change.key) for change in compare(files, kept.files).changes] == [("added", "actions", "danse")]
    removed = compare(files, csv_files.read(table("actions", new), files, remove_absent=True).files)
    assert {(change.kind, change.table, change.key) for change in removed.changes} == {
        ("added", "actions", "danse"),
        ("removed", "actions", "jardin"),
        ("removed", "actions", "velo"),
        ("removed", "schedules", "jardin"),
        ("removed", "phrasings", "jardin"),
        ("removed", "phrasings", "velo"),
    }


def test_a_dry_run_says_what_changes_field_by_field_and_writes_nothing(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    before = stored(factory)
    row = rows_of(before)["actions"][0] | {"title": "Le jardin", "verified_on": "01/02/2024", "status": "en cours"}
    row = {name: "\n".join(value) if isinstance(value, list) else value for name, value in row.items()}
    with factory.begin() as session:
        [change] = dry_run(session, table("actions", row)).comparison.changes
    assert [(field.column, field.before, field.after) for field in change.fields] == [
        ("title", "Un jardin", "Le jardin"),
        ("status", "unknown", "active"),
        ("verified_on", None, dt.date(2024, 2, 1)),
    ]
    assert stored(factory) == before


# Rows, and the cells that must be named: sheet, row, column, value, a word of the reason.
REFUSED = {
    "a phone without its zero": ("contacts", PHONE | {"value": "254111111"}, [("Contacts", 2, "Valeur", "254111111", "zéro")]),
    "an unknown kind": ("contacts", PHONE | {"kind": "fax"}, [("Contacts", 2, "Nature", "fax", "téléphone")]),
    "no value": ("contacts", PHONE | {"value": ""}, [("Contacts", 2, "Valeur", "", "obligatoire")]),
    "an unknown source": ("contacts", PHONE | {"source": "ailleurs"}, [("Contacts", 2, "Source", "ailleurs", "Sources")]),
    "an unknown owner": ("contacts", PHONE | {"organisation": "rien"}, [("Contacts", 2, "Organisation", "rien", "n'existe pas")]),
    "no owner": ("contacts", PHONE | {"organisation": ""}, [("Contacts", 2, "Organisation", "", "à qui")]),
    "two owners": ("contacts", PHONE | {"action": "velo"}, [("Contacts", 2, "Action", "velo", "à qui")]),
    "a word for a boolean": ("contacts", PHONE | {"public": "bof"}, [("Contacts", 2, "Public", "bof", "oui ou non")]),
    "a vague schedule with hours": (
        "schedules",
        {"action": "velo", "text": "Lundi.", "osm": "Mo 09:00-12:00", "confidence": "vague", "source": "page"},
        [("Horaires", 2, "Précision", "vague", "« exact »")],
    ),
    "hours that do not parse": (
        "schedules",
        {"action": "velo", "text": "Lundi.", "osm": "lundi", "confidence": "exact", "source": "page"},
        [("Horaires", 2, "Horaires OSM", "lundi", "lisible")],
    ),
    "dates upside down": (
        "events",
        {"action": "velo", "title": "Fête", "start": "02/02/2024", "end": "01/02/2024", "text": "Une fête.", "source": "page"},
        [("Dates", 2, "Au", "2024-02-01", "après")],
    ),
    "a half-written row": (
        "organisations",
        {"id": "x"},
        [("Organisations", 2, "Nom", "", "obligatoire"), ("Organisations", 2, "Source", "", "obligatoire")],
    ),
    "an id that is none": (
        "organisations",
        {"id": "Le Club !", "name": "x", "source": "page"},
        [("Organisations", 2, "Identifiant", "Le Club !", "forme")],
    ),
    "a voice of nobody": ("phrasings", {"action": "velo", "voice": "bob", "text": "mon vélo"}, [("Phrases", 2, "Voix", "bob", "habitant")]),
    "no voice": ("phrasings", {"action": "velo", "text": "mon vélo"}, [("Phrases", 2, "Voix", "", "voix")]),
    "ages upside down": (
        "actions",
        {"organisation": "club", "id": "x", "title": "x", "summary": "x", "themes": "sport", "source": "page", "audience.text": "x",
         "audience.publics": "femmes", "audience.age_min": "30", "audience.age_max": "20"},
        [("Actions", 2, "Âge maximum", "20", "plus grand")],
    ),
    "publics without a sentence": (
        "actions",
        {"organisation": "club", "id": "x", "title": "x", "summary": "x", "themes": "sport", "source": "page",
         "audience.publics": "femmes"},
        [("Actions", 2, "Pour qui", "", "obligatoire")],
    ),
    "a theme of nobody, and an age in words": (
        "actions",
        {"organisation": "club", "id": "x", "title": "x", "summary": "x", "themes": "sport\ndanse", "source": "page", "audience.text": "x",
         "audience.publics": "femmes", "audience.age_min": "vingt"},
        [("Actions", 2, "Âge minimum", "vingt", "entier"), ("Actions", 2, "Thèmes", "sport\ndanse", "emploi")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_cell_is_named_with_its_reason_in_french(data: Path, case: str) -> None:
    name, row, expected = REFUSED[case]
    with pytest.raises(ExchangeRefused) as caught:
        csv_files.read(table(name, row), loader.read_directory(data))
    found = [(cell.sheet, cell.row, cell.column, cell.value) for cell in caught.value.rejected]
    assert found == [place[:4] for place in expected], caught.value.rejected
    for cell, (*_, word) in zip(caught.value.rejected, expected, strict=True):
        assert word in cell.reason


def test_refused_rows_change_nothing_and_all_are_named(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    before = stored(factory)
    with pytest.raises(ExchangeRefused) as caught, factory.begin() as session:
        import_file(session, table("contacts", PHONE, PHONE | {"value": "?"}, PHONE | {"kind": ""}), "test")
    assert [(cell.row, cell.column) for cell in caught.value.rejected] == [(3, "Valeur"), (4, "Nature")]
    assert "2 case(s) refusée(s)" in str(caught.value)
    assert stored(factory) == before


def test_removing_what_others_need_is_refused(data: Path) -> None:
    files = difficult(data)
    velo = {"organisation": "club", "id": "velo", "title": "Vélo", "summary": "Vélo.", "themes": "mobilite", "source": "page"}
    with pytest.raises(ExchangeRefused) as caught:
        csv_files.read(table("actions", velo), files, remove_absent=True)
    assert {(cell.sheet, cell.row, cell.value) for cell in caught.value.rejected} >= {("Besoins larges", None, "velo\njardin")}


HEADS = {
    "an unknown column": (lambda head: [*head, "Couleur"], "« Couleur » n'existe pas"),
    "a missing column": (lambda head: head[:-1], "« Source » manque"),
    "a column twice": (lambda head: [*head, "Valeur"], "« Valeur » est écrite deux fois"),
}


@pytest.mark.parametrize("case", HEADS)
def test_a_changed_head_is_refused(data: Path, case: str) -> None:
    change, reason = HEADS[case]
    files = loader.read_directory(data)
    head = csv_files.export_table(files, "contacts").decode("utf-8-sig").splitlines()[0].split(";")
    with pytest.raises(ExchangeRefused) as caught:
        csv_files.read(";".join(change(head)).encode(), files)
    assert reason in " ".join(cell.reason for cell in caught.value.rejected)


FILES = {
    "Latin-1": ("Organisation;Nature\né;x\n".encode("latin-1"), "csv_encoding"),
    "UTF-16": ("Organisation;Nature".encode("utf-16"), "csv_encoding"),
    "an open quote": (b'Organisation;Nature\n"x;y\n', "csv_broken"),
    "another table": (b"Nom;Prix\nx;3\n", "csv_unknown_table"),
    "nothing": (b"", "csv_unknown_table"),
    "half a zip": (b"PK\x03\x04abc", "not_a_zip"),
    "a zip of other things": (b"", "zip_unknown_entry"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_table_is_refused(case: str) -> None:
    content, code = FILES[case]
    if code == "zip_unknown_entry":
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("../contacts.csv", "x")
        content = made.getvalue()
    with pytest.raises(ExchangeRefused) as caught:
        csv_files.read(content, NOTHING)
    assert caught.value.code == code


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary()
    | st.text().map(lambda text: ("Organisation;Action;Nature;Valeur;À quoi il sert;Public;Source\n" + text).encode("utf-8", "replace"))
)
def test_no_file_raises_anything_but_a_refusal(data: Path, content: bytes) -> None:
    files = loader.read_directory(data)
    for module in (csv_files, workbook):
        try:
            assert compare(files, module.read(content, files).files).changes == ()
        except ExchangeRefused as refused:
            assert "Rien n'a été changé." in str(refused)


def edited(book: bytes, edit: Callable[[Workbook], None]) -> bytes:
    """The workbook as a spreadsheet program saves it again."""
    opened = load_workbook(io.BytesIO(book))
    edit(opened)
    saved = io.BytesIO()
    opened.save(saved)
    return saved.getvalue()


WORKBOOKS = {
    "a formula": (lambda book: book["Contacts"].__setitem__("D2", "=1+1"), ("Contacts", 2, "Valeur", "=1+1", "calcul")),
    "an error": (lambda book: book["Contacts"].__setitem__("D2", "#REF!"), ("Contacts", 2, "Valeur", "#REF!", "erreur")),
    "a phone read as a number": (
        lambda book: book["Contacts"].__setitem__("D2", 254000000),
        ("Contacts", 2, "Valeur", "254000000", "nombre"),
    ),
    "a sheet of one's own": (lambda book: book.create_sheet("Calculs"), ("Calculs", None, "", "", "feuille")),
}


@pytest.mark.parametrize("case", WORKBOOKS)
def test_a_spoilt_workbook_names_the_cell(data: Path, case: str) -> None:
    edit, (*place, word) = WORKBOOKS[case]
    files = loader.read_directory(data)
    with pytest.raises(ExchangeRefused) as caught:
        workbook.read(edited(workbook.export(files), edit), files)
    [cell] = caught.value.rejected
    assert [cell.sheet, cell.row, cell.column, cell.value] == place
    assert word in cell.reason


def test_a_workbook_saved_again_by_a_spreadsheet_changes_nothing(data: Path) -> None:
    files = difficult(data)
    assert compare(files, workbook.read(edited(workbook.export(files), lambda book: None), NOTHING).files).changes == ()


def test_some_sheets_alone_leave_the_others(data: Path) -> None:
    files = difficult(data)

    def keep_contacts(book: Workbook) -> None:
        for sheet in book.worksheets:
            if sheet.title != "Contacts":
                book.remove(sheet)
        book["Contacts"].append(["club-b", None, "courriel", "b@exemple.fr", None, "oui", "page"])

    [change] = compare(files, workbook.read(edited(workbook.export(files), keep_contacts), files).files).changes
    assert (change.kind, change.table, change.key) == ("added", "contacts", "club-b")


def test_a_workbook_that_would_unfold_without_end_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_BYTES", 10_000)
    with pytest.raises(ExchangeRefused) as caught:
        workbook.read(workbook.export(loader.read_directory(data)), NOTHING)
    assert caught.value.code == "zip_too_large"


def test_a_text_too_long_for_a_cell_is_said_and_never_cut(data: Path) -> None:
    files = difficult(data)
    files.organisations[0].organisation.description = "x" * 32_768
    with pytest.raises(ExchangeRefused) as caught:
        workbook.export(files)
    assert caught.value.code == "cell_too_long"
    assert compare(files, csv_files.read(csv_files.export(files), NOTHING).files).changes == ()


def test_the_template_has_heads_notes_and_lists_to_choose_from() -> None:
    book = load_workbook(io.BytesIO(workbook.template()))
    assert book.sheetnames == [words().notes["sheet"], *(words().sheet(table) for table in TABLES.values())]
    notes = [line for line in book.worksheets[0].values if line[1]]
    assert len(notes) == 1 + sum(len(table.columns) for table in TABLES.values())
    contacts = book["Contacts"]
    assert [cell.value for cell in contacts[1]] == ["Organisation", "Action", "Nature", "Valeur", "À quoi il sert", "Public", "Source"]
    lists = {str(choice.sqref): choice.formula1 for choice in contacts.data_validations.dataValidation}
    assert lists["C2:C1001"] == '"téléphone,courriel,site,réseau social"'
    assert lists["F2:F1001"] == '"oui,non"'
    assert lists["G2:G1001"] == "'Sources'!$A$2:$A$20000"
    assert contacts.column_dimensions["D"].number_format == "@"


def test_the_csv_template_holds_the_heads_of_every_table() -> None:
    with zipfile.ZipFile(io.BytesIO(csv_files.template())) as archive:
        assert {name: archive.read(name).count(b"\r\n") for name in archive.namelist()} == {f"{name}.csv": 1 for name in TABLES}


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_head_of_its_own_and_a_note(name: str) -> None:
    columns = TABLES[name].columns
    assert len({words().title(TABLES[name], column) for column in columns}) == len(columns)
    assert len(names_of(TABLES[name])) >= len(columns)
    for column in columns:
        assert words().note(TABLES[name], column).strip()
        labels = [words().label(column.name, value) for value in column.values]
        assert [words().code(column.name, label) for label in labels] == list(column.values)
        assert len(",".join(labels)) <= 253 or column.kind == "list"  # what a spreadsheet's list may hold


def test_no_file_takes_away_a_number_that_is_given_in_emergencies(factory: sessionmaker) -> None:
    load(factory)
    one = {"id": "allo", "number": "3939", "name": "Allô", "for_whom": "Pour tous.", "source": "dila-3939"}
    with factory() as session, pytest.raises(ExchangeRefused, match="en cas d'urgence"):
        dry_run(session, table("help_numbers", one), remove_absent=True)
