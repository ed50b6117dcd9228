"""What could tell who wrote a message, taken out of it: numbers, addresses, names.

Rather one word too many than one too few: a masked question must still say what it is about, no more.
Patterns read the text without accents and in lower case, character by character, so that what they
find is cut out of the text as it was written.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from knowledge.learning.names import given_names
from nlu.french.text import words

# A digit, also as « o » for a nought or « l » for a one beside others.
_SPACE = r"[\s.,\-_/()]{0,3}"
_LETTER_DIGITS = r"(?:\d|(?<=[\d\s.])[ol](?=[\s.]?\d)|\bo(?=\s?\d))"
_NUMBER_WORD = (
    r"(?:zero|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente"
    r"|quarante|cinquante|soixante|septante|octante|huitante|nonante|cents?|et|plus)"
)

# Words that end a name or a street: what follows is what the message is about.
_STOP = frozenset(
    words(
        "a actuellement age ai aide aidez an ans as au aurais aussi auxquels avais avait avec avez avoir avons ayant beaucoup besoin bien "
        "bonjour bonsoir c ca car ce cela celui ces cest cet cette cherche chercher chez combien comme comment d dans demande depuis des "
        "dit dites docteur dois doit donc du elle elles en enfant enfants est et etais etait etre eu eux faire fais fait faut femme fille "
        "fils habitant habite hier homme ici il ils j jai je jhabite jsuis jusqu jveux l la le les leur lui m ma madame maintenant mais "
        "mari me merci mere mes mlle mme moi mon monsieur mr n ne nee ni nom non nos notre nous nouveau nouvelle on ont ou oui par parce "
        "pas pere personne peut peux plus pour pourquoi pourrais pourriez pouvez pouvoir prenom puis qu quand que quel quelle quelles "
        "quels qui quoi rdv recherche rien rue s sa salut sans savoir se serait ses si son sont souhaite suis sur svp t ta te tes ti toi "
        "ton toujours tous tout toute toutes travail travaille tres tu un une urgent vais venir veut veux viens vient vit voir vos votre "
        "voudrais voulais vouloir vous y "
    )
)
_PARTICLES = frozenset(words("d de da di do del dos el al le la ben bin bent ibn abou abu oum van von der den mc o"))
_STREET_PARTICLES = _PARTICLES | {"des", "du", "l", "les"}
_STREET_NAMES = frozenset(words("pere mere docteur"))
_ARTICLES = ("le", "la", "les")
# After so many words only a capital still tells a name; after a title and the like what it is about may follow sooner.
_MOST_NAMES, _MOST_AFTER_TITLE = 5, 3

_EMAIL = (
    r"[\w.+-]+(?:\s?(?:@|\(at?\)|\[at?\]|\barob(?:ase|as)?\b)\s?[\w-]+(?:\s?(?:\.|\bpoint\b)\s?[a-z][\w-]*)*)+"
    r"|[\w.+-]+(?:\s(?:point|tiret)\s[\w.+-]+)*\s(?:arobase|arobas|at)\s[\w-]+(?:(?:\s(?:point|dot)\s|\.)[a-z]{2,})+"
    r"|(?<!\w)@\w{2,}"
)
_IBAN = r"\b[a-z]{2}\d{2}(?:[\s.-]?[a-z0-9]{4}){2,7}(?:[\s.-]?[a-z0-9]{1,4})?\b"
_SOCIAL = rf"\b[12]{_SPACE}\d\d{_SPACE}\d\d{_SPACE}(?:\d\d|2[ab]){_SPACE}\d{{3}}{_SPACE}\d{{3}}(?:{_SPACE}\d\d)?\b"
_DIGITS = rf"\+?{_LETTER_DIGITS}(?:{_SPACE}{_LETTER_DIGITS}){{5,}}"
# Of a run of digits: a telephone number, and not one of a card or a file.
_PHONE = re.compile(r"(?:0|\+|33)\d{8,13}")
_SPOKEN = rf"\b(?:zero|0\s?[1-9](?=[\s,.-]+{_NUMBER_WORD}\b)|plus\s+trente[\s-]trois)(?:[\s,.-]+(?:{_NUMBER_WORD}|\d{{1,2}})\b){{4,}}"
_MIXED = r"\b(?=\w*\d\w*\d\w*\d)(?=\w*[a-z])[a-z0-9]{7,}\b|\b[a-z]{2}-\d{3}-[a-z]{2}\b"
_DAY = r"\d{1,2}(?:er)?\s?(?:[/.-]\s?\d{1,2}\s?[/.-]|\s[a-z]+)\s?\d{2,4}"
# Of somebody alive and no appointment: with its year, up to 2015.
_YEAR = r"(?:19\d\d|200\d|201[0-5])"
_MONTH = r"(?:janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)[a-z]*\.?"
_BIRTHDAY = (
    rf"\b\d{{1,2}}\s?[/.-]\s?\d{{1,2}}\s?[/.-]\s?(?:{_YEAR}|[3-9]\d)(?![\d/.-]*\d)(?<![\d][/.-]\d\d[/.-]\d\d[/.-]\d\d)"
    rf"|\b\d{{1,2}}(?:er)?\s{_MONTH}\s{_YEAR}\b"
)
# What stands after the name of a number: short ones too, and letters with them.
_FILE = (
    r"\b(?:dossier|allocataire|identifiant|matricule|usager|agdref|etranger|passeport|recepisse|adherent|immatriculation|plaque)"
    r"(?:\s+(?:caf|cpam|france\s+travail|pole\s+emploi))?\W{0,3}(?:(?:numero|num|no?|c\W?est|est|le|la|et)\b\W{0,3}){0,4}"
    r"(?P<file>[a-z]{0,3}[\s-]?\d[\d\s./-]{2,}(?:(?<=[\d\s-])[a-z]{1,2}(?!['\w])|(?<=\d)(?!\w)))"
)
_BORN = rf"\bn\W?e+s?\s+(?:(?:le|en|un)\s+)?(?:{_DAY}|\d{{4}})\b"
# Without « cours » and « passage »: « 2 cours de français » is no address.
_STREET = (
    r"(?:\b\d{1,4}\s*(?:bis|ter|quater|[abcd]\b)?\s*,?\s*(?:de\s+(?:la\s+)?)?"
    r"(?:rue|r\.|avenue|aven|av|ave|boulevard|bld|bvd|bd|place|pl|allees?|alle|impasse|imp|chemin|route|rte|quai|square|sq"
    r"|residence|lotissement|sentier|faubourg|fbg|fg|esplanade|hameau|cite)\b\.?"
    r"|\b(?:rue|avenue|boulevard|allee|impasse|chemin|square|residence)\b(?=\s+(?:de|du|des|d|la|le|les|l)\b)"
    # « éducateurs de rue », « dans la rue avec eux », « elle est allée au cours » are no address.
    r"|(?<!\bde )(?<!\bla )(?<!\bma )(?<!\bsa )(?<!\bune )(?<!otre )(?<!\bcette )(?<!\ben )(?<!\best )(?<!\bsuis )(?<!\bsont )"
    r"\b(?:rue|avenue|boulevard|allee|impasse|chemin|square|residence)\b(?=\s+[a-z]))"
)
_FLAT = (
    r"\b(?:bat(?:iment)?|apt|appt?|appart|appartement|porte|etage|esc(?:alier)?|hall)\.?\s*(?:n\s?[o°]?\s*)?\d{1,4}(?:\s?[a-z]\b)?"
    r"|\bbat(?:iment)?\.?\s+[a-z]\b"
)
_INTRODUCED = (
    r"\b(?:j\W?\s?)?[mst]\W?\s?ap+el+(?:e?s?|ent|ait)\b(?:\s+(?:bien|aussi))?"
    r"|\bje?\s+(?:me|m)\s+(?:nomme|prenomme)|\bmy\s+name\s+is|\bme\s+llamo|\bism[iy]"
    r"|\b(?:mon|son|sont|le|ton|votre)\s+(?:pre)?(?:nom|non|prenom)\b(?:\s+(?:de\s+famille|complet))?(?:\s+(?:et|est|c\W?est|cest|ses))*\s*[:=]?"
    r"|\b(?:pre)?nom\s*[:=]|\bmoi\s*,?\s*c\W?\s?est|\bsigne\b\s*:?"
)
_TITLED = r"\b(?:madame|mme|mdme|mlle|mademoiselle|monsieur|mr|msieur|docteur|dr|maitre)\b\.?|\bm\.(?=\s*[a-z])"
_SIGNED = r"\b(?:cordialement|bien\s+a\s+vous|respectueusement|sinceres\s+salutations)"
_GREETED = r"\b(?:bonjour|bonsoir|salut|coucou|merci(?:\s+d\W?\s?avance)?|bon(?:ne)?\s+(?:journee|soiree|soir))"
_KIN = (
    r"\b(?:ma|mon|mes|notre|sa|son)\s+(?:petite?\W|grande?\W?)?(?:fille|fils|mere|pere|mari|femme|epou(?:x|se)|compagn(?:e|on)"
    r"|conjointe?|soeur|frere|cousine?|neveu|niece|tante|oncle|amie?|voisine?|bebe|enfants?)"
)
_WORD = re.compile(r"\s*[,:]?\s*((?:[^\W\d_]|['-](?=[^\W\d_]))+)")

# In this order: what an earlier one has found is no longer there for a later one.
_PATTERNS = [
    ("courriel", _EMAIL),
    ("numéro", _SOCIAL),
    ("téléphone", _SPOKEN),
    ("date", _BORN),
    ("date", _BIRTHDAY),
    ("numéro", _FILE),
    ("numéro", _MIXED),
    ("adresse", _FLAT),
]
_COMPILED = [(name, re.compile(pattern)) for name, pattern in _PATTERNS]
_IBAN_AT, _DIGITS_AT, _STREET_AT = re.compile(_IBAN), re.compile(_DIGITS), re.compile(_STREET)
_UNSURE = r"\bje?\W?\s?suis|\bici|\bc\W?\s?est"
_NAME_AT = re.compile(
    f"(?P<signed>{_SIGNED})|(?P<greeted>{_GREETED})|(?P<kin>{_KIN})|{_INTRODUCED}|(?P<title>{_TITLED})|(?P<unsure>{_UNSURE})"
)
_ENDED, _AND = re.compile(r"\s*(?:[,.;!\0]|$)"), re.compile(r"\s+(?:et|&)\s+")
_MYSELF = re.compile(r"\bje?\W{0,2}m\W?\s?(?:ap+el|nomme|prenom)")
# An IBAN has at least so many digits; French words in a row have none.
_IBAN_DIGITS = 8
_WALL = "\0"
_MASK = re.compile(r"\[(?:courriel|numéro|téléphone|date|adresse|nom)\]")


def mask(text: str) -> str:
    """Return ``text`` with what may tell who wrote it replaced: « je m'appelle [nom], mon numéro est le [téléphone] ».

    Masking a masked text changes nothing: what a mask lets meet (« @00@00 ») is looked at again.
    """
    while (masked := _masked_once(text)) != text:  # what is masked stays so: each look leaves less to mask
        text = masked
    return text


def _masked_once(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    text = _replaced(text, "numéro", _ibans(_plain(text)))
    for name, pattern in _COMPILED:
        text = _replaced(text, name, (match.span(match.lastgroup or 0) for match in pattern.finditer(_plain(text))))
    text = _replaced(text, "téléphone", _runs(_plain(text), phones=True))
    text = _replaced(text, "numéro", _runs(_plain(text), phones=False))
    text = _replaced(text, "adresse", _streets(_plain(text)))
    text = _replaced(text, "nom", _names(_plain(text), text))
    return _replaced(text, "nom", given_names(_plain(text), text, _STOP))


def without_masks(text: str) -> str:
    """Return what is left of a masked text when the masks are taken out."""
    return " ".join(_MASK.sub(" ", text).split())


def _replaced(text: str, name: str, spans: Iterable[tuple[int, int]]) -> str:
    """``text`` with ``spans``, which come in order, replaced by the mask ``name``."""
    parts, end = [], 0
    for start, stop in spans:
        if start < end:
            continue
        parts += [text[end:start], f"[{name}]"]
        end = stop
    return "".join([*parts, text[end:]])


def _plain(text: str) -> str:
    """One character for one: lower case, no accents, plain apostrophes and digits; masks are walls."""
    return "".join(map(_plain_character, _MASK.sub(lambda match: _WALL * len(match.group()), text)))


def _plain_character(character: str) -> str:
    if character in "’‘ʼ`´":
        return "'"
    if character.isdigit():
        return str(unicodedata.digit(character))
    return (unicodedata.normalize("NFKD", character)[0].lower() or character)[0]


def _ibans(plain: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN_AT.finditer(plain):
        if sum(c.isdigit() for c in match.group()) >= _IBAN_DIGITS:
            yield match.span()


def _runs(plain: str, phones: bool) -> Iterator[tuple[int, int]]:
    """Runs of six digits and more, however they are parted: those that are telephone numbers, or the others."""
    for match in _DIGITS_AT.finditer(plain):
        digits = re.sub(r"[^\d+]", "", match.group().replace("o", "0").replace("l", "1"))
        if bool(_PHONE.fullmatch(digits)) is phones:
            yield match.span()


def _streets(plain: str) -> Iterator[tuple[int, int]]:
    """The kind of street with its number, and the words of its name."""
    for match in _STREET_AT.finditer(plain):
        yield match.start(), _words_end(plain, match.end(), _STREET_PARTICLES, most=4, stop=_STOP - _STREET_NAMES)


def _names(plain: str, text: str) -> Iterator[tuple[int, int]]:
    """The words after « je m'appelle », « madame »…, without it; where names are less sure only those with a capital."""
    for match in _NAME_AT.finditer(plain):
        start, kind = match.end(), match.lastgroup
        first = _WORD.match(plain, start)
        if first is None or first.group(1) in _ARTICLES and not _may_be_named_so(match, first, plain, text):
            continue
        if kind == "kin" and first.group(1) in ("de", "du", "des"):  # « ma voisine de Kennedy »: a quarter
            continue
        if kind in ("greeted", "kin"):
            # Of a text in capitals they tell nothing.
            end = start if text.isupper() else _words_end(plain, start, _PARTICLES, most=0, text=text)
            said = text[first.start(1) : end].split()
            if kind == "greeted" and (len(said) < 2 or not _ENDED.match(plain, end)):  # « Bonjour, Piscine ouverte ? »
                continue
        elif kind == "title":
            end = _words_end(plain, start, _PARTICLES, _MOST_AFTER_TITLE, text=text)
        elif kind == "unsure":
            end = _words_end(plain, start, _PARTICLES, _MOST_AFTER_TITLE)
            said = text[first.start(1) : end].split()
            if not (len(said) > 1 and all(word[0].isupper() for word in said)):
                continue
        else:
            end = _others_end(plain, _words_end(plain, start, _PARTICLES, _MOST_NAMES, text=text), text)
        if end > start:
            yield first.start(1), end


