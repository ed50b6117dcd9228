"""Going on about an action, or leaving it: by signs that are weighed."""

import json

import pytest

from actions import staying
from api.wiring import Services

CURRENT = "halle-aux-grains-anatolie"


def chance(services: Services, text: str, **intents: float) -> float:
    return staying.chance(text, staying.signs(text, intents, CURRENT, services.search, services.store.current()))


def test_every_sign_has_its_weight():
    assert set(json.loads(staying.WEIGHTS.read_text(encoding="utf-8"))["weights"]) == set(staying.SIGNS)


def test_a_question_goes_on_and_a_need_of_its_own_leaves(services: Services):
    assert chance(services, "combien argent billet", ask_price=0.7, out_of_scope=0.3) > 0.7
    assert chance(services, "il faut payer l'entrée ?", ask_price=0.9) > 0.9
    assert chance(services, "je cherche un cours de français pour ma mère", need=0.99) < 0.7
    assert chance(services, "Castorama ferme à quelle heure ?", out_of_scope=0.95) < 0.5


def test_how_it_is_said_tells_a_question_about_it_from_a_need(services: Services):
    assert chance(services, "ils aident pour la guitare ?", need=0.6) > 0.7
    assert chance(services, "et pour la guitare ?", need=0.6) < 0.3


def test_turns_of_phrase_hold_no_subject():
    assert staying.turns_of_phrase("on apprend la guitare aussi ?") == staying.turns_of_phrase("on apprend la couture aussi ?")


@pytest.mark.parametrize("text", ["", "???", "a" * 1000])
def test_any_text_has_a_chance(services: Services, text: str):
    assert 0.0 <= chance(services, text) <= 1.0
