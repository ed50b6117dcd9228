"""What a message refers to: the nth of a list (« le deuxième », « le dernier »), or what was spoken of (« ils »)."""

import re

from nlu.french.ellipsis import subject_words, whose
from nlu.french.sms import expand

_ORDINALS = [
    (1, r"premiere?s?|premie?r?s?|1er|1ere|1re|1ier|prems|first|un"),
    (2, r"deu[xsz]ie?mm?e?|2e|2em|2eme|2ieme|deuz|2nd|seconde?|second|deux"),
    (3, r"troi[sz]ie?mm?e?|3e|3em|3eme|3ieme|trois"),
    (4, r"quatrieme|4e|4eme"),
]
# « le 1er novembre », « la 2 fois par semaine » name no place in a list.
_NOT_AFTER = (
    r"(?! (?:ans|euros|heures|fois|jours|enfants|mois|semaines"
    r"|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre))"
)
_LEAD = r"(?:le|la|l|celui|celle|numero|num|no|n|option|choix|reponse|du|de la|au|a la|pour le|pour la|sur le|sur la)"

_COMPARES = re.compile(r"\b(?:differences?|diff|qui change|lequel|laquelle|vs|versus|entre\b.+\bet)\b")
# « qui les organise ? », « il est français, lui »
_BACK = re.compile(
    r"^(?:et |mais |est ce qu |non |oui )*(?:il|elle)\b"
    r"|\b(?:ils|elles|leurs?|eux|les(?= \w+(?:e|ent|er)\b)|y|celui|celle|ceux|celles|la bas)\b"
)
_LEADS = r"(?:et|ou|sinon|bon|ok|alors|go|allez|du coup|donc|ah|oui)"
_ANEW = re.compile(
    rf"^(?:{_LEADS} )*pour (?:le|la|les|l|mon|ma|mes|moi)\b"
    rf"|^(?:{_LEADS} )+(?:le|la|les|l|un|une|des|mon|ma|mes|notre|nos)\b"
    r"|\b(?:numero|tel|telephone|adresse|horaires?|contact|mail|lieu|prix) (?:de|du|des|d|pour)\b"
)
# « revenons au sport », « on en était aux cours »
_RETURN = re.compile(
    r"\b(?:reven(?:ons|ir|ez)|reviens?|revien|retourn(?:ons|e|er)|repren(?:ds?|ons)|retour a|(?:on|en) en etait|on parlait)\b"
    rf"|^(?:{_LEADS} )*retour\b"
)
# « le permis d'abord », « on commence par le CV », « plutôt quelque chose pour marcher »
_FIRST = re.compile(
    r"\b(?:d abord|dabord|en premier|prioritaire|(?:commence|commencons|commencer) par)\b"
    r"|^(?:non |mais |ou |bon )*plutot (?:quelque chose|un|une|des|du|de la|de l)\b"
)
# What somebody else would do there too.
_COMES = re.compile(r"\b(?:venir|vient|viendrait|viennent|participer|participe|inscrire|entrer|aller|aussi)\b")
# « l'autre plutôt », « et pour mon autre demande »; no « l'autre jour »
_OTHER = re.compile(
    r"(?<!\bni )\b(?:l autre|lautre|lotre|(?:ma|mon|m) autre (?:demande|question|besoin|probleme))\b"
    r"(?! (?:jour|fois|soir|nuit|bout|cote))"
)
# « ceux de jour », « celle avec les femmes »: of those shown, the one told apart by these words.
_SUCH = re.compile(r"\b(?:celui|celle|ceux|celles|sui|cel) (?:de|du|des|d|a|au|aux|avec|pour|le|la|les|en|dans|sur|qui) (.+)")
_US = re.compile(
    r"\b(?:tu|toi|you)\b|\bvous (?:\w+ )?(?:parl|compren|ecri|repon|tradui)\w*|\b(?:repon|ecri|tradui)\w* (?:moi |nous |ici )?en\b"
    r"|\b(?:reply|answer|translate|le chat|cette page|ce site)\b"
)
# « parle-t-elle » speaks of her.
_OF_OTHERS = re.compile(r"-t-(?=il|elle|on)", re.IGNORECASE)
_WHO = re.compile(r"\bc est qui\b|\bqui (?:donc|est|vient|passe|sera|s en occupe)\b|\bqui(?: alors| deja)?$")
_HOW_LONG = re.compile(r"\b(?:dur(?:ees?|e|ent|era)|combien de temps|longtemps)\b")
_DIPLOMA = re.compile(r"\b(?:diplomes?|diplom|certificats?|attestations?|examens?)\b")
# « en journée », « vers 11 h »; « la nuit », « à 22 h ». « Quel jour ? » and « un jour férié » are days, not half of one.
_GOES_ON = re.compile(r"^(?:et|puis|sinon|mais)\b")
_DATE = re.compile(r"\b(?:quel|quels|un|autre|chaque|ce|le|les) jours?\b|\bjours? feries?\b")
_DAY_HOUR = r"(?:[7-9]|1[0-7]|dix|onze|quatorze|quinze|seize) ?(?:h|heures?)"
_DAY = re.compile(rf"\b(?:jour|journees?|journe|matins?|matinee|midi|apres midi|aprem|{_DAY_HOUR})\b")
_NIGHT = re.compile(r"\b(?:nuits?|soirs?|soirees?|minuit|(?:[0-5]|2[0-3]|vingt|vingt deux) ?(?:h|heures?))\b")
_PREVIOUS = re.compile(r"\b(?:celui|celle|ceux|celles|l autre|le truc|ce) (?:d avant|davant|precedente?s?)\b|\bdavant\b")


