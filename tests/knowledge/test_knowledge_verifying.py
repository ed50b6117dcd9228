"""« Verified on » holds as long as the facts stand."""

import datetime as dt

import pytest

from knowledge.editing.verifying import verified_after

TODAY = dt.date(2026, 11, 28)
CONTACT = {"kind": "phone", "value": "02 54 00 00 00", "source": "page"}
BEFORE = {"id": "velo", "title": "Vélo", "contacts": [CONTACT], "keywords": [], "verified_on": "2026-03-02", "verified_by": "Ali"}


def dates(after: dict, whole: bool = False, before: dict | None = None) -> tuple:
    found = verified_after(before or BEFORE, {**BEFORE, **after}, "Amina", TODAY, whole)
    return found["verified_on"], found["verified_by"]


@pytest.mark.parametrize("changed", [{"contacts": []}, {"title": "Vélos"}, {"contacts": [{**CONTACT, "value": "02 54 11 11 11"}]}])
def test_a_changed_fact_takes_the_date_away(changed):
    assert dates(changed) == (None, None)


@pytest.mark.parametrize("changed", [{}, {"keywords": ["bicyclette"]}, {"price": None}, {"themes": ["mobilite"]}])
def test_what_is_no_fact_does_not(changed):
    assert dates(changed) == ("2026-03-02", "Ali")


def test_who_verified_the_whole_sheet_today_says_so():
    assert dates({"contacts": []}, whole=True) == ("2026-11-28", "Amina")


def test_a_date_that_was_typed_stays_and_so_does_one_of_today():
    assert dates({"contacts": [], "verified_on": "2026-11-02"}) == ("2026-11-02", "Ali")
    today = {**BEFORE, "verified_on": "2026-11-28"}
    assert dates({"contacts": [], "verified_on": "2026-11-28"}, before=today) == ("2026-11-28", "Ali")
