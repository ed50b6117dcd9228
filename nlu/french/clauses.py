"""The parts of a message that can be needs of their own.

« un cours de français et un médecin » asks two things; « bonjour, mon mari est mort l'an dernier, je
n'y arrive plus avec les papiers » asks one, in its last part.
"""

import re

from nlu.french.ellipsis import subject_words

_BREAKS = re.compile(
    r"[.;!?,:\n()]+"
    r"|\b(?:et puis|et aussi|ainsi que|et|puis|aussi|mais|sinon|ensuite|en plus|donc|alors|apres|après|par contre)\b"
    r"|\b(?=je suis une? )",
    re.IGNORECASE,
)
_MOST = 6


def clauses(text: str) -> list[str]:
    """Return the parts of ``text`` that name a subject, in order; empty when it has only one part.

    >>> clauses("un cours de français et un médecin")
    ['un cours de français', 'un médecin']
    """
    parts = [part.strip() for part in _BREAKS.split(text)]
    found = [part for part in parts if part and subject_words(part)]
    return found[:_MOST] if len([part for part in parts if part]) > 1 else []
