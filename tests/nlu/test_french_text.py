"""Cleaning, folding, splitting, short forms, sounds, and « the second one »; no text makes any of them raise."""

import doctest
import importlib
import inspect
import pkgutil
import unicodedata
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nlu.french
from nlu.french import sms
from nlu.french.essence import essential
from nlu.french.reference import read_nth
from nlu.french.sms import expand
from nlu.french.sound import key
from nlu.french.text import MAX_CHARACTERS, clean, fold, words

MODULES = [importlib.import_module(f"nlu.french.{found.name}") for found in pkgutil.iter_modules(nlu.french.__path__)]


def functions_of_a_text() -> list[Callable[[str], Any]]:
    """Every public function of nlu.french that takes one text."""
    found = [
        value for module in MODULES for _, value in inspect.getmembers(module, inspect.isroutine) if value.__module__ == module.__name__
    ]
    signatures = [(value, list(inspect.signature(value).parameters.values())) for value in found if not value.__name__.startswith("_")]
    return [value for value, parameters in signatures if [p.annotation for p in parameters] in ([str], ["str"])]


TEXT_FUNCTIONS = functions_of_a_text()
ANY_TEXT = st.text(st.characters()) | st.text(st.sampled_from("aeéè'’ -_\n\t\x00\u200b\u202e\ud8000123456789ansçœßİǅ\u0301😀"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


# Totality.


def test_the_functions_are_found() -> None:
    assert {"clean", "fold", "words", "expand", "key", "read_person"} <= {function.__name__ for function in TEXT_FUNCTIONS}


@pytest.mark.parametrize("function", TEXT_FUNCTIONS, ids=lambda function: function.__name__)
@settings(max_examples=100, deadline=None)
@given(text=ANY_TEXT)
def test_no_text_raises(function: Callable[[str], Any], text: str) -> None:
    function(text)


@pytest.mark.parametrize("function", TEXT_FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("text", ["", "a" * 10_000, "j'ai " * 2_000, "\x00" * 500, "é\u0301" * 2_000, "9" * 5_000], ids=range(6))
def test_no_long_or_odd_text_raises(function: Callable[[str], Any], text: str) -> None:
    function(text)


@settings(max_examples=200, deadline=None)
@given(text=ANY_TEXT, size=st.integers(-1, 12))
def test_a_place_in_a_list_is_always_one_of_the_list(text: str, size: int) -> None:
    found = read_nth(text, size)
    assert found is None or 0 <= found < size


# clean


@settings(max_examples=300, deadline=None)
@given(text=ANY_TEXT)
def test_clean_text_is_one_short_line_that_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    assert {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} == set()
    assert {unicodedata.bidirectional(c) for c in cleaned} & {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"} == set()
    assert len(cleaned) <= MAX_CHARACTERS
    assert cleaned == cleaned.strip()
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned


@settings(max_examples=300, deadline=None)
@given(text=ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  deux\n lignes\t! ", "deux lignes !"),
        ("cou\u200bture", "couture"),
        ("\u202ecouture\u202c", "couture"),
        ("e\u0301cole", "école"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("a\u2028b", "a b"),
        ("\ud800oui", "oui"),
        ("👩🏽 jardin", "👩🏽 jardin"),
        ("a" * 5000, "a" * MAX_CHARACTERS),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


# fold and words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Où ça ?", "ou ca ?"),
        ("L’Œuvre", "l'oeuvre"),
        ("ÉCOLE", "ecole"),
        ("ouiiiiii", "oui"),
        ("aller", "aller"),
        ("2000 000", "2000 000"),
        ("ex æquo", "ex aequo"),
        ("ｃｏｕｔｕｒｅ", "couture"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("J'ai 2 enfants !", ["j", "ai", "2", "enfants"]),
        ("rendez-vous", ["rendez", "vous"]),
        ("mon_fichier", ["mon", "fichier"]),
        ("14h30", ["14h30"]),
        ("...", []),
        ("", []),
    ],
)
def test_words(text: str, split: list[str]) -> None:
    assert words(text) == split


@settings(max_examples=200, deadline=None)
@given(text=ANY_TEXT)
def test_words_are_never_empty_and_hold_no_space(text: str) -> None:
    assert all(word and not any(c.isspace() for c in word) for word in words(text))


# expand


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("jveu un rdv svp", "je veux un rendez vous s il vous plait"),
        ("g 19 ans", "j ai 19 ans"),
        ("koi fer mtn", "quoi fer maintenant"),
        ("chui o chomage", "je suis o chomage"),
        ("cb sa coute", "combien ca coute"),
        ("slt c pr le taf", "salut c est pour le travail"),
        ("l'aide d'un ami", "l aide d un ami"),
        ("une phrase sans abréviation", "une phrase sans abreviation"),
        ("", ""),
    ],
)
def test_short_forms_are_written_out(text: str, expanded: str) -> None:
    assert " ".join(expand(text)) == expanded


def test_every_short_form_is_a_folded_word_and_so_is_what_it_stands_for() -> None:
    assert all(words(short) == [short] for short in sms._SHORT)
    assert all(" ".join(words(long)) == long for long in sms._SHORT.values())


# key


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("courié", "courrier"), ("aprandre", "apprendre"), ("kelkun", "quelqu'un"), ("fransé", "français"), ("coutur", "couture"),
        ("jardain", "jardin"), ("enfan", "enfants"), ("garson", "garçon"), ("mézon", "maison"), ("téléfone", "téléphone"),
        ("foto", "photo"), ("kartié", "quartier"), ("sosial", "social"), ("lojement", "logement"), ("batiman", "bâtiment"),
        ("chomaj", "chômage"), ("bocou", "beaucoup"), ("demarch", "démarches"), ("ékrir", "écrire"), ("voitur", "voiture"),
        ("kiniere", "Quinière"), ("kornillette", "Cornillettes"), ("mirabo", "Mirabeau"), ("papié", "papiers"), ("métié", "métiers"),
        ("ateliers", "atelier"), ("permi", "permis"), ("o", "au"), ("é", "et"), ("komen", "comment"), ("santer", "santé"),
    ],
)  # fmt: skip
def test_what_sounds_alike_meets(typed: str, right: str) -> None:
    assert key(typed) == key(right)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sport", "port"), ("papa", "papi"), ("pain", "pont"), ("chat", "sac"), ("cousin", "coussin"), ("poisson", "poison"),
        ("lire", "rire"), ("vin", "vent"), ("bon", "banc"), ("jeu", "joue"), ("loi", "lait"), ("champ", "camp"), ("mer", "mur"),
        ("café", "cave"), ("main", "mais"), ("vélo", "village"), ("gare", "guerre"), ("coty", "côté"), ("stage", "sage"),
    ],
)  # fmt: skip
def test_what_sounds_different_stays_apart(one: str, other: str) -> None:
    assert key(one) != key(other)


