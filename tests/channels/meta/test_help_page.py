"""The page that dials: where the buttons of Messenger and WhatsApp lead."""

import re

import pytest


def numbers(page: str) -> list[tuple[str, str]]:
    """The address and the number of each entry, in order."""
    return re.findall(r'<a class="call" href="([^"]+)">[^<]+<b>([^<]+)</b></a>', page)


def test_all_help_numbers_are_one_tap_away(application):
    answer = application.client.get("/urgences", headers={"accept": "text/html"})
    assert answer.status_code == 200
    known = [number.number for number in application.services.store.current().help_numbers]
    assert [shown for _, shown in numbers(answer.text)] == known
    assert (
        ("tel:15", "15") in numbers(answer.text)
        and ("sms:114", "114") in numbers(answer.text)
        and ("tel:116006", "116 006") in numbers(answer.text)
    )
    assert answer.text.count("Source") == len(known)


@pytest.mark.parametrize("number", ["15", "114", "3919", "116006"])
def test_the_number_of_the_button_is_first(application, number):
    first, *_ = numbers(application.client.get(f"/urgences/{number}").text)
    assert first[1].replace(" ", "") == number


@pytest.mark.parametrize("number", ["999", "nulle-part", "%3Cscript%3E"])
def test_an_unknown_number_changes_nothing(application, number):
    answer = application.client.get(f"/urgences/{number}")
    assert answer.status_code == 200 and number not in answer.text
    assert numbers(answer.text) == numbers(application.client.get("/urgences").text)
