"""The parts of a message that can be needs of their own.

« un cours de français et un médecin » asks two things; « bonjour, mon mari est mort l'an dernier, je
n'y arrive plus avec les papiers » asks one, in its last part.
"""

import re

from nlu.french.ellipsis import subject_words
from nlu.french.sms import expand

_BREAKS = re.compile(
    r"[.;!?,:+\n()]+"
    r"|\b(?:et puis|et aussi|ainsi que|et|é|puis|aussi|mais|sinon|ensuite|en plus|donc|alors|apres|après|par contre)\b"
    r"|\b(?=je suis une? )",
    re.IGNORECASE,
)
_LISTS = re.compile(rf"[/&]|{_BREAKS.pattern}", re.IGNORECASE)
_MOST = 6
# « pas la danse », « je veux pas apprendre »: named to be left out.
_REFUSED = re.compile(
    r"^(?:non|nan|nn|mais|et|c est)? ?(?:(?:je|on|j|il|elle) )?(?:n |ne )?"
    r"(?:(?:veu[xt]|cherche|voulais|voulait|demande) )?pas\b(?! (?:de|d|trop|cher|loin|payant)\b)"
)


# A second need is announced (« deux choses : »), or may be (« et moi je voudrais du sport », but also « mes droits et mes devoirs »).
_TWO = re.compile(r"\b(?:(?:deux|2|plusieurs) (?:choses?|questions?|demandes?|besoins?|trucs?)|par ailleurs)\b")
_ADDS = re.compile(r"\bet (?:moi|mon|ma|mes|aussi|puis|en plus)\b")


def announces_two(text: str) -> bool:
    """True when ``text`` says that it asks two things."""
    return bool(_TWO.search(" ".join(expand(text))))


def adds(text: str) -> bool:
    """True when ``text`` may add a second need to the first, by its small words alone."""
    return bool(_ADDS.search(" ".join(expand(text))))


def clauses(text: str) -> list[str]:
    """Return the parts of ``text`` that name a subject, in order; empty when it has only one part.

    >>> clauses("un cours de français et un médecin")
    ['un cours de français', 'un médecin']
    """
    parts = [part.strip() for part in _BREAKS.split(text)]
    found = [part for part in parts if part and subject_words(part)]
    return found[:_MOST] if len([part for part in parts if part]) > 1 else []


def listed(text: str) -> list[str]:
    """Return what ``text`` lists, in order; empty for one thing alone.

    >>> listed("c'est où / quel numéro"), listed("c'est où ?")
    (["c'est où", 'quel numéro'], [])
    """
    found = [part.strip() for part in _LISTS.split(text) if part and part.strip()]
    return found if len(found) > 1 else []


def refuses(text: str) -> bool:
    """True when ``text`` names a subject only to leave it out.

    >>> refuses("non pas la danse"), refuses("non, la danse")
    (True, False)
    """
    parts = [part for part in _BREAKS.split(text) if part and subject_words(part)]
    return bool(parts) and all(_REFUSED.search(" ".join(expand(part))) for part in parts)


def wanted(text: str) -> str:
    """Return ``text`` without the parts that only say what is not meant; all of it when nothing else would be left.

    >>> wanted("je voulais dire guitare, pas danse"), wanted("pas de voiture")
    ('je voulais dire guitare', 'pas de voiture')
    """
    parts = [part.strip() for part in _BREAKS.split(text) if part and part.strip()]
    kept = [part for part in parts if not _REFUSED.search(" ".join(expand(part)))]
    return ", ".join(kept) if len(kept) < len(parts) and any(subject_words(part) for part in kept) else text
