"""Likeness by parts gives what one product of whole rows gives."""

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from knowledge.search.likeness import Rows
from nlu.french.features import TextFeatures

TEXTS = ["la météo de demain", "le prix du timbre", "un horaire de train", "le programme du cinéma"]


@pytest.mark.parametrize("with_meaning", [True, False])
def test_each_text_is_as_like_as_its_cosine(with_meaning: bool) -> None:
    features = TextFeatures(with_meaning=with_meaning)
    rows = normalize(features.fit_transform(TEXTS))
    kept = Rows(rows, features.terms)
    for text in [*TEXTS, "quel temps demain ?", "???"]:
        row = features.row(text)
        assert np.abs(kept.likeness(row) - (normalize(row) @ rows.T).toarray().ravel()).max() < 1e-5
    assert kept.likeness(features.row(TEXTS[2])).argmax() == 2