@settings(max_examples=200, deadline=None)
@given(word=st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzàâçéèêëîïôùûüœ"), min_size=1))
def test_case_does_not_change_the_sound_and_a_word_keeps_one(word: str) -> None:
    assert key(word) == key(word.upper())
    assert key(word)


# read_nth


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("le premier", 0), ("la première", 0), ("l'un des deux", 0), ("prems", 0), ("1", 0), ("le 1er svp", 0),
        ("c'est quoi le deuxième ?", 1), ("la 2", 1), ("n°2", 1), ("numéro 2", 1), ("option 2", 1), ("le second", 1), ("la seconde", 1),
        ("le deusieme", 1), ("2ème", 1), ("celui du milieu", 1), ("et le 3", 2), ("troisième", 2), ("le dernier", 2), ("la dernière", 2),
        ("le quatrième", None), ("le 4", None), ("le 10", None), ("les deux", None), ("", None), ("bonjour", None),
        ("j'ai deux enfants", None), ("la 2 fois", None), ("le 1er novembre c'est ouvert ?", None), ("le 3 décembre", None),
        ("je cherche un travail", None),
    ],
)  # fmt: skip
def test_which_of_three_is_meant(text: str, index: int | None) -> None:
    assert read_nth(text, 3) == index


@pytest.mark.parametrize(
    ("text", "size", "index"), [("le dernier", 1, 0), ("le dernier", 5, 4), ("le premier", 0, None), ("celui du milieu", 2, None)]
)
def test_the_size_of_the_list_counts(text: str, size: int, index: int | None) -> None:
    assert read_nth(text, size) == index


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Bonjour, je veux faire de la danse à Blois svp", "je veux faire de la danse"),
        ("slt coucou madame jcherche un cours", "jcherche un cours"),
        ("c'est où, s'il vous plaît ?", "c'est où?"),
        ("le contrat de ville de Blois", "le contrat de ville"),
        ("Bonjour !", "Bonjour !"),
        ("bonsoir madame", "bonsoir madame"),
        ("à Blois", "à Blois"),
        ("pardonnez-moi, Bloisien", "pardonnez-moi, Bloisien"),
        ("", ""),
    ],
)
def test_courtesies_and_the_town_are_left_out_when_something_else_is_said(text, kept):
    assert essential(text) == kept
