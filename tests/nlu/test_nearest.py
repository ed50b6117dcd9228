"""The examples nearest to a text."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from nlu.french.nearest import Nearest

ROWS = csr_matrix(np.array([[1, 0, 0], [0, 2, 0], [0, 3, 0], [0, 0, 1], [0, 1, 1]], dtype=np.float32))
OF_KIND = np.array([True, False, False, False, True])


@pytest.mark.parametrize(
    ("said", "lead"),
    [
        ([1, 0, 0], 0.5 - 0.0),  # of the two of the kind one is the same and one has nothing in common
        ([0, 5, 0], (0 + 0.5**0.5) / 2 - 2 / 3),
        ([0, 0, 0], 0.0),
    ],
)
def test_the_lead_is_of_the_mean_of_the_three_nearest(said: list[float], lead: float):
    row = csr_matrix(np.array([said], dtype=np.float32))
    assert Nearest(ROWS, OF_KIND).lead(row) == pytest.approx(lead, abs=1e-6)


def test_what_is_kept_says_the_same():
    nearest = Nearest(ROWS, OF_KIND)
    row = csr_matrix(np.array([[1, 2, 3]], dtype=np.float32))
    assert pickle.loads(pickle.dumps(nearest)).lead(row) == pytest.approx(nearest.lead(row), abs=1e-3)


def test_without_an_example_of_a_kind_it_says_what_the_others_say():
    assert Nearest(ROWS, np.zeros(5, dtype=bool)).lead(ROWS[0]) == pytest.approx(-1 / 3)
