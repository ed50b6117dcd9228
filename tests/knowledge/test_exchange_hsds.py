"""Open Referral HSDS 3.0: valid, the same after a way back, and read from others as a second source."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from exchanges import difficult, empty, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import sessionmaker

from knowledge import loader
from knowledge.exchange import hsds, hsds_reading
from knowledge.exchange.changes import compare
from knowledge.exchange.hsds_schema import REQUIRED, refusals
from knowledge.exchange.importing import import_file
from knowledge.exchange.incoming import ExchangeRefused
from knowledge.files import DATA, DirectoryFiles
from knowledge.loader import load
from knowledge.models import stable_id

NOTHING = DirectoryFiles()


def test_what_we_publish_has_what_hsds_requires_and_points_to_what_is_there(real_files: DirectoryFiles, data: Path) -> None:
    for files in (real_files, difficult(data)):
        content = json.loads(hsds.export(files))
        assert list(refusals(content)) == []
        assert set(content) <= set(REQUIRED)
        ids = {record["id"] for records in content.values() for record in records}
        assert sum(map(len, content.values())) == len(ids)
        for records in content.values():
            for record in records:
                assert {value for name, value in record.items() if name.endswith("_id")} <= ids


def test_export_import_into_nothing_export_is_identical(factory: sessionmaker) -> None:
    load(factory, DATA)
    exported = hsds.export(stored(factory))
    with factory.begin() as session:
        empty(session)
    with factory.begin() as session:
        import_file(session, exported, "test")
    assert hsds.export(stored(factory)) == exported


def test_difficult_texts_survive(data: Path) -> None:
    exported = hsds.export(difficult(data))
    assert hsds.export(hsds_reading.read(exported, NOTHING).files) == exported


def test_our_own_file_says_nothing_new(real_files: DirectoryFiles) -> None:
    incoming = hsds_reading.read(hsds.export(real_files), real_files)
    assert compare(real_files, incoming.files).changes == ()
    assert incoming.notes == ()


def test_what_hsds_carries_comes_back(data: Path) -> None:
    files = difficult(data)
    [club, _] = hsds_reading.read(hsds.export(files), NOTHING).files.organisations
    [known, _] = sorted(files.organisations, key=lambda file: file.organisation.id)
    jardin, before = club.actions[0], known.actions[0]
    assert jardin.audience.age_min == 0
    assert (jardin.audience.age_max, jardin.status, jardin.verified_on) == (120, "finished", before.verified_on)
    assert (jardin.price, jardin.schedules, jardin.themes) == (before.price, before.schedules, before.themes)
    assert club.organisation.places == known.organisation.places
    assert [contact.value for contact in club.organisation.contacts] == ["02 54 00 00 00"]  # the other is private


def test_weekly_hours_are_said_as_hsds_has_them(real_files: DirectoryFiles) -> None:
    content = json.loads(hsds.export(real_files))
    hours = [row for row in content["schedule"] if row.get("service_id") == stable_id("action", "pimms") and row.get("freq")]
    assert [(row["byday"], row["opens_at"], row["closes_at"]) for row in hours] == [
        ("MO", "13:30", "17:30"),
        ("TU,WE,TH,FR", "09:00", "12:00"),
        ("TU,WE,TH,FR", "13:30", "17:30"),
    ]


ORGANISATION, SERVICE, LOCATION = (stable_id("test", name) for name in ("organization", "service", "location"))
FOREIGN: dict[str, list[dict[str, Any]]] = {
    "organization": [{"id": ORGANISATION, "name": "Example Org", "description": "", "website": "https://example.org"}],
    "service": [
        {
            "id": SERVICE,
            "organization_id": ORGANISATION,
            "name": "Counselling",
            "description": "We listen.",
            "status": "temporarily closed",
            "assured_date": "2024-03-01",
            "email": "a@example.org",
        }
    ],
    "location": [{"id": LOCATION, "location_type": "physical", "latitude": 47.5, "longitude": 1.3}],
    "service_at_location": [{"id": stable_id("test", "at"), "service_id": SERVICE, "location_id": LOCATION}],
    "address": [
        {
            "id": stable_id("test", "address"),
            "location_id": LOCATION,
            "address_1": "1 rue Neuve",
            "city": "Blois",
            "state_province": "",
            "postal_code": "41000",
            "country": "FR",
            "address_type": "physical",
        }
    ],
    "phone": [{"id": stable_id("test", "phone"), "service_id": SERVICE, "number": "+33 2 54 11 11 11"}],
    "schedule": [
        {"id": stable_id("test", day, opens), "service_id": SERVICE, "freq": "WEEKLY", "byday": day, "opens_at": opens, "closes_at": closes}
        for day, opens, closes in (("MO,TU", "09:00", "12:00"), ("MO", "14:00", "18:00"))
    ],
}


def test_the_file_of_another_becomes_a_second_source(data: Path) -> None:
    files = loader.read_directory(data)
    incoming = hsds_reading.read(json.dumps(FOREIGN).encode(), files)
    [new] = [file for file in incoming.files.organisations if file.organisation.id != "club"]
    [service] = new.actions
    sources = {source.id: (source.title, source.published) for source in incoming.files.sources}
    assert (service.title, service.summary, service.status, service.themes) == (
        "Counselling",
        "We listen.",
        "unknown",
        ["droits-demarches"],
    )
    assert [contact.value for contact in service.contacts] == ["02 54 11 11 11", "a@example.org"]
    assert (service.places[0].address, service.places[0].postal_code, service.places[0].latitude) == ("1 rue Neuve", "41000", 47.5)
    assert service.schedules[0].osm == "Mo 09:00-12:00,14:00-18:00; Tu 09:00-12:00"
    assert sources[service.contacts[0].source] == ("Fichier Open Referral HSDS", "2024-03-01")
    assert compare(incoming.files, hsds_reading.read(json.dumps(FOREIGN).encode(), incoming.files).files).changes == ()


def test_hours_that_are_not_weekly_are_not_guessed(data: Path) -> None:
    content = copy.deepcopy(FOREIGN)
    content["schedule"][0]["interval"] = 2
    incoming = hsds_reading.read(json.dumps(content).encode(), loader.read_directory(data))
    assert [file.actions[0].schedules for file in incoming.files.organisations if file.organisation.id != "club"] == [[]]


def test_hours_that_cannot_be_computed_are_told_and_left_out(data: Path) -> None:
    files = loader.read_directory(data)
    given = hsds.export(files).replace(b'"Mo 09:00-12:00"', b'"SH Mo 09:00-12:00"')
    assert b"SH Mo" in given
    files.organisations[0].actions[0].schedules.clear()
    incoming = hsds_reading.read(given, files)
    assert "hours_unreadable" in {note.code for note in incoming.notes}
    schedules = [s for file in incoming.files.organisations for action in file.actions for s in action.schedules]
    assert not [s for s in schedules if "SH" in (s.osm or "")]


def test_a_change_of_our_own_file_adds_and_overwrites_nothing(data: Path) -> None:
    files = loader.read_directory(data)
    content = json.loads(hsds.export(files))
    content["phone"][0]["number"] = "+33254999999"
    content["service"][0]["name"] = "Un autre jardin"
    incoming = hsds_reading.read(json.dumps(content).encode(), files)
    club = incoming.files.organisations[0]
    assert [contact.value for contact in club.organisation.contacts] == ["02 54 00 00 00", "02 54 99 99 99"]
    assert club.actions[0].title == "Un jardin"
    assert [(note.code, note.context["after"]) for note in incoming.notes] == [("differs", "Un autre jardin")]


REFUSED = {
    "no name": ("organization", "name", None, "obligatoire"),
    "a status of nobody": ("service", "status", "closed", "active"),
    "an id that is no UUID": ("service", "id", "12", "UUID"),
    "a latitude in words": ("location", "latitude", "nord", "nombre"),
    "a number that is one": ("phone", "number", 254111111, "texte"),
    "no city": ("address", "city", None, "obligatoire"),
    "a date of nobody": ("service", "assured_date", "hier", "forme"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_hsds_does_not_allow_is_named(case: str) -> None:
    table, field, value, word = REFUSED[case]
    content = copy.deepcopy(FOREIGN)
    content[table][0][field] = value
    with pytest.raises(ExchangeRefused) as caught:
        hsds_reading.read(json.dumps(content).encode(), NOTHING)
    [cell] = caught.value.rejected
    assert (cell.sheet, cell.row, cell.column) == (table, 1, field)
    assert word in cell.reason


@pytest.mark.parametrize(("table", "field"), [("organization", "description"), ("service", "summary")])
def test_a_blank_description_is_refused_with_its_place(table: str, field: str) -> None:
    content = copy.deepcopy(FOREIGN)
    content[table][0]["description"] = " \n "
    with pytest.raises(ExchangeRefused) as caught:
        hsds_reading.read(json.dumps(content).encode(), NOTHING)
    assert [(cell.sheet, cell.column) for cell in caught.value.rejected] == [(table, field)]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2) | st.sampled_from(
    ["MO", "24:00", "99:99", "2024-02-31", "gratuit", SERVICE, LOCATION]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.sampled_from(list(FOREIGN)), value=VALUES, drawn=st.data())
def test_no_value_raises_anything_but_a_refusal(data: Path, table: str, value: Any, drawn: st.DataObject) -> None:
    content, files = copy.deepcopy(FOREIGN), loader.read_directory(data)
    content[table][0][drawn.draw(st.sampled_from([*content[table][0], "code", "interval", "description"]))] = value
    try:
        joined = hsds_reading.read(json.dumps(content).encode(), files).files
    except ExchangeRefused:
        return
    assert not [change for change in compare(files, joined).changes if change.kind == "removed"]
