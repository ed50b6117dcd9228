"""What people shorten: SMS words, glued elisions, everyday abbreviations.

A small closed list, because each entry must be safe in every sentence. Spellings by ear are left
to ``sound``, which needs no list.
"""

import re

from nlu.french.text import words

# One folded word as typed -> the words it stands for.
_SHORT = {
    "jveu": "je veux", "jveux": "je veux", "jve": "je veux", "jvx": "je veux", "jvoudrai": "je voudrais",
    "jvoudrais": "je voudrais", "jsui": "je suis", "jsuis": "je suis", "chui": "je suis", "chuis": "je suis",
    "jss": "je suis", "chu": "je suis", "jai": "j ai", "jaime": "j aime", "jaimerai": "j aimerais",
    "jaimerais": "j aimerais", "jarrive": "j arrive", "jarive": "j arrive", "jariv": "j arrive",
    "jpeu": "je peux", "jpeux": "je peux", "jcherche": "je cherche", "jcherch": "je cherche",
    "jsais": "je sais", "jsai": "je sais", "chai": "je sais", "chais": "je sais", "jsp": "je sais pas",
    "jpp": "je n en peux plus", "jconnais": "je connais", "jmen": "je m en", "jme": "je me", "jte": "je te",
    "jfais": "je fais", "jfai": "je fais", "jdois": "je dois", "jdoi": "je dois", "jpense": "je pense",
    "jhabite": "j habite", "jabite": "j habite", "jen": "j en", "jy": "j y", "javais": "j avais",
    "daide": "d aide", "dargent": "d argent", "dun": "d un", "dune": "d une", "lecole": "l ecole",
    "laide": "l aide", "lasso": "l association", "lassociation": "l association", "lhopital": "l hopital",
    "cest": "c est", "ces": "ces", "sa": "ca", "ya": "il y a", "yatil": "il y a", "yavait": "il y avait",
    "ki": "qui", "ke": "que", "koi": "quoi", "kel": "quel", "kelle": "quelle", "kels": "quels",
    "keske": "qu est ce que", "keskon": "qu est ce qu on", "kesk": "qu est ce", "kesako": "qu est ce que c est",
    "kan": "quand", "kand": "quand", "kelkun": "quelqu un", "kelqun": "quelqu un", "qqun": "quelqu un",
    "qqn": "quelqu un", "kelke": "quelque", "kelkechose": "quelque chose", "qqch": "quelque chose",
    "qqc": "quelque chose", "pk": "pourquoi", "pq": "pourquoi", "pkoi": "pourquoi", "pourkoi": "pourquoi",
    "pr": "pour", "pour": "pour", "ds": "dans", "ac": "avec", "av": "avec", "mtn": "maintenant",
    "mnt": "maintenant", "tt": "tout", "ts": "tous", "ttes": "toutes", "tte": "toute", "tjr": "toujours",
    "tjrs": "toujours", "bcp": "beaucoup", "bocou": "beaucoup", "bokou": "beaucoup", "vrmt": "vraiment",
    "qd": "quand", "qq": "quelque", "svp": "s il vous plait", "stp": "s il te plait", "slt": "salut",
    "bjr": "bonjour", "bsr": "bonsoir", "mrc": "merci", "mci": "merci", "dsl": "desole", "rdv": "rendez vous",
    "tel": "telephone", "num": "numero", "tlf": "telephone", "adr": "adresse", "rv": "rendez vous",
    "dcp": "du coup", "jms": "jamais", "ms": "mais", "g": "j ai", "c": "c est", "d": "d", "t": "tu es",
    "cb": "combien", "cmb": "combien", "cbm": "combien", "cmt": "comment", "komen": "comment",
    "koman": "comment", "comen": "comment", "nn": "non", "wi": "oui", "ui": "oui", "ouai": "oui",
    "ouais": "oui", "ouep": "oui", "dac": "d accord", "dacc": "d accord", "auj": "aujourd hui",
    "ajd": "aujourd hui", "2main": "demain", "dem": "demain", "asap": "vite", "pb": "probleme",
    "pbs": "problemes", "prob": "probleme", "appart": "appartement", "asso": "association",
    "assos": "associations", "admin": "administratif", "ordi": "ordinateur", "info": "information",
    "infos": "informations", "inscrip": "inscription", "formation": "formation", "ptit": "petit",
    "ptite": "petite", "ti": "petit", "kom": "comme", "com": "comme", "taf": "travail", "taff": "travail", "taffer": "travailler",
    "boulot": "travail", "job": "travail", "bosser": "travailler", "mek": "homme", "mec": "homme",
    "meuf": "femme", "reuf": "frere", "reum": "mere", "daronne": "mere", "daron": "pere", "reup": "pere",
    "thune": "argent", "thunes": "argent", "keuf": "police", "keufs": "police", "bled": "pays",
    "ojd": "aujourd hui", "oqp": "occupe", "osef": "on s en fiche", "tkt": "ne t inquiete pas",
    "askip": "a ce qu il parait", "frr": "frere", "mm": "meme", "meme": "meme",
}  # fmt: skip

# « a+ », « @+ »: the sign is no letter, and would be lost.
_LATER = re.compile(r"(?<!\w)[aA@à]\+(?!\w)")
# What an emoji says when it stands for the whole message; beside words it only colours them.
_EMOJI = {
    "👋": "bonjour", "🙋": "bonjour", "🙏": "merci", "❤": "merci", "🥰": "merci", "😘": "merci", "💐": "merci",
    "👍": "oui", "👌": "d accord", "✅": "oui",
    "👎": "non", "❌": "non", "🤷": "je sais pas", "🤔": "je sais pas", "🤖": "robot",
    "🖕": "va te faire", "💩": "merde",
    "📞": "telephone", "☎": "telephone", "📱": "telephone", "📧": "mail", "✉": "mail", "📍": "adresse", "🗺": "adresse", "🕐": "horaires",
    "⏰": "horaires", "🕒": "horaires", "💶": "prix", "💰": "prix", "🆘": "au secours", "🚑": "ambulance vite", "🚒": "pompiers vite",
}  # fmt: skip


def expand(text: str) -> list[str]:
    """Return the folded words of ``text`` with its short forms written out.

    >>> expand("chui o chomage, koi faire svp")
    ['je', 'suis', 'o', 'chomage', 'quoi', 'faire', 's', 'il', 'vous', 'plait']
    """
    # "l", "d", "j"… alone are elisions when a word follows them and are kept as they are.
    spoken = words(_LATER.sub(" a plus ", text)) or [_EMOJI[sign] for sign in text if sign in _EMOJI]
    return [part for word in spoken for part in _SHORT.get(word, word).split()]
