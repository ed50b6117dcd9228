"""A message as numbers: one text alone gives what many together give, and what means the same is near."""

import pickle

import numpy as np
import pytest

from nlu.french.classifier import LinearTextClassifier
from nlu.french.features import TextFeatures
from nlu.french.meaning import WIDTH, Meanings, meaning

TEXTS = [
    "je veux apprendre le français",
    "un médecin svp",
    "où est le jardin partagé ?",
    "jé perdu mé papié",
    "un cours de gym pour femmes",
]


@pytest.mark.parametrize("with_meaning", [True, False])
def test_one_text_gives_the_numbers_that_it_gives_among_others(with_meaning: bool) -> None:
    features = TextFeatures(with_meaning=with_meaning)
    rows = features.fit_transform(TEXTS)
    for i, text in enumerate(TEXTS):
        assert np.abs((features.row(text) - rows[i]).toarray()).max() < 1e-3
    unseen = "un jardin pour apprendre"
    assert np.abs((features.row(unseen) - features.transform([unseen])).toarray()).max() < 1e-3
    assert len(features.names()) == rows.shape[1]


@pytest.mark.parametrize(
    ("said", "same", "other"),
    [
        ("je souhaite pratiquer la peinture", "j'aimerais apprendre à peindre", "je souhaite réparer mon vélo"),
        ("il n'a plus de toit", "il dort dans la rue", "il joue au football"),
        ("I want to learn French", "je veux apprendre le français", "je veux passer le permis"),
    ],
)
def test_what_means_the_same_is_nearer_than_what_shares_words(said: str, same: str, other: str) -> None:
    assert meaning(said) @ meaning(same) > meaning(said) @ meaning(other)


def test_a_meaning_has_unit_length_whatever_the_text() -> None:
    for text in ["", "?", "🙂", "a" * 5000, "\ud800"]:
        assert meaning(text).shape == (WIDTH,)
        assert np.linalg.norm(meaning(text)) == pytest.approx(1, abs=1e-3)


def test_texts_that_teach_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    meanings = Meanings()
    first = meanings.of(TEXTS)
    monkeypatch.setattr("nlu.french.meaning._encoder", lambda: pytest.fail("read again"))
    assert np.array_equal(meanings.of(TEXTS[::-1]), first[::-1])


def test_a_classifier_that_is_kept_twice_is_one_in_memory_and_answers_the_same() -> None:
    made = LinearTextClassifier(TEXTS * 2, ["a", "b", "c", "b", "a"] * 2, calibrate=False)
    first, second = (pickle.loads(pickle.dumps((made, name)))[0] for name in ("detector", "intents"))  # noqa: S301
    assert first is second and first is not made
    for text in [*TEXTS, "un jardin", "???"]:
        assert np.abs(first.margins(first.row(text)) - made.margins(made.row(text))).max() < 1e-3
