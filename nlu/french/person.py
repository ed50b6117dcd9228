"""Who is the message about, and when: age, gender, situation, quarter, days and times.

Read from the words alone, for the filters and the ranking; what is not said stays None. The same
reading serves the bot, the search API and the staff console.
"""

import re
from dataclasses import dataclass, field, fields, replace

from nlu.french.sms import expand
from nlu.french.sound import key

_UNITS = [
    "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze",
    "seize", "dix sept", "dix huit", "dix neuf",
]  # fmt: skip
_TENS = {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "quatre vingt": 80, "quatre vingts": 80}


def _spoken_numbers() -> dict[str, int]:
    """« trois » to « quatre vingt dix neuf », folded. « Deux ans » is nearly always a duration and left out."""
    units = {name: i for i, name in enumerate(_UNITS, start=1)}
    found = {name: unit for name, unit in units.items() if unit > 2}
    for ten, value in _TENS.items():
        reach = 19 if value >= 60 else 9
        found[ten] = value
        found |= {f"{ten} {link}{name}": value + unit for name, unit in units.items() if unit <= reach for link in ("", "et ")}
    return found


_NUMBERS = _spoken_numbers()
_NUMBER = r"\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True))
_AGE = re.compile(rf"\b({_NUMBER}) ?(?:ans?|years?|yo|yasinda|anos)\b")
_LENGTH = re.compile(r" (?:de|d) (?:retard|experience|anciennete|cotisations?|carriere|metier|mariage|prison|etudes?|cdi|vie commune)\b")
_AGE_BARE = re.compile(r"\b(?:j ai|il a|elle a|age de) (\d{1,2})$")
# « depuis dix ans » and « dix ans d'expérience » are durations, not ages.
_DURATION = re.compile(
    r"\b(?:depuis?|pendant|durant|dans|y a|fait|en|apres|plus de|moins de|il y a) (?:plus de |environ |presque |bientot )?$"
)
_OLDEST = 110

# Relation words that tell the gender of the person concerned (``expand`` writes « sa » as « ca »).
_HER = r"(?:ma|[sc]a|une|ta|leur|notre) (?:\w+ )?(?:fille|mere|maman|femme|soeur|grand mere|mamie|tante|niece|copine|cousine|voisine|epouse|amie|belle mere|dame|meuf|daronne|petite fille|collegue femme)"
_HIM = r"(?:mon|son|un|ton|leur|notre) (?:\w+ )?(?:fils|pere|papa|mari|frere|grand pere|papi|oncle|neveu|copain|cousin|voisin|ami|beau pere|monsieur|homme|garcon|gars|daron|petit fils)"
_WOMAN = rf"\b(?:{_HER}|je suis une (?:femme|maman|mere|fille)|femmes?|maman|madame|dame|entre filles|entre meufs?)\b"
_MAN = rf"\b(?:{_HIM}|je suis un (?:homme|papa|pere|garcon|mec)|monsieur|hommes?|mr)\b"

_RELATIONS = {
    "child": r"\b(?:mon|ma|mes|notre|nos|son|[sc]a|ses) (?:\w+ )?(?:fils|fille|filles|enfants?|gosses?|gamine?s?|ado|ados|petite?s?|bebe)\b",
    "parent": r"\b(?:mon|ma|mes|son|[sc]a) (?:vieux |vieille )?(?:mere|pere|maman|papa|parents|daronne|daron|grand mere|grand pere|mamie|papi)\b",
    "spouse": r"\b(?:mon|ma) (?:mari|femme|conjointe?|copain|copine|epouse|epoux|compagn\w+)\b",
    "other": r"\b(?:mon|ma|une?) (?:voisine?|amie?|frere|soeur|cousine?|oncle|tante|neveu|niece|collegue|pote|usager|usagere|personne|monsieur|dame|beneficiaire)\b",
}

_PUBLICS = {
    "demandeurs-emploi": r"\b(?:chomage|chomeur|chomeuse|sans emploi|sans travail|demandeu(?:r|se)s? d emploi|pole emploi|france travail|deld|licencie\w*|pas de travail|plus de travail)\b",
    "beneficiaires-des-minimas-sociaux": r"\b(?:rsa|brsa|minima sociaux|aah|ass)\b",
    "jeunes": r"\b(?:jeunes?|ado|ados|adolescente?s?|lyceen\w*|collegien\w*)\b",
    "seniors": r"\b(?:retraitee?s?|personnes? agees?|senior|seniors|vieux|vieille|mamie|papi)\b",
    "femmes": r"\b(?:femmes|entre femmes|entre filles|que des femmes|reserve aux femmes|non mixte)\b",
    "familles": r"\b(?:en famille|famille|mes enfants|nos enfants|parents|parent solo|maman solo|mere seule|monoparentale?s?)\b",
    "personnes-exilees": r"\b(?:refugie\w*|primo ?arrivante?s?|demandeu(?:r|se)s? d asile|migrante?s?|titre de sejour|carte de sejour|nouvel\w* arrive\w*|vient d arriver|viens d arriver|cir|ofii)\b",
    "personnes-en-situation-de-handicap": r"\b(?:handicap\w*|fauteuil|rqth|mdph)\b",
    "personnes-en-situation-juridique-specifique": r"\b(?:pjj|sous main de justice|juge des enfants|bracelet|probation|sortant de prison|detention)\b",
    "etudiants": r"\b(?:etudiante?s?|a la fac|universite)\b",
}

