"""Does a follow-up name its subject, or leave it out?

« et leur numéro ? » says nothing of what it is about, « le numéro du planning familial » does. What
remains of a message without the words of asking, of persons and of time is its subject.
"""

import re
from itertools import pairwise

from nlu.french.sms import expand
from nlu.french.sound import key

_GRAMMAR = """
a abord ai aie ait alors apres as au aussi autre autres aux avait avec avez avoir avons bah beaucoup ben bien bon bonjour bonsoir c ca
car ce
ceci cela celle celles celui ces cet cette ceux chez chose ci combien comme comment connaitre d dans de dedans dehors deja depuis des deux
dire dis dit dites dois doit donc donne donner donnez du elle elles en encore ensuite entre es est estce et etaient etait etc ete etes
etre eu euh eux faire fais fait faites faudrait faut fo fut genre hein hello hors il ils j jamais je jusqu jusque juste l la le les leur
leurs lui m ma mais me meme merci mes mieux mm moi moins mon n na ne ni nin no non nos notre nous on ont ou oui par parce parmi pas peu
peut peuvent peux plait plus plutot pour pourquoi pouvait pouvez precisement pres puis qu quand que quel quelle quelles quelqu quelque
quelques quels qui quoi rien s sa sais salut sans savez savoir se sera serait ses si simplement sinon soit son sont sous stp suis sur svp
t ta te tes toi ton toujours tous tout toute toutes tres trop trouve trouver tu un une va vais vas veulent veut veux via vient vite voici
fort parfait super ok retournons revenez revenir revenons reviens voila voir vont vos votre voudrais voudrait voudraient aimerait aimeraient
voulez vous vrai vraiment wesh y
""".split()  # noqa: SIM905

# What is asked about an action, in the words people use; grouped as the intents are.
_ASKING = """
envoie envoies envoyez envoyer vienne
gere gerent gerer organise organisent organiser occupe occupent anime animent
numero numeros numer telephone telephoner tel appel appeler appelle appellent joindre contacter contact contacts coordonnees mail mel email
courriel adresse adresses adress adrese ecrire site internet web facebook horaire horaires orair
horair ouver ouvr heure heures h ouvert ouverte ouverts ouvre ouvrent ouverture
ouvertures ferme fermes fermee ferment fermeture date dates jour jours commence commencent debut debute lieu endroit ou situe situee
trouve passe passer passent
arrive arrivent rue quartier loin bus arret proche prix tarif tarifs cout coute coutent cher chere gratuit gratuite gratuits gratos
gratis payer paye payant payante euros euro argent inscrire inscrit inscription inscriptions inscris rendez rdv venir vient viennent aller
participer participe entrer marche deroule duree dure durent fois semaines places nombre groupe personnes gens monde age ages ans an mois
public reserve reservee condition conditions droit obligatoire besoin necessaire autorise accepte acceptent prend prennent existe
existent fini finie termine terminee prochaine prochain edition encore actuel actualite source sources info infos information informations
sur certain sure verifie plus detail details savoir expliquer explique expliquez dites preciser pareil difference differences mieux
demander demande renseigner renseignement renseignements
comparaison
choisir comparer compare premier premiere deuxieme second seconde troisieme dernier derniere milieu annee annees valable dispo disponible
niveau diplome papier papiers document documents apporter amener emmener attendre attente directement direct avant apres pendant vacances
ete aout juillet septembre octobre janvier ferie feries noel weekend week end
""".split()  # noqa: SIM905

_PEOPLE = """
homme hommes femme femmes fille filles fils garcon garcons enfant enfants petit petite petits bebe ado ados jeune jeunes vieux vieille
retraite retraitee retraites maman mere papa pere mari soeur frere copain copine ami amie amis cousin cousine voisin voisine tante oncle
niece neveu mamie papi compagnon compagne
grand grands gosse gosses gamin gamine famille parent parents senior seniors adulte adultes mineur mineurs majeur personne usager etranger
etrangers etudiant habite habitons habitent vis vivons
""".split()  # noqa: SIM905