def refers_back(text: str) -> bool:
    """True when ``text`` speaks of something by a pronoun (« ils peuvent venir chez moi ? »)."""
    return bool(_BACK.search(" ".join(expand(text)).replace("il y a", "")))


def half_of_day(text: str) -> str | None:
    """Return "day" or "night", whichever ``text`` names (« et la journée ? », « Correspondants de nuit »); None for neither or both."""
    line = _DATE.sub(" ", " ".join(expand(text)))
    day, night = bool(_DAY.search(line)), bool(_NIGHT.search(line))
    return ("day" if day else "night") if day != night else None


def goes_on_to(text: str) -> bool:
    """True for « et après, la nuit ? », « et le soir ? »: the same of another time, and nothing else is named."""
    return bool(_GOES_ON.search(" ".join(expand(text)))) and not subject_words(text)


def asks_who(text: str) -> bool:
    """True for « c'est qui alors ? », « qui donc circule ? »."""
    return bool(_WHO.search(" ".join(expand(text))))


def prefers(text: str) -> bool:
    """True for « la Maison de Bégon plutôt »: one of those shown, rather than another."""
    return "plutot" in expand(text)


def asks_how_long(text: str) -> bool:
    """True for « ça dure combien de temps ? », « durée du suivi »."""
    return bool(_HOW_LONG.search(" ".join(expand(text))))


def asks_diploma(text: str) -> bool:
    """True for « on a un diplôme à la fin ? »."""
    return bool(_DIPLOMA.search(" ".join(expand(text))))


def addresses_us(text: str) -> bool:
    """True when ``text`` speaks to who answers here (« tu parles arabe ? », « réponds en anglais »), not of those spoken of."""
    return bool(_US.search(" ".join(expand(_OF_OTHERS.sub(" ", text)))))


def refers_to_previous(text: str) -> bool:
    """True for « celui d'avant »: not what is spoken of now, but what was before."""
    return bool(_PREVIOUS.search(" ".join(expand(text))))


def refers_to_other(text: str) -> bool:
    """True for « l'autre plutôt », « et pour mon autre demande ? »: of two, not the one that is spoken of."""
    line = " ".join(expand(text))
    return bool(_OTHER.search(line)) and not _PREVIOUS.search(line)


def told_apart_by(text: str) -> str:
    """Return the words by which one of several is meant (« ceux de jour, quelles heures ? »: « jour quelles heures »), else ``""``."""
    found = _SUCH.search(" ".join(expand(text)))
    return found[1] if found and not refers_to_previous(text) else ""


def compares(text: str) -> bool:
    """True for « quelle différence », « entre A et B, c'est quoi qui change ? »: two sides are set against each other."""
    return bool(_COMPARES.search(" ".join(expand(text))))


def returns(text: str) -> bool:
    """True for « revenons au sport »: a subject that was spoken of is taken up again."""
    return bool(_RETURN.search(" ".join(expand(text))))


def puts_first(text: str) -> bool:
    """True for « le permis d'abord »: of several needs, the one to begin with is named."""
    return bool(_FIRST.search(" ".join(expand(text))) and subject_words(text))


def would_come(text: str) -> bool:
    """True for « mon mari voudrait venir aussi », « il peut s'inscrire »: somebody would go there too."""
    return bool(_COMES.search(" ".join(expand(text))))


def begins_anew(text: str) -> bool:
    """True for « et pour le permis ? », « sinon le stage », « le numéro du jardin »: a subject is named on purpose."""
    return bool(_ANEW.search(" ".join(expand(text))) and (subject_words(text) or whose(text)))


def read_nth(text: str, size: int) -> int | None:
    """Return the index (0-based) meant among ``size`` things, or None when none is named.

    >>> read_nth("c'est quoi le deuxième ?", 3), read_nth("le dernier", 3)
    (1, 2)
    """
    line = " ".join(expand(text))
    if size < 1:
        return None
    found: int | None = None
    if re.search(r"\b(?:dernier|derniere|dernier?|last)\b", line):
        found = size - 1
    elif size == 3 and re.search(r"\bmilieu\b", line):
        found = 1
    else:
        for number, names in _ORDINALS:
            words = rf"(?:{names}|{number})"
            if re.search(rf"\b{_LEAD} {words}\b{_NOT_AFTER}", line) or re.fullmatch(rf"(?:et )?{words}", line):
                found = number - 1
                break
    return found if found is not None and found < size else None