_QUARTERS = {
    "coty": ("coty", "rene coty", "place coty"),
    "kennedy": ("kennedy",),
    "begon": ("begon", "michel begon"),
    "mirabeau": ("mirabeau",),
    "quiniere": ("quiniere", "la quiniere"),
    "cornillettes": ("cornillettes", "cornillette"),
    "croix-chevalier": ("croix chevalier",),
    "quartiers-nord": ("quartiers nord", "quartier nord", "blois nord", "zup"),
}

_DAYS = {"lundi": "Mo", "mardi": "Tu", "mercredi": "We", "jeudi": "Th", "vendredi": "Fr", "samedi": "Sa", "dimanche": "Su"}
_PARTS = {
    "morning": r"\b(?:matin|matinee|morning|matins)\b",
    "afternoon": r"\b(?:apres midi|aprem|apres m|aprm|apresmidi)\b",
    "evening": r"\b(?:soir|soiree|soirs|ce soir|apres le travail|nuit)\b",
}
_RELATIVE = {
    "now": r"\b(?:maintenant|en ce moment|tout de suite|la maintenant|ouvert la|actuellement)\b",
    "today": r"\b(?:aujourd hui|ce matin|cet apres midi|ce soir|cet aprem)\b",
    "tomorrow": r"\b(?:demain)\b",
    "weekend": r"\b(?:week ?end|weekends?|we)\b",
}
_TONGUE = re.compile(
    r"\b(?:parl\w+|comprend\w*) (?:pas |que |bien |mal |un peu |tres |seulement |surtout |le |l |en )*"
    r"(?:arabe|turc|portugais|espagnol|anglais|russe|ukrainien|dari|pachto|pashto|persan|farsi|lingala|bambara|peul|comorien|mahorais|"
    r"wolof|soninke|tamoul|albanais|roumain|georgien|armenien|kurde|somali|bengali|chinois|berbere|kabyle|francais)\b"
)
_FREE = re.compile(r"\b(?:gratuit\w*|gratis|sans payer|pas payant|pas cher|pas d argent|free)\b")


@dataclass(frozen=True)
class Person:
    """What a message says of the person concerned. Ages in years; days as OSM codes (Mo…Su)."""

    age: int | None = None
    gender: str | None = None  # "femmes" | "hommes"
    relation: str | None = None  # "child" | "parent" | "spouse" | "other"; None: the writer, or not said
    quarter: str | None = None
    publics: tuple[str, ...] = field(default=())
    days: tuple[str, ...] = field(default=())
    part: str | None = None  # "morning" | "afternoon" | "evening"
    relative: str | None = None  # "now" | "today" | "tomorrow" | "weekend"
    free: bool | None = None

    def merged(self, newer: "Person") -> "Person":
        """Return this knowledge corrected by ``newer``; another person concerned starts afresh."""
        base = Person(quarter=self.quarter, free=self.free) if newer.relation and newer.relation != self.relation else self
        said = {f.name: getattr(newer, f.name) for f in fields(newer) if getattr(newer, f.name) not in (None, ())}
        return replace(base, **said)

    def said(self) -> bool:
        """True when anything at all is known."""
        return self != Person()


def read_person(text: str) -> Person:
    """Return what ``text`` says of the person concerned.

    >>> read_person("mon fils de 17 ans cherche un petit boulot samedi matin").age
    17
    """
    words = expand(text)
    line = " ".join(words)
    return Person(
        age=_age(line),
        gender=_gender(line),
        relation=next((name for name, pattern in _RELATIONS.items() if re.search(pattern, line)), None),
        quarter=_quarter(words, line),
        publics=tuple(name for name, pattern in _PUBLICS.items() if re.search(pattern, line)),
        days=tuple(code for day, code in _DAYS.items() if re.search(rf"\b{day}s?\b", line)),
        part=next((name for name, pattern in _PARTS.items() if re.search(pattern, line)), None),
        relative=next((name for name, pattern in _RELATIVE.items() if re.search(pattern, line)), None),
        free=True if _FREE.search(line) else None,
    )


def without_tongue(text: str) -> str:
    """Return ``text``, folded and expanded, without which language somebody speaks: who they are, and no wish.

    >>> without_tongue("pour ma mère, elle parle turc")
    'pour ma mere elle'
    """
    return " ".join(_TONGUE.sub(" ", " ".join(expand(text))).split())


def _age(line: str) -> int | None:
    for match in _AGE.finditer(line):
        if _DURATION.search(line[: match.start()]) or _LENGTH.match(line, match.end()):
            continue
        value = _NUMBERS.get(match.group(1)) or (int(match.group(1)) if match.group(1).isdigit() else None)
        if value is not None and value <= _OLDEST:
            return value
    bare = _AGE_BARE.search(line)
    return int(bare.group(1)) if bare else None


def _gender(line: str) -> str | None:
    line = re.sub(r"\b(?:bonjour|bonsoir|salut|merci|oui|non|pardon) (?:madame|monsieur|messieurs dames)\b", " ", line)
    her, him = re.search(_WOMAN, line), re.search(_MAN, line)
    if her and him:
        # « une femme enceinte et son mari »: the one named first is the one concerned.
        return "femmes" if her.start() < him.start() else "hommes"
    return "femmes" if her else "hommes" if him else None


def _quarter(words: list[str], line: str) -> str | None:
    for quarter, names in _QUARTERS.items():
        if any(re.search(rf"\b{name}\b", line) for name in names):
            return quarter
    sounds = {key(word) for word in words if len(word) >= 4}
    for quarter, names in _QUARTERS.items():
        if " " not in names[0] and key(names[0]) in sounds:
            return quarter
    return None
