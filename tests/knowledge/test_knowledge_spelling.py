"""Unknown words of a message are put right only when a taught word is near."""

import pytest

from knowledge.search.spelling import Spelling

TAUGHT = Spelling(["couture", "jardin", "permis", "conduire", "informatique", "cours", "court", "je", "le", "un"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("coutrue", "couture"),  # two letters changed places
        ("jrdin", "jardin"),
        ("infformatiqe", "informatique"),  # long: two slips
        ("permsi de condiure", "permis de conduire"),
        ("jardin", "jardin"),
        ("xylophone", "xylophone"),  # nothing is near
        ("jar", "jar"),  # too short to tell
        ("2026 !", "2026 !"),
        ("", ""),
    ],
)
def test_the_nearest_taught_word_is_meant(said, meant):
    assert TAUGHT.corrected(said) == meant


def test_of_two_as_near_the_commonest_is_meant():
    assert TAUGHT.corrected("courd") == "cours"
    assert Spelling(["court", "cours"]).corrected("courd") == "court"


def test_knows_nothing_and_changes_nothing():
    assert Spelling([]).corrected("un jardin") == "un jardin"
