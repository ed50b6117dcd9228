"""Which command a message is: « STOP » in the many ways in which people write it, the others by their one word."""

import re
from collections.abc import Mapping

from api.channels.port import Command
from nlu.french.text import fold, words

# Only beside words that add nothing: « arrêt maladie », « arrêter de fumer » and « stop violence » are needs.
_STOP = re.compile(
    r"(?:(?:me|se) )?(?:stop|arret|arrete[rz]?|desabonne[rz]?|desabonnement|desinscri(?:re|vez|s))"
    r"(?: (?:stop|svp|stp|s il (?:te|vous) plait|merci|tout|ca|les|vos|ces|des|aux?|sms|messages?|textos?))*"
)
# Only what is kept here: « effacer mes dettes » is a need.
_KEPT = r"(?:tout|messages?|sms|textos?|donnees|conversations?|historique)"
_ERASE = re.compile(
    rf"(?:je (?:veux|voudrais|souhaite) )?(?:efface[rz]?|supprime[rz]?(?= (?:\w+ )*{_KEPT}))"
    rf"(?: (?:{_KEPT}|toutes?|tous|mes|ma|mon|cette|la|les|l|ces|nos|personnelles|svp|stp|merci|s il (?:te|vous) plait))*"
)
# Twilio's own words: it obeys them by itself unless that is switched off, and then they are left to us.
_TWILIOS_STOP = {"stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}


def read_command(text: str, commands: Mapping[str, Command]) -> Command | None:
    """Return the command that ``text`` is among those of a channel, None for words to answer.

    >>> read_command("Stop SVP !", {"STOP": "stop"}), read_command("arrêt maladie", {"STOP": "stop"})
    ('stop', None)
    """
    word = fold(text).strip(" .!")
    said = " ".join(words(text))
    if "STOP" in commands and (said in _TWILIOS_STOP or _STOP.fullmatch(said)):
        return commands["STOP"]
    if "EFFACER" in commands and _ERASE.fullmatch(said):
        return commands["EFFACER"]
    return commands.get(word.upper())
