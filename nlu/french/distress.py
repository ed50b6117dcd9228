"""What must be recognised as an emergency whatever a model says, and what never is.

A short list of phrases that leave no doubt, kept short because each one overrides the classifier.
"""

import re

from nlu.french.sms import expand

_PARTNER = r"(?:mari|copain|conjoint|ex|mec|compagnon|homme|fiance|husband|boyfriend|concubin)"
_HITS = r"(?:frappe\w*|tape|cogne\w*|bat|battu\w*|viole\w*|etrangle\w*|gifle\w*|hit|hits)"
_UNMISTAKABLE = [
    ("medical", r"(?:respire(?:nt)? (?:plus|pas)|respire mal|arret cardiaque|crise cardiaque|fai[ts] un (?:avc|infarctus)|perd (?:tout )?(?:son|mon) sang|plus de pouls"
                r"|perdu connaissance|est inconscient\w*|convulse|s etouffe|(?:a|ai) avale (?:une pile|de la javel|des (?:cachets|medicaments))|appele[zr] (?:une ambulance|le samu)"
                r"|perd(?:u|s)? les eaux|poche des eaux (?:elle )?(?:vient de |a )(?:pete|perce|rompre|percer)\w*)"),
    ("fire", r"(?:(?:il y a|y a) le feu|(?:fuite|odeur) de gaz|ca sent le gaz|(?:immeuble|appartement|maison|cuisine|voiture|hall|cave|chambre|salon|rideaux?) (?:est |sont )?en (?:feu|flammes?)"
             r"|(?:a |prend |pris )feu (?:chez|dans)|(?:rempli|plein)e? de fumee|depart de feu|(?:incendie|feu) en cours)"),
    ("suicide", r"(?:(?:veux|vais|voudrais|envie de|envi de|pense a|penser a) (?:mourir(?! de )|me suicider|me tuer|me foutre en l air|me pendre|crever)|plus envie de vivre|veux plus vivre"
                r"|(?:m |me |s )(?:ouvrir|taillader|ouvre) les veines|want to die"
                r"|mieux mort\w* que vivant\w*|parl\w* de (?:se|ce|me) (?:tuer?|suicider?|pendre)(?! a ))"),
    ("violence", r"(?:(?:m|l|nous) (?:agresse|attaque)(?:nt)? (?:en ce moment|maintenant)|(?:avec|a|sort|sorti) un (?:couteau|flingue|pistolet) (?:devant|dans|sur|et)|on m a viole\w*"
                 r"|viens de me faire (?:agresser|violer|poignarder|braquer)|prise d otages?|(?:agression|effraction|cambriolage|intrusion|braquage|bagarre|rixe) en cours|(?:individu|homme|personne|type) armee?"
                 r"|(?:cambrioleur|voleur|intrus)s? (?:est |sont )?(?:chez (?:moi|nous)|dans (?:la|ma|notre) maison))"),
    ("violence-femmes", rf"(?:(?:mon|son|my|mi) {_PARTNER} (?:il |elle )?(?:me |m a |m |la |l a |lui )?{_HITS}(?! (?:d une? |sur (?:les nerfs|le systeme|le haricot)))|violences? conjugales?.{{0,60}}(?:ce soir|partir|enfants)|mari frappe"
                        r"|mari(?:er|age) de force|(?:me|la) forcer? a me marier)"),
    ("enfant", r"(?:(?:mon|son|leur|ma) (?:pere|beau pere|mere|belle mere|oncle|papa|maman) (?:me|le|la|les) (?:frappe|tape|bat|touche|cogne)|touche (?:les enfants|ma fille|mon fils)|enfant (?:battu|maltraite|frappe)"
               r"|(?:fils|fille|enfant|petit|petite|bebe|gamin|gamine|gosse)(?: de \w+ ans?)? (?:a disparu|est perdue?|a ete enleve)e?)"),
    ("cyber", r"(?:chantage.{0,30}(?:photos?|videos?|nudes?|nues?)|(?:menace|menacent) de (?:balancer|publier|diffuser|envoyer|poster) (?:mes|des|ses|les) (?:photos?|videos?|nudes?))"),
    ("general", r"(?:(?<=^)(?:a l aide|au secours|sos)(?: vite| svp| s il vous plait)?$|question de vie (?:ou|et) de mort|urgence vitale|(?:suis|sommes|(?:il|elle|on|mere|pere|fille|fils|soeur|frere|femme|amie?|voisine?|enfant|bebe) est) en danger (?:maintenant|la|de mort|immediat|grave))"),
    ("sans-abri", r"(?:(?:dormir|dors|dort|dormons|dorment) dehors (?:ce soir|cette nuit|avec(?! (?:les|des|mes) (?:scouts|copains|copines|potes))|depuis)|nulle part ou dormir|a la rue (?:ce soir|cette nuit)|(?:nous|me|m) (?:a )?mis(?:e)? (?:a la rue|dehors) (?:ce soir|cette nuit))"),
]  # fmt: skip
_NOT = r"(?<!pas )(?<!plus )(?<!jamais )(?<!personne )"
_COMPILED = [(kind, re.compile(rf"{_NOT}\b{pattern}\b")) for kind, pattern in _UNMISTAKABLE]

