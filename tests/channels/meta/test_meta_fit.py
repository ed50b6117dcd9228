"""Texts in the platforms' limits: nothing lost, broken where it hurts least."""

import re

from graph_limits import units
from hypothesis import given
from hypothesis import strategies as st

from api.channels.meta.fit import shorten, size, split

TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "So", "Cc"]), max_size=400)


@given(TEXTS, st.integers(2, 120))
def test_parts_fit_and_hold_everything(text, most):
    parts = split(text, most)
    assert all(part and units(part) <= most for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


@given(TEXTS, st.integers(3, 120))
def test_a_label_fits(text, most):
    short = shorten(text, most)
    assert units(short) <= most
    assert short == text.strip() or short.endswith("…")


@given(TEXTS)
def test_sizes_are_those_of_utf_16(text):
    assert size(text) == units(text)


def test_lines_then_sentences_then_words():
    assert split("Une phrase courte.\nUne autre, plus longue.", 30) == ["Une phrase courte.", "Une autre, plus longue."]
    assert split("Appelez le 02 54 00 00 00. C'est gratuit. Venez.", 44) == ["Appelez le 02 54 00 00 00. C'est gratuit.", "Venez."]
    assert split("un deux trois quatre", 12) == ["un deux", "trois quatre"]
    assert split("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert split("  ", 10) == []
    assert split("😀" * 6, 5) == ["😀😀", "😀😀", "😀😀"]


def test_labels_keep_whole_words():
    assert shorten("Pas de quartier pour le chômage : un lieu", 20) == "Pas de quartier…"
    assert shorten("Les horaires", 20) == "Les horaires"
    assert shorten("Anticonstitutionnellement", 20) == "Anticonstitutionnel…"
