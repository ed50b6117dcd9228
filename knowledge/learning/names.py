"""First names that nothing need introduce, in small letters too, and the surname beside them.

A list and not a model: it says why, costs nothing, and what it lacks can be added by a word (docs/adr/0029).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from nlu.french.text import words

_FILE = Path(__file__).with_name("first_names.txt")
_GIVEN = frozenset(word for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#") for word in line.split())

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# « la marie » is the town hall as it is heard; after an article or a pronoun stands no name.
_NO_NAME_AFTER = re.compile(
    r"(?:\b(?:le|la|les|un|une|du|des|au|aux|je|tu|il|elle|on|nous|vous|me|se|te|ce|cet|cette|chaque|en|mon|ton|son|metiers?|travail)|\bl'|\bm'|\bs')\s*$"
    # A place or an organisation that bears one.
    r"|\b(?:saint|sainte|st|ste|rue|avenue|boulevard|allee|place|square|parc|quai|pont|impasse|chemin|ecole|maternelle|college|lycee|creche"
    r"|maison|espace|centre|foyer|fondation|association|asso|salle|stade|gymnase|piscine|residence|bibliotheque|mediatheque|hopital"
    r"|clinique|theatre|cinema|quartier|cite|tour|abbe|village|rond-point|arret|prix|fete|club|compagnie|ensemble)"
    r"[\s-]+(?:(?:de|du|d'|la|le|les|l'|des)\s*)*$"
)
# Where a surname follows in small letters too.
_INTRODUCED = re.compile(
    r"(?:^|[.,;:!?\n()]|\b(?:je?\W?\s?suis|c\W?\s?est|ici|moi|de\s+la\s+part\s+de|au\s+nom\s+de|nomme|merci|cordialement|bonjour|bonsoir"
    r"|salut|coucou|signe))[\s,:-]*$"
)
_NEXT = re.compile(r"[ \t]+([^\W\d_]+(?:-[^\W\d_]+)*)")
_PARTICLES = frozenset(words("de da di do dos el al le ben bin bent ibn abou abu ould van von der den mc"))
_MOST = 3


def given_names(plain: str, text: str, stop: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where first names stand in ``text``, each with its surname: written with a capital, or introduced.

    ``plain`` is ``text`` folded character by character; ``stop``: words that are of no name.
    """
    until = 0
    for match in _WORD.finditer(plain):
        start, end = match.span()
        before = plain[:start]
        if start < until or match.group().split("-")[0] not in _GIVEN:
            continue
        until = _surname_end(plain, text, end, stop, _INTRODUCED.search(before) is not None)
        if not _NO_NAME_AFTER.search(before):
            yield start, until


def _surname_end(plain: str, text: str, end: int, stop: frozenset[str], introduced: bool) -> int:
    at, found, told = end, 0, not text.isupper()
    while found < _MOST and (word := _NEXT.match(plain, at)):
        said, at = word.group(1), word.end()
        if said in _PARTICLES:
            continue
        # « inès moreau cherche », but « adam dessine »: where nothing introduces it, a surname is what a common word follows.
        follows = _NEXT.match(plain, at)
        may_be = not found and (introduced or follows is not None and follows.group(1) in stop)
        has_capital = told and text[word.start(1)].isupper()
        if said in stop or not (has_capital or may_be or said.split("-")[0] in _GIVEN):
            break
        end, found = at, found + 1
    return end
