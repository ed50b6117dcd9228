"""Telephone numbers, e-mail and web addresses inside a text, made tappable.

The pattern is written once and handed to ``scripts/cards.js`` as well: it keeps to what Python and
JavaScript read alike, without look-behind (telephones from before 2023 do not know it).
"""

import re
from collections.abc import Iterable, Iterator

_WEB = r"https?://[^\s<>\"]*[^\s<>\".,;:!?)»]"
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_PHONE = r"\b0[1-9](?:[ .]?\d\d){4}\b"
# « au 15 rue … », « le 18 juillet », « 115 euros » are not numbers to call.
_NOT_A_CALL = (
    r"(?![\d/]| \d|,?[ \u00a0\u202f]?(?:h\b|€|%|euros?|ans|mois|jours?|minutes|rue|avenue|all[ée]e|place|boulevard|quai"
    r"|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre))"
)
# Whoever cannot speak writes to this one.
_BY_SMS = "114"


def pattern(help_numbers: Iterable[str]) -> str:
    """Return the source of a regular expression that finds everything to tap on."""
    numbers = sorted(set(help_numbers), key=len, reverse=True)
    found = [_WEB, _MAIL, _PHONE]
    if long := [number for number in numbers if len(number) > 2]:
        found.append(rf"\b(?:{'|'.join(long)})\b{_NOT_A_CALL}")
    if short := [number for number in numbers if len(number) <= 2]:
        found.append(rf"\b(?:le|au) (?:{'|'.join(short)})\b{_NOT_A_CALL}")
    return "|".join(found)


def href(text: str) -> str:
    """Return the address behind a number, an e-mail address or a web address."""
    if text.startswith(("http://", "https://")):
        return text
    if "@" in text:
        return f"mailto:{text}"
    digits = re.sub(r"\D", "", text)
    if digits == _BY_SMS:
        return f"sms:{digits}"
    return f"tel:+33{digits[1:]}" if len(digits) == 10 else f"tel:{digits}"


def pieces(text: str, source: str) -> Iterator[tuple[str, str | None]]:
    """Yield ``text`` piece by piece, each with the address it leads to, if any."""
    end = 0
    for match in re.finditer(source, text, re.ASCII):
        if match.start() > end:
            yield text[end : match.start()], None
        yield match.group(), href(match.group())
        end = match.end()
    if end < len(text):
        yield text[end:], None
