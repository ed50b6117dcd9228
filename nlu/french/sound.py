"""Words written as they are heard, so that spellings by ear meet the dictionary's.

``key("courrier") == key("courié")``. Coarser than a phonetic transcription on purpose: open and
closed vowels, and voiced endings that people confuse, fall together. Ours because the published
keys were made for names (Soundex, Phonex, Metaphone); ``docs/nlu.md`` has the comparison.
"""

import re
from functools import lru_cache

from nlu.french.text import fold

# In order; each applies to the result of those before it. Capitals are sounds already settled:
# A = an/en, I = in/ain/un, O = on, U = ou, W = oi, S = ch, N = gn, E = é/è/ai, Z = z between vowels.
_RULES = [
    (r"ç", "ss"),
    (r"(?<=fran)c(?=[ao])|(?<=gar)c(?=on)|(?<=le)c(?=on)", "ss"),  # typed without the cedilla
    (r"^(est|et|ai|ait|ais|aie|er|ez|es)$", "E"),
    (r"^(eau|eaux|au|aux|ho|oh)$", "o"),
    (r"h(?<![cs]h)(?<!ph)", ""),
    (r"ph", "f"),
    (r"(sch|sh|ch)", "S"),
    (r"qu?", "k"),
    (r"gn", "N"),
    (r"gu(?=[eiy])", "g#"),
    (r"ge(?=[ao])", "j"),
    (r"g(?=[eiy])", "j"),
    (r"#", ""),
    (r"(sc|c)(?=[eiy])", "s"),
    (r"c", "k"),
    (r"x(?=[aeiouy])", "ks"),
    (r"(?<=[aeiouy])s(?=[aeiouy])", "Z"),
    (r"z", "Z"),
    (r"(.)\1", r"\1"),
    (r"tion", "siO"),
    (r"(?<=[aeiou])il(?=l?[aeiou]|$)", "y"),
    (r"ill(?=[aeiou])", "iy"),
    (r"(oin|ouin)(?![aeiouyn])", "WI"),
    (r"(ain|ein|aim|ein|yn|ym)(?![aeiouymn])", "I"),
    (r"(?<=i)en(?![aeiouymnt])", "I"),
    (r"(in|im|un|um)(?![aeiouymn])", "I"),
    (r"(an|am|en|em)(?![aeiouymn])", "A"),
    (r"(on|om)(?![aeiouymn])", "O"),
    (r"eau|au", "o"),
    (r"oeu|eu", "e"),
    (r"ou|oo", "U"),
    (r"oi|oy|oua", "W"),
    (r"(ai|ei|ey|ay|ets?$|ers?$|ez$|é|è|ê)", "E"),
    (r"y", "i"),
    (r"e", "E"),
    (r"(?<=[a-zA-Z]{2})[sxtdpZ]+$", ""),
    (r"(?<=[a-zA-Z]{2})(Es?|Ent)$", ""),
]  # fmt: skip
_COMPILED = [(re.compile(pattern), result) for pattern, result in _RULES]


@lru_cache(maxsize=50_000)
def key(word: str) -> str:
    """Return the sound of one word; words that sound alike share it.

    >>> key("aprandre") == key("apprendre"), key("kelkun") == key("quelqu'un")
    (True, True)
    """
    sound = fold(word.lower().replace("ç", "ss")).replace("'", "")
    for pattern, result in _COMPILED:
        sound = pattern.sub(result, sound)
    return sound or fold(word)
