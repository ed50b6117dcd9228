"""What a follow-up points at, by its small words."""

import pytest

from nlu.french.ellipsis import telling_words, whose
from nlu.french.reference import (
    addresses_us,
    asks_diploma,
    asks_how_long,
    asks_who,
    goes_on_to,
    half_of_day,
    prefers,
    read_nth,
    returns,
)
from nlu.french.sound import key


@pytest.mark.parametrize(
    "text", ["tu parles turc ?", "vous parlez arabe ?", "et toi, tu parles turc", "réponds en anglais", "on peut écrire en arabe ici ?"]
)
def test_the_assistant_is_addressed(text: str) -> None:
    assert addresses_us(text)


@pytest.mark.parametrize(
    "text",
    [
        "ils parlent arabe svp ?", "ils parlent arabe, s'il vous plaît ?", "y a-t-il quelqu'un qui parle turc ?",
        "l'animatrice parle-t-elle arabe ?", "les cours sont en anglais ?", "quelqu'un ici parle arabe ?",
    ],
)  # fmt: skip
def test_others_are_spoken_of(text: str) -> None:
    assert not addresses_us(text)


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("é ds la journé c ki ?", "day"), ("et vers onze heures du matin, qui donc circule ?", "day"), ("Correspondants de nuit", "night"),
        ("et à 22 h, c'est qui ?", "night"), ("un jour férié, qui appeler ?", None), ("c'est quel jour et avec qui ?", None),
        ("jour et nuit, c'est qui ?", None),
    ],
)  # fmt: skip
def test_a_half_of_the_day_is_named(text: str, half: str | None) -> None:
    assert half_of_day(text) == half


def test_who_is_asked_for_and_not_only_said() -> None:
    assert asks_who("et la nuit c'est qui déjà ?") and asks_who("qui donc circule ?")
    assert not asks_who("la personne qui anime la nuit est gentille")


def test_whose_matter_it_is_knows_a_brother_from_a_grandfather() -> None:
    assert whose("et pour sa fille ?") == whose("ma fille a vingt ans") == {key("fille")}
    assert not whose("et pour mon grand-père ?") & whose("mon petit frère")
    assert whose("la fille du film") == frozenset()


def test_words_of_many_needs_tell_none() -> None:
    assert telling_words("je cherche un stage") & telling_words("elle cherche un médecin") == frozenset()
    assert telling_words("bon et l'épicerie ?") & telling_words("je voudrais essayer une petite épicerie")


@pytest.mark.parametrize(
    ("text", "nth"),
    [
        ("é pour le premié, le numéro", 0), ("la deuziem c koi", 1), ("le troizième svp", 2), ("le dernié", 2),
        ("le premier janvier", None), ("c'est la première fois que je viens", None),
    ],
)  # fmt: skip
def test_one_of_a_list_is_counted_by_ear_too(text: str, nth: int | None) -> None:
    assert read_nth(text, 3) == nth


def test_a_subject_is_taken_up_again() -> None:
    assert returns("ok retour fresque : personne à joindre ?") and returns("bon, retour au jardin")
    assert not returns("un bus pour le retour ?") and not returns("ils sont de retour")


def test_the_same_of_another_time_is_told_from_a_time_of_something() -> None:
    assert goes_on_to("et après, la nuit ?") and goes_on_to("et le soir ?")
    assert not goes_on_to("et le bruit la nuit ?") and not goes_on_to("c'est ouvert la nuit ?")


def test_what_is_asked_of_a_course_by_its_own_word() -> None:
    assert asks_how_long("durée du suivi ?") and asks_how_long("sa dur combien de temps") and not asks_how_long("combien de groupes ?")
    assert asks_diploma("il aura un diplôme à la fin ?") and not asks_diploma("c'est jusqu'à la fin ?")
    assert prefers("maison de Bégon plutôt") and not prefers("la maison de Bégon")