_PARTS = re.compile(r"(?<=[.!?,;:\n])|\b(?=(?:et|mais|donc|maintenant|sinon|du coup)\b)", re.IGNORECASE)

# Figures of speech that sound like an emergency to a classifier and are none by themselves.
_FIGURES = re.compile(
    r"\b(?:(?:mort|morte|morts|meurs|mourir|creve|crever|pleure|mdr) de (?:rire|faim|fatigue|chaud|chaleur|froid|soif|trouille|honte|peur|ennui|jalousie)"
    r"|tue le temps|tuer le temps|y a pas le feu|pas le feu au lac|feu d artifice|coup de feu de midi|tour de feu|feu vert|feu rouge|feux rouges)\b"
)
# Watched, read or sung: what it speaks of happens to nobody.
_FICTION = re.compile(
    r"\b(?:films?|series?|seris?|redacs?|redactions?|quiz|jeux? d evasion|escape games?|echecs|heros|heroines?|scenarios?|romans?|livres?|jeux? videos?|documentaires?|chansons?|clips?|mangas?|poemes?|episodes?)\b"
)
# Told, read, watched or repaired: not happening.
_NOT_HAPPENING = re.compile(
    r"\b(?:serie|film|roman|livre|expose|redaction|jeu video|documentaire|replique|paroles?|facture|repare\w*|verifie\w*|failli faire|fausse alerte|blague)\b"
)
# « Le samu est là », « c'est éteint », « il va mieux » (one part of a message): help came, or the danger is over.
_RELIEF = re.compile(
    r"\b(?:samu|po[mn]pier?s?|secours|police|policiers?|gendarmes?|medecins?|docteur|ambulance)\b.{0,12}"
    r"\b(?:la|arrive\w*|venue?s?|vien\w*|emmene\w*|emporte\w*|embarque\w*|pris\w*|pri|prend|parti\w*|eteint\w*|etein|etin|repond\w*|s en occupe\w*)$"
    r"|\b(?:emmene|emporte|transporte|conduit|est|sont)e?s? (?:a l hopital|aux urgences)\b"
    r"|\b(?:samu|pompiers?|secours|police|medecin|docteur)\b.{0,10}\b(?:dit|di)\b.{0,20}\b(?:va|rien|grave|bien)$"
    r"|\b(?:va|vais|vont|sent|sens) (?:bien|bi1|mieu\w*|beaucoup mieux)$|\b(?:ca|il|elle|tout|tous?|mond[e]?) va$"
    r"|\b(?:ca|sa) va aller$|\bc est (?:est )?(?:bon|fini\w*|etein\w*|regle\w*|passe|termine\w*|calme\w*|arrange\w*)$"
    r"|\b(?:il|elle) (?:respire|parle|bouge|est reveille\w*)(?: bien| normalement| de nouveau| maintenant)?$"
    r"|\b(?:plus de danger|hors de danger|plus de peur que|fausse alerte|ouf)\b"
)
# An illness of years ago, or one that is only imagined, is none of today's; nor is what somebody laughs about.
_LAUGHS = re.compile(r"\b(?:lol|mdr+|ptdr|(?:ha){2,}|(?:hi){2,}|xd)\b")
_LONG_AGO = re.compile(
    r"\b(?:ferait une crise|en (?:19|20)\d\d|l an (?:dernier|passe)|l annee derniere|il y a (?:\w+ ){0,2}(?:ans?|mois|annees?)|depuis (?:son|mon|leur) (?:avc|infarctus))\b"
)


def read_distress(text: str) -> str | None:
    """Return the kind of an unmistakable emergency, else None.

    >>> read_distress("mon mari me frappe"), read_distress("je meurs de rire")
    ('violence-femmes', None)
    """
    line = " ".join(expand(text))
    if _NOT_HAPPENING.search(line) or _FICTION.search(line):
        return None
    kind = next((kind for kind, pattern in _COMPILED if pattern.search(line)), None)
    past = kind == "medical" and _LONG_AGO.search(line)
    return None if past or (kind in ("medical", "suicide") and _LAUGHS.search(line)) else kind


def after_relief(text: str) -> str | None:
    """Return what is said beside « le samu est là » once an emergency was answered; None when no relief is said, or still alarm.

    >>> after_relief("Il respire, le SAMU est là. Pour la lettre, je vais où ?"), after_relief("le samu arrive mais il saigne")
    ('Pour la lettre, je vais où ?', 'mais il saigne')
    """
    parts = [part.strip() for part in _PARTS.split(text) if part.strip()]
    rest = [part for part in parts if not _RELIEF.search(" ".join(expand(part)))]
    return " ".join(rest) if len(rest) < len(parts) and read_distress(text) is None else None


def is_figure_of_speech(text: str) -> bool:
    """True when the message holds a figure of speech and nothing unmistakable beside it."""
    line = " ".join(expand(text))
    return bool(_FIGURES.search(line)) and read_distress(text) is None


def is_fiction(text: str) -> bool:
    """True when the message speaks of a film, a song, a book: what it tells may be no more than that."""
    return bool(_FICTION.search(" ".join(expand(text))))
