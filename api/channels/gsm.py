"""The alphabet of SMS (GSM 03.38 = 3GPP TS 23.038, 6.2.1), what of French fits into it, and segments.

A message is 160 septets, or 153 a segment when joined; with one character outside of the alphabet 70 or 67 UTF-16
units. Why each character is written as it is: docs/adr/0021-sms-alphabet.md.
"""

import re
import unicodedata
from collections.abc import Iterator

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}\\[~]|€\f"
# What French writes and the alphabet lacks. Only signs; letters lose their accent (below).
_SIGNS = {
    "’": "'", "‘": "'", "ʼ": "'", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "…": "...", "–": "-", "—": "-", "‑": "-", "−": "-",
    "•": "-", "·": ".", "×": "x", "°": "o", "œ": "oe", "Œ": "OE", "²": "2", "³": "3", "½": "1/2", "→": ">", "✓": "-", "\t": " ",
}  # fmt: skip
_QUOTED = re.compile(r"«\s*|\s*»")
# Between sentences; a label (« Où : »), « Tél. » and the number of a list (« 2. ») stay with what they announce.
_BREAK = re.compile(r"(?m)(?<=[.!?;])(?<!^\d\.)(?<!\bTél\.)[^\S\n]+|\s*\n\s*")


def spell(text: str) -> str:
    """Return ``text`` in the alphabet as far as French needs: other letters stay as they are, other signs go.

    >>> spell("« Ça » a lieu à l’hôtel : où ? Maïs, cœur… ÇA")
    '"Ça" a lieu à l\\'hotel : où ? Mais, coeur... ÇA'
    """
    quoted = _QUOTED.sub('"', unicodedata.normalize("NFC", text))
    spelt = "".join(_spell(character) for character in quoted)
    return "\n".join(" ".join(line.split()) for line in spelt.splitlines() if line.strip())


def _spell(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    if character in _SIGNS:
        return _SIGNS[character]
    if character.isspace():
        return " "
    bare = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    if bare and all(part in _BASIC for part in bare):
        return bare
    # A letter, or a sign of another script, carries meaning; a picture, or what nobody sees, does not.
    return character if unicodedata.category(character)[0] in "LMN" else ""


def is_gsm(text: str) -> bool:
    """True when no character is outside of the alphabet."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def units(text: str) -> int:
    """Septets, or UTF-16 units for what is outside of the alphabet."""
    if is_gsm(text):
        return len(text) + sum(character in _EXTENDED for character in text)
    return len(text.encode("utf-16-le")) // 2


def segments(text: str) -> int:
    """How many SMS ``text`` is charged as.

    >>> segments("é" * 160), segments("é" * 161), segments("€" * 81), segments("ê" * 70), segments("ê" * 71)
    (1, 2, 2, 1, 2)
    """
    alone, joined = (160, 153) if is_gsm(text) else (70, 67)
    # A character of two units never stands in two segments: one unit a segment may stay empty.
    wide = any(character in _EXTENDED for character in text) if is_gsm(text) else any(ord(character) > 0xFFFF for character in text)
    length = units(text)
    return 1 if length <= alone else -(-length // (joined - wide))


def chunks(text: str, most: int, hint: str = "", goes_on: bool = False) -> list[str]:
    """Cut ``text`` into messages of at most ``most`` segments, at the ends of sentences where there are any, else at words.

    Each but the last ends with ``hint``, the last too when it ``goes_on``. Nothing is left out.
    """
    done: list[str] = []
    current = ""
    for part, gap in _parts(text, most, hint):
        joined = f"{current}{gap}{part}" if current else part
        if current and segments(joined + hint) > most:
            done.append(current + hint)
            joined = part
        current = joined
    if goes_on:
        return [*done, current + hint] if current else done
    if len(done) == 1 and segments(f"{done[0].removesuffix(hint)}\n{current}") <= most:
        return [f"{done[0].removesuffix(hint)}\n{current}"]  # without the hint both fit
    return [*done, current] if current else done


def cut(text: str, most: int) -> str:
    """Return as many whole words of ``text`` as fit into ``most`` segments, with a mark when some do not."""
    words = text.split(" ")
    while words and segments(" ".join(words)) > most:
        words = words[:-2] + [words[-2].rstrip(".,;: ") + "..."] if len(words) > 1 else []
    return " ".join(words)


def _parts(text: str, most: int, hint: str) -> Iterator[tuple[str, str]]:
    """Pieces of ``text`` that fit alone, each with what stands before it."""
    gap = ""
    start = 0
    for found in [*_BREAK.finditer(text), None]:
        sentence = text[start : found.start() if found else len(text)]
        yield from _pieces(sentence, gap, most, hint)
        gap = "\n" if found and "\n" in found.group() else " "
        start = found.end() if found else start


def _pieces(sentence: str, gap: str, most: int, hint: str) -> Iterator[tuple[str, str]]:
    if segments(sentence + hint) <= most:
        if sentence:
            yield sentence, gap
        return
    for word in sentence.split(" "):
        while segments(word + hint) > most:  # an endless word
            size = next(size for size in range(len(word), 0, -1) if segments(word[:size] + hint) <= most)
            yield word[:size], gap
            word, gap = word[size:], ""
        if word:
            yield word, gap
        gap = " "
