"""What a message is about, without its courtesies and without the town that all of them are about.

« je veux faire de la danse » and « bonjour, je veux faire de la danse à Blois » ask the same. Phrasings rarely greet or
name the town, and what is outside often does (« le château de Blois »): left in, both words speak for the outside.
"""

import re

from nlu.french.text import words

_GREETING = (
    r"(?:bonjour|bonsoir|salut|coucou|hello|salam(?: (?:aleykoum|alaykoum|alikoum))?|slt|bjr|bsr|cc|hey|wesh|"
    r"madame|monsieur|mme|mr|messieurs|mesdames|svp|stp|s'il (?:vous|te) pla[iî]t|excusez[ -]moi|pardon)"
)
_BEGINS = re.compile(rf"^(?:{_GREETING}\b[\s,.!:;–-]*)+", re.IGNORECASE)
_ENDS = re.compile(r"[\s,.]*\b(?:svp|stp|s'il (?:vous|te) pla[iî]t)[\s,.!]*(?=\??$)", re.IGNORECASE)
_TOWN = re.compile(r"\s*\b(?:(?:[àa]|sur|dans|de|vers|pour)\s+)?(?:la\s+ville\s+de\s+)?blois\b", re.IGNORECASE)


def essential(text: str) -> str:
    """Return ``text`` without greetings, « s'il vous plaît » and « à Blois »; all of it when no word would be left.

    >>> essential("Bonjour, je veux faire de la danse à Blois svp"), essential("Bonjour !"), essential("Blois")
    ('je veux faire de la danse', 'Bonjour !', 'Blois')
    """
    kept = _TOWN.sub("", _ENDS.sub("", _BEGINS.sub("", text.replace("’", "'"))))
    return kept.strip() if words(kept) else text
