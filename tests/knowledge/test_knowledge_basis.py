"""The source that an editor names is put to what they changed."""

from typing import Any

import pytest

from knowledge.editing.basis import WORDING, rested
from knowledge.errors import InvalidSheet

PHONE = {"kind": "phone", "value": "02 54 11 11 11", "public": True, "source": "page"}
MAIL = {"kind": "email", "value": "a@b.fr", "public": True, "source": "page"}
HOURS = {"text": "Lundi matin", "osm": "Mo 09:00-12:00", "confidence": "exact", "source": "liste"}
BEFORE: dict[str, Any] = {
    "id": "jardin", "title": "Un jardin", "audience": {"text": "Tous.", "publics": ["tous-publics"], "age_min": 18}, "price": None,
    "contacts": [PHONE, MAIL], "schedules": [HOURS], "places": [], "events": [], "keywords": [], "source": "page", "further_sources": [],
}  # fmt: skip


def sources(sheet: dict[str, Any], name: str) -> list[str]:
    return [item["source"] for item in sheet[name]]


def missing(after: dict[str, Any], basis: str | None, before: dict[str, Any] | None = BEFORE) -> list[str]:
    with pytest.raises(InvalidSheet) as caught:
        rested(before, after, basis)
    assert {problem.code for problem in caught.value.problems} == {"basis_missing"}
    return [".".join(map(str, problem.path)) for problem in caught.value.problems]


def test_what_did_not_change_keeps_its_source() -> None:
    assert rested(BEFORE, BEFORE, None) == BEFORE
    assert rested(BEFORE, BEFORE, "appel") == BEFORE
    as_typed = {**BEFORE, "audience": {**BEFORE["audience"], "age_min": "18", "gender": None}, "contacts": [{**PHONE, "label": ""}, MAIL]}
    assert sources(rested(BEFORE, as_typed, None), "contacts") == ["page", "page"]


def test_only_the_changed_fact_rests_on_the_new_source() -> None:
    after = rested(BEFORE, {**BEFORE, "contacts": [{**PHONE, "value": "02 54 22 22 22"}, MAIL]}, "appel")
    assert (sources(after, "contacts"), sources(after, "schedules"), after["further_sources"]) == (["appel", "page"], ["liste"], [])


def test_a_new_fact_rests_on_the_new_source_and_a_removed_one_needs_none() -> None:
    added = {**BEFORE, "contacts": [MAIL, {"kind": "phone", "value": "15", "source": None}]}
    assert sources(rested(BEFORE, added, "appel"), "contacts") == ["page", "appel"]
    assert rested(BEFORE, {**BEFORE, "contacts": [MAIL]}, None)["contacts"] == [MAIL]


def test_a_source_that_the_editor_chose_is_taken_at_their_word() -> None:
    after = {**BEFORE, "contacts": [{**PHONE, "value": "15", "source": "liste"}, MAIL]}
    assert sources(rested(BEFORE, after, None), "contacts") == ["liste", "page"]


def test_the_sheets_own_facts_rest_on_it_as_well() -> None:
    after = rested(BEFORE, {**BEFORE, "title": "Le jardin"}, "appel")
    assert (after["source"], after["further_sources"]) == ("page", ["appel"])
    assert rested(after, {**after, "title": "Jardiner"}, "appel")["further_sources"] == ["appel"]


def test_a_new_sheet_rests_on_it_alone() -> None:
    after = rested(None, {**BEFORE, "source": None, "contacts": [{**PHONE, "source": None}]}, "appel")
    assert (after["source"], after["further_sources"], sources(after, "contacts")) == ("appel", [], ["appel"])


def test_without_a_source_no_fact_changes() -> None:
    assert missing({**BEFORE, "title": "Le jardin"}, None) == ["basis"]
    changed = {**BEFORE, "contacts": [{**PHONE, "value": "15"}, MAIL], "price": {"frais": "gratuit", "text": "Gratuit."}}
    assert missing(changed, None) == ["contacts.0.source", "price.source"]


def test_what_is_ours_needs_no_source() -> None:
    after = {**BEFORE, "keywords": ["potager"], "themes": ["culture"]}
    assert rested(BEFORE, after, None) == after


def test_wording_may_change_without_a_source_but_nothing_that_people_act_on() -> None:
    worded = {**BEFORE, "title": "Le jardin", "schedules": [{**HOURS, "text": "Le lundi, de 9 h à 12 h."}]}
    assert rested(BEFORE, worded, WORDING) == worded
    assert missing({**BEFORE, "contacts": [{**PHONE, "value": "15"}, MAIL]}, WORDING) == ["contacts.0.source"]
    assert missing({**BEFORE, "schedules": [{**HOURS, "osm": "Tu 09:00-12:00"}]}, WORDING) == ["schedules.0.source"]
    assert missing({**BEFORE, "audience": {**BEFORE["audience"], "age_min": "16"}}, WORDING) == ["basis"]


def test_kinds_without_a_source_need_none() -> None:
    assert rested({"title": "les impôts"}, {"title": "les impôts locaux"}, None) == {"title": "les impôts locaux"}
    number = {"number": "15", "source": "page"}
    assert rested(number, {**number, "number": "112"}, "appel") == {"number": "112", "source": "appel"}