_TIME = """
lundi mardi mercredi jeudi vendredi samedi dimanche matin matins matinee midi apresmidi aprem soir soirs soiree soirees nuit nuits
demain aujourd hui hier maintenant
moment semaine mois la tard tot tjs actuellement
""".split()  # noqa: SIM905

# Nouns that fit any action: they name a subject only beside another word.
_GENERIC = frozenset(
    [
        "association",
        "associations",
        "structure",
        "organisme",
        "cours",
        "atelier",
        "ateliers",
        "formation",
        "formations",
        "action",
        "actions",
        "projet",
        "projets",
        "activite",
        "activites",
        "seance",
        "seances",
        "session",
        "sessions",
        "service",
        "services",
        "centre",
        "rencontre",
        "stage",
        "stages",
        "programme",
        "truc",
        "trucs",
        "machin",
        "dispositif",
        "proposition",
        "propositions",
        "aide",
    ]
)

_EMPTY = frozenset(_GRAMMAR + _ASKING + _PEOPLE + _TIME)


# Small words as they sound: « koman », « kan », « komen ».
_EMPTY_SOUNDS = frozenset(key(word) for word in _GRAMMAR if len(word) > 2)


# « ma mer » is somebody's mother by ear.
_THE_SEA = ("la", "mer")


def only_grammar(phrase: str) -> bool:
    """True for words that are in every message: they may weigh in a score, and explain nothing to a person who reads it.

    >>> only_grammar("je veux"), only_grammar("mes papiers")
    (True, False)
    """
    return all(word in _GRAMMAR for word in phrase.split())


def _says_nothing(word: str) -> bool:
    return word in _EMPTY or word.isdigit() or (len(word) > 2 and key(word) in _EMPTY_SOUNDS)


# Whose matter it is: « ma fille », « son petit frère » (``expand`` writes « sa » as « ca »); « pour moi » is the writer's own.
_NEAR = "|".join(_PEOPLE)
_WHOSE = re.compile(
    rf"\b(?:mon|ma|mes|son|[sc]a|ses|leurs?|notre|nos) ((?:(?:petite?s?|grande?s?|beau|belle) )?(?:{_NEAR}))\b|\b(?:pour|chez) (moi)\b"
)
# Said of many needs, these tell none of them.
_TELLS_NOTHING = frozenset(
    "cherche chercher cherchons trouver apprendre apprend apprends passer aide aider aident question besoin voudrait commencer".split()  # noqa: SIM905
)


def whose(text: str) -> frozenset[str]:
    """Return the persons whose matter ``text`` is, as they sound (« ma fille », « mon grand-père », « pour moi »)."""
    found = (kin or own for kin, own in _WHOSE.findall(" ".join(expand(text))))
    return frozenset(key(person.replace(" ", "")) for person in found)


def telling_words(text: str) -> frozenset[str]:
    """Return the words, as they sound, by which a need is recognised when it comes again.

    >>> telling_words("et pour ma fille, le permis ?") == {key("permis")}
    True
    """
    return frozenset(key(word) for word in subject_words(text) if word not in _TELLS_NOTHING)


def form(text: str) -> list[str]:
    """Return how ``text`` is said, whatever it is about: its small words, those that name a subject as one « X », its end.

    >>> form("on apprend Excel et Word aussi ?")
    ['on', 'X', 'et', 'X', 'aussi', '?']
    """
    said = [word if _says_nothing(word) else "X" for word in expand(text)]
    return [word for before, word in pairwise(["", *said]) if (before, word) != ("X", "X")] + ["?" if "?" in text else "."]


def subject_words(text: str) -> list[str]:
    """Return the words that name what a follow-up is about; empty when it leaves that out.

    >>> subject_words("et leur numéro ?"), subject_words("le numéro du planning familial")
    ([], ['planning', 'familial'])
    """
    said = expand(text)
    found = [word for before, word in zip(["", *said], said, strict=False) if not _says_nothing(word) or (before, word) == _THE_SEA]
    return found if any(word not in _GENERIC for word in found) else []
