"""What is said to both systems: the training data, and conversations made of its phrasings."""

import functools
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# What people do turn by turn, and how often: needs, questions about what was shown, small talk…
_KINDS = {"need": 45, "follow_up": 35, "small_talk": 12, "out_of_scope": 6, "emergency": 2}
_SMALL_TALK = ("greet", "thanks", "goodbye", "help", "bot_challenge", "ask_human", "insult", "dont_know", "feedback_good")
_SEED = 41


@functools.cache
def training_data() -> Any:
    """Return Rasa's ``TrainingData`` exactly as Passerelle's own training reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nlu.components.questions_importer import QuestionsImporter

        return QuestionsImporter(str(ROOT / "config.yml"), str(ROOT / "bot/domain"), [str(ROOT / "nlu/data")]).get_nlu_data()


@functools.cache
def _phrasings() -> dict[str, list[str]]:
    """Phrasings by kind of message."""
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for example in training_data().intent_examples:
        intent = example.get("intent")
        kind = intent if intent in found else "small_talk" if intent in _SMALL_TALK else "follow_up"
        found[kind].append(example.get("text"))
    return found


def conversation(number: int) -> Iterator[str]:
    """Yield the messages of a conversation without end; the same ones for the same number, and a need first."""
    chance = random.Random(f"{_SEED}-{number}")
    phrasings = _phrasings()
    yield chance.choice(phrasings["need"])
    while True:
        yield chance.choice(phrasings[chance.choices(list(_KINDS), list(_KINDS.values()))[0]])