def _may_be_named_so(match: re.Match[str], first: re.Match[str], plain: str, text: str) -> bool:
    """True for « je m'appelle le goff », « mon nom est Le Goff »; not for « madame la directrice », « il m'appelle le matin »."""
    is_own = _MYSELF.search(plain, max(0, match.start() - 3), match.end()) is not None
    return match.lastgroup != "title" and (is_own or text[first.start(1)].isupper())


def _others_end(plain: str, end: int, text: str) -> int:
    """Where « Marie et Paul Dupont » ends; without a capital it is « Marie et cherche »."""
    while (more := _AND.match(plain, end)) and text[more.end()].isupper():
        last = _words_end(plain, more.end(), _PARTICLES, most=0, text=text)
        if last == more.end():
            break
        end = last
    return end


def _words_end(plain: str, start: int, particles: frozenset[str], most: int, stop: frozenset[str] = _STOP, text: str | None = None) -> int:
    """Where the words of a name that begins at ``start`` end: before a word that cannot be of one.

    They are ``most`` words at most, and with ``text`` (as it was written) further ones that have a capital.
    """
    end, at, found = start, start, 0
    while word := _WORD.match(plain, at):
        said, at = word.group(1), word.end()
        stem = said.split("'")[0] if "'" in said else said
        if found and word.group().strip().startswith((",", ":")):
            break
        too_many = found >= most and (text is None or not any(map(str.isupper, text[word.start(1) : at])))
        if said in particles or stem in particles and stem != said:
            if stem != said and not too_many:  # « d'Arc », « l'église »
                found, end = found + 1, at
            continue
        if stem in stop or too_many:
            break
        found, end = found + 1, at
    return end
