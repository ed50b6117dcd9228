"""How like a message is to each of many texts, in a fraction of what one product of sparse matrices takes."""

import numpy as np
from scipy.sparse import csr_matrix


class Rows:
    """Rows of unit length: what a text means, which every text has, dense; terms, of which a text has few, sparse."""

    def __init__(self, rows: csr_matrix, terms: int) -> None:
        """``terms``: how many columns are terms; those after them are the meaning's."""
        self._terms = terms
        self._by_term = rows[:, :terms].T.tocsr()
        self._meanings = rows[:, terms:].toarray()

    def likeness(self, row: csr_matrix) -> np.ndarray:
        """Return the cosine (-1 to 1) of ``row``, of one text and from the same features, with each text."""
        split = int(np.searchsorted(row.indices, self._terms))  # columns are in order, block after block
        at, values = row.indices[:split], row.data[:split]
        said = csr_matrix((values, at, np.array([0, split])), shape=(1, self._terms))
        found = (said @ self._by_term).toarray().ravel()
        if split < len(row.indices):
            found += self._meanings @ row.data[split:]
        return found / (np.linalg.norm(row.data) or 1.0)
