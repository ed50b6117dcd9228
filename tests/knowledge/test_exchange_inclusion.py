"""data.inclusion: valid for the public schema, the same after a way back, and a second source that overwrites nothing."""

import datetime as dt
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from exchanges import difficult, empty, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import sessionmaker

from knowledge import loader
from knowledge.exchange import data_inclusion, inclusion_reading
from knowledge.exchange.changes import compare
from knowledge.exchange.common import international, known_on, national, one_text, summary_and_lines
from knowledge.exchange.importing import dry_run, import_file
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.exchange.models import Absence
from knowledge.files import DATA, DirectoryFiles
from knowledge.loader import load
from knowledge.schema import Action, Source
from tests.isolated import clean_environment, python_with

PACKAGE = "data-inclusion-schema==1.0.10"
NOTHING = DirectoryFiles()


@pytest.fixture(scope="session")
def refusals() -> Callable[[bytes], list[str]]:
    """What the public schema package says of a file. Made once; a second run finds it in ``var``."""
    python = python_with(PACKAGE)
    script = Path(__file__).with_name("validate_data_inclusion.py")

    def run(exported: bytes) -> list[str]:
        done = subprocess.run([str(python), str(script)], input=exported, capture_output=True, env=clean_environment(), timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().splitlines()

    return run


def test_the_public_schema_accepts_what_we_publish(refusals: Callable, real_files: DirectoryFiles, data: Path) -> None:
    assert refusals(data_inclusion.export(real_files)) == []
    assert refusals(data_inclusion.export(difficult(data))) == []


def test_the_public_schema_is_really_asked(refusals: Callable, real_files: DirectoryFiles) -> None:
    content = json.loads(data_inclusion.export(real_files))
    content["services"][0]["thematiques"] = ["n-importe--quoi"]
    del content["structures"][0]["nom"]
    assert len(refusals(json.dumps(content).encode())) == 2


def test_export_import_into_nothing_export_is_identical(factory: sessionmaker) -> None:
    load(factory, DATA)
    exported = data_inclusion.export(stored(factory))
    with factory.begin() as session:
        empty(session)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert data_inclusion.export(stored(factory)) == exported


def test_difficult_texts_survive(data: Path) -> None:
    files = difficult(data)
    files.organisations[1].actions[0].status = "active"
    exported = data_inclusion.export(files)
    assert data_inclusion.export(inclusion_reading.read(exported, NOTHING).files) == exported


def test_our_own_file_says_nothing_new(real_files: DirectoryFiles) -> None:
    incoming = inclusion_reading.read(data_inclusion.export(real_files), real_files)
    assert compare(real_files, incoming.files).changes == ()
    assert incoming.notes == ()


def test_private_contacts_finished_actions_and_explanations_stay_here(data: Path) -> None:
    files = difficult(data)
    text = data_inclusion.export(files).decode()
    assert "3919" not in text  # private
    assert "jardin" not in text  # finished
    files.organisations[1].actions[1].kind = "faq"
    assert json.loads(data_inclusion.export(files))["services"] == []


STRUCTURE = {
    "source": "dora", "id": "dora--12", "nom": "Maison des services", "date_maj": "2024-05-02", "description": "On aide.",
    "telephone": "+33254111111", "courriel": "aide@exemple.fr", "site_web": "https://exemple.fr", "adresse": "1 rue Neuve",
    "commune": "Blois", "code_postal": "41000", "lien_source": "https://exemple.fr/12", "horaires_accueil": "Mo-Fr 09:00-12:00; PH off",
}  # fmt: skip
SERVICE = {
    "source": "dora", "id": "dora--AidantsConnect:2024-47BXY", "structure_id": "dora--12", "nom": "Aide aux papiers",
    "date_maj": "2024-05-03", "description": "Une aide.\nOn remplit les papiers avec vous.", "frais": "gratuit",
    "publics": ["jeunes", "femmes"],
    "thematiques": ["numerique--acceder-a-une-connexion-internet"], "telephone": "02.54.22.22.22",
}  # fmt: skip


def inclusion(*services: dict[str, Any], structures: list[dict] | None = None) -> bytes:
    return json.dumps({"structures": [STRUCTURE] if structures is None else structures, "services": services}).encode()


def test_what_is_not_here_is_added_with_its_source(data: Path) -> None:
    files = loader.read_directory(data)
    joined = inclusion_reading.read(inclusion(SERVICE), files).files
    [new] = [file for file in joined.organisations if file.organisation.id == "dora-12"]
    [action] = new.actions
    sources = {source.id: source for source in joined.sources}
    assert (action.title, action.summary, action.description) == ("Aide aux papiers", "Une aide.", ["On remplit les papiers avec vous."])
    assert (action.id, action.themes, action.status) == ("dora-aidantsconnect-2024-47bxy", ["numerique"], "unknown")
    assert (action.contacts[0].value, action.audience.text, action.price.text) == (
        "02 54 22 22 22",
        "Pour : femmes, jeunes.",
        "C'est gratuit.",
    )
    assert new.organisation.schedules[0].osm == "Mo-Fr 09:00-12:00; PH off"
    assert (sources[new.organisation.source].title, sources[new.organisation.source].url) == (
        "data·inclusion : dora",
        "https://exemple.fr/12",
    )
    assert {sources[c.source].published for c in (*new.organisation.contacts, *action.contacts)} == {"2024-05-02", "2024-05-03"}


def ours(**changes: Any) -> bytes:
    """A file that speaks of an action of ours, by its id."""
    structure = STRUCTURE | {"id": "passerelle-blois--club", "nom": "Le Club", "telephone": "02 54 00 00 00"}
    del structure["description"]
    service = SERVICE | {"id": "passerelle-blois--velo", "structure_id": "passerelle-blois--club", "nom": "Un atelier vélo"} | changes
    return inclusion(service, structures=[structure])


def test_where_sources_differ_both_are_kept(data: Path) -> None:
    files = loader.read_directory(data)
    incoming = inclusion_reading.read(ours(description="On répare son vélo.", publics=None), files)
    club = incoming.files.organisations[0]
    sources = {source.id: source.title for source in incoming.files.sources}
    phones = [(c.value, sources[c.source]) for c in club.organisation.contacts if c.kind == "phone"]
    assert phones == [("02 54 00 00 00", "La page de la Ville")]  # the same fact is one fact
    velo = club.actions[1]
    assert [(c.value, sources[c.source]) for c in velo.contacts] == [("02 54 22 22 22", "data·inclusion : dora")]
    assert (velo.price.frais, sources[velo.price.source]) == ("gratuit", "data·inclusion : dora")
    assert (velo.title, velo.themes, velo.source) == ("Un atelier vélo", ["mobilite"], "page")
    assert not [change for change in compare(files, incoming.files).changes if change.kind == "removed"]


def test_what_has_room_for_one_value_is_reported_and_not_overwritten(data: Path) -> None:
    files = loader.read_directory(data)
    incoming = inclusion_reading.read(ours(nom="Réparer son vélo", description="On répare son vélo."), files)
    assert incoming.files.organisations[0].actions[1].title == "Un atelier vélo"
    told = {(note.context["record"], note.context["field"]): note.context["after"] for note in incoming.notes if note.code == "differs"}
    assert told[("velo", "title")] == "Réparer son vélo"
    assert told[("velo", "audience")] == "Pour : femmes, jeunes."


def test_a_newer_file_of_the_same_producer_renews_its_facts_and_keeps_the_old_ones(data: Path) -> None:
    first = inclusion_reading.read(inclusion(SERVICE), loader.read_directory(data)).files
    newer = SERVICE | {"date_maj": "2025-01-01", "telephone": "02 54 33 33 33", "nom": "Aide pour vos papiers", "frais": "payant"}
    second = inclusion_reading.read(inclusion(newer, structures=[STRUCTURE | {"date_maj": "2025-01-01"}]), first).files
    new = next(file for file in second.organisations if file.organisation.id == "dora-12")
    dates = {source.id: source.published for source in second.sources}
    assert [(c.value, dates[c.source]) for c in new.actions[0].contacts] == [
        ("02 54 22 22 22", "2024-05-03"),
        ("02 54 33 33 33", "2025-01-01"),
    ]
    assert {dates[c.source] for c in new.organisation.contacts} == {"2025-01-01"}
    assert (new.actions[0].title, new.actions[0].price.frais) == ("Aide pour vos papiers", "payant")
    assert dates[new.actions[0].source] == "2025-01-01"


def test_the_same_file_again_changes_nothing(data: Path) -> None:
    first = inclusion_reading.read(inclusion(SERVICE), loader.read_directory(data)).files
    assert compare(first, inclusion_reading.read(inclusion(SERVICE), first).files).changes == ()


def test_an_absence_is_written_down_told_and_deletes_nothing(factory: sessionmaker, data: Path) -> None:
    load(factory, data)
    with factory.begin() as session:
        import_file(session, inclusion(SERVICE), "test")
    before = stored(factory)
    with factory.begin() as session:
        assert [note.code for note in dry_run(session, inclusion()).notes] == ["absent"]
    for times in (1, 2):
        with factory.begin() as session:
            [note] = import_file(session, inclusion(), "test").notes
        assert (note.context["record"], note.context["times"]) == ("dora-aidantsconnect-2024-47bxy", times)
    assert stored(factory) == before
    with factory.begin() as session:
        import_file(session, inclusion(SERVICE), "test")
    with factory() as session:
        assert session.execute(sa.select(Absence)).all() == []


def test_others_are_not_published_again_as_ours(data: Path) -> None:
    files = inclusion_reading.read(ours(), inclusion_reading.read(inclusion(SERVICE), loader.read_directory(data)).files).files
    published = json.loads(data_inclusion.export(files))
    assert {record["id"] for records in published.values() for record in records} == {
        "passerelle-blois--club", "passerelle-blois--jardin", "passerelle-blois--velo"
    }  # fmt: skip
    assert "22 22" not in json.dumps(published)


REFUSED = {
    "no name": (inclusion(structures=[{k: v for k, v in STRUCTURE.items() if k != "nom"}]), ("structures", 1, "nom", "obligatoire")),
    "a date of nobody": (inclusion(SERVICE | {"date_maj": "hier"}), ("services", 1, "date_maj", "date")),
    "an unknown public": (inclusion(SERVICE | {"publics": ["voisins"]}), ("services", 1, "publics", "connue")),
    "a structure of nobody": (inclusion(SERVICE | {"structure_id": "dora--99"}), ("services", 1, "structure_id", "ni dans le fichier")),
    "a service that is no object": (inclusion(3), ("services", 1, "", "")),
    "services that are no list": (b'{"services": 3}', ("services", None, "", "liste")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_value_is_named(data: Path, case: str) -> None:
    content, (*place, word) = REFUSED[case]
    with pytest.raises(ExchangeRefused) as caught:
        inclusion_reading.read(content, loader.read_directory(data))
    [cell] = caught.value.rejected
    assert [cell.sheet, cell.row, cell.column] == place
    assert word in cell.reason


@pytest.mark.parametrize("hours", ["le matin", "SH Sa 08:00-23:00", '"sur rendez-vous"'])
def test_what_cannot_be_read_is_told_and_left_out(data: Path, hours: str) -> None:
    given = SERVICE | {"telephone": "voir le site", "horaires_accueil": hours, "thematiques": None}
    incoming = inclusion_reading.read(inclusion(given), loader.read_directory(data))
    assert {note.code for note in incoming.notes} == {"phone_left_out", "hours_unreadable", "theme_unknown"}
    action = next(file for file in incoming.files.organisations if file.organisation.id == "dora-12").actions[0]
    assert (action.contacts, action.schedules[0].osm, action.schedules[0].confidence) == ([], None, "vague")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*STRUCTURE, *SERVICE]), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from([*SERVICE, *STRUCTURE]), value=JSON, where=st.sampled_from(["structures", "services"]))
