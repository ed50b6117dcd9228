"""Other languages than French are recognised, and French written by ear is never taken for one."""

import csv

import pytest
import yaml

from bot.evaluation.run import OWN_SETS
from knowledge.files import DATA
from nlu.languages import LANGUAGES, foreign_language

ABROAD = {
    "en": "I need help with my residence papers please",
    "ar": "أحتاج مساعدة في الأوراق من فضلكم",
    "tr": "kağıtlarım için yardıma ihtiyacım var",
    "pt": "preciso de ajuda com os meus documentos",
    "es": "necesito ayuda con los papeles de la casa",
    "uk": "мені потрібна допомога з документами",
    "ru": "мне нужна помощь с документами",
    "ps": "زه د کاغذونو سره مرستې ته اړتیا لرم",
    "fa": "من برای مدارکم به کمک نیاز دارم",
}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_is_recognised(language: str):
    assert foreign_language(ABROAD[language]) == language


@pytest.mark.parametrize(
    "text", ["bghit nt3elem fransawi", "wach kayn chi cours dial français", "3andi mochkil f lwra9", "kifach ndir l carte vitale"]
)
def test_arabic_in_latin_letters_is_arabic(text: str):
    assert foreign_language(text) == "ar"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?!", "🙂🙂", "cv", "help", "parking", "bonjour", "salam", "obrigado merci",
        "slt g besoin daide pr la caf svp", "jveu aprendre le fransé",
        "chui perdu ds mes papié", "moi besoin travail beaucoup", "wesh jcherche un taf", "fin juin 9h30", "kif kif", "pimms blois",
        "salam ou apprendre le français svp", "A1 ou A2 je sais pas", "\ud800 \x00 \u202e",
    ],
)  # fmt: skip
def test_french_and_what_is_too_short_is_not_foreign(text: str):
    assert foreign_language(text) is None


def test_no_phrasing_of_a_french_speaker_is_taken_for_foreign():
    """All phrasings but the learners', who mix languages on purpose; others may, once in a thousand."""
    taken: list[str] = []
    asked = 0
    for path in (DATA / "organisations").glob("*.yml"):
        for action in yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)["actions"]:
            texts = [text for voice in ("phonetic", "teen", "agent") for text in action["questions"].get(voice, [])]
            asked += len(texts)
            taken += [text for text in texts if foreign_language(text)]
    for path in (OWN_SETS / "tuning").glob("needs-*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            texts = [row["message"] for row in csv.DictReader(handle) if row["voice"] != "learner"]
        asked += len(texts)
        taken += [text for text in texts if foreign_language(text)]
    assert len(taken) <= asked / 1000, "\n".join(taken)
