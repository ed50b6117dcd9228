"""Which language a message is written in, when it is not French.

Lingua (n-gram statistics, no network, models in the package) decides between the languages that
newcomers to Blois write most. Learners mix: a message counts as foreign only when it is clearly so,
because French written by ear must never be taken for another language (docs/adr/0008-languages.md).
"""

import functools
import re

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from nlu.french.text import words

# ISO 639-1 codes. Persian is written for Dari; Pashto and Arabic in Latin letters are told by what
# only they have, because Lingua does not know them.
_CODES = {
    Language.FRENCH: "fr",
    Language.ENGLISH: "en",
    Language.SPANISH: "es",
    Language.PORTUGUESE: "pt",
    Language.TURKISH: "tr",
    Language.ARABIC: "ar",
    Language.PERSIAN: "fa",
    Language.UKRAINIAN: "uk",
    Language.RUSSIAN: "ru",
}
LANGUAGES = frozenset(_CODES.values()) - {"fr"} | {"ps"}
# Fewer than one in a thousand messages by French speakers reach it (tests/nlu/test_languages.py).
_SURE = 0.85
# One word is a loan (« parking ») or a greeting that the intents know.
_FEWEST_WORDS = 2
_PASHTO = re.compile("[ټډړږښڼېۍځڅګ]")
_ARABIZI = frozenset(
    """
bghit bghina bghiti kayn kayna kifach kifash wach chno chnou chkoun 3lach 3andi 3andna 3ndi dyal dial dyali diali
mochkil mouchkil lwra9 wra9 khdma khedma nkhdem wlidi weldi bnti benti rajli mrati daba ghadi n9ra nt3elem ntelem nt3alem
fransawi fransawiya 3afak bzaf bezzaf chwiya shwiya makanch makaynch mafhemtch m3aya m3a rani raha hadi wahed
n9der nqder kheddam khdam sbitar tbib
""".split()  # noqa: SIM905
)
# So many of these words, or one that is nothing else in any French message; and not lost among French ones.
_ARABIZI_LEAST, _ARABIZI_SHARE = 2, 0.2
_ARABIZI_ALONE = re.compile(r"bgh\w+|kifac?s?h|\w*[379]\w*")

_EACH_SCRIPT = ("je cherche un cours de français", "أبحث عن دروس اللغة الفرنسية", "я шукаю курси французької мови")


def foreign_language(text: str) -> str | None:
    """Return the code of the language that ``text`` is clearly written in, None for French and what is unclear.

    Codes: ISO 639-1, those of ``LANGUAGES``. Any text is accepted.
    """
    said = words(text)
    if len(said) < _FEWEST_WORDS:
        return None
    if _PASHTO.search(text):
        return "ps"
    if _is_arabizi(said):
        return "ar"
    likeliest = _detector().compute_language_confidence_values(text)[0]
    code = _CODES[likeliest.language]
    return code if code != "fr" and likeliest.value >= _SURE else None


def wake() -> None:
    """Load now what Lingua loads at its first use, script by script: seconds that the first messages would wait for.

    Not by its own preloading, which leaves threads behind that a forked process would miss.
    """
    for text in _EACH_SCRIPT:
        _detector().compute_language_confidence_values(text)


def _is_arabizi(said: list[str]) -> bool:
    known = [word for word in said if word in _ARABIZI]
    clear = len(known) >= _ARABIZI_LEAST or any(_ARABIZI_ALONE.fullmatch(word) for word in known)
    return clear and len(known) >= _ARABIZI_SHARE * len(said)


@functools.cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_CODES).build()