def test_no_value_raises_anything_but_a_refusal(data: Path, field: str, value: Any, where: str) -> None:
    content = {"structures": [dict(STRUCTURE)], "services": [dict(SERVICE)]}
    content[where][0][field] = value
    files = loader.read_directory(data)
    try:
        joined = inclusion_reading.read(json.dumps(content).encode(), files).files
    except ExchangeRefused:
        return
    assert not [change for change in compare(files, joined).changes if change.kind == "removed"]


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from(" .\n"), min_size=1).filter(str.strip))
def test_a_description_loses_no_word(text: str) -> None:
    summary, lines = summary_and_lines(text)
    assert 0 < len(summary) <= 420
    assert "".join("".join([summary, *lines]).split()) == "".join(text.split())


def test_one_text_and_back() -> None:
    action = Action.construct(summary="Un. Deux.", description=["Trois."], steps=["quatre"], content=["cinq"])
    assert summary_and_lines(one_text(action)) == ("Un. Deux.", ["Trois.", "quatre", "cinq"])


@pytest.mark.parametrize(
    ("published", "day"), [("2021", "2021-01-01"), ("2019-05", "2019-05-01"), ("2024-08-01", "2024-08-01"), (None, "2000-01-01")]
)
def test_a_date_is_never_newer_than_its_source(published: str | None, day: str) -> None:
    assert known_on(Source.construct(published=published)) == day
    assert known_on(Source.construct(published=published), Action.construct(verified_on=dt.date(2025, 3, 4))) == "2025-03-04"


@pytest.mark.parametrize(
    ("here", "there"), [("02 54 45 34 54", "+33254453454"), ("3919", "3919"), ("115", "115"), ("06 59 53 14 57", "+33659531457")]
)
def test_numbers_there_and_back(here: str, there: str) -> None:
    assert international(here) == there
    assert national(there) == here
