"""Answers that can be read with difficulty in reading: a French readability score over all that can be said.

Kandel and Moles (1958) fitted Flesch's formula to French: 207 - 1.015 words a sentence - 73.6 syllables
a word. 60 and more is what a school leaver reads without effort. Measured by textstat (syllables by Pyphen).
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import textstat

from bot.wording import all_responses
from knowledge.search.sentences import sentences
from tests.bot.said import ABOUT_ONE, ABOUT_SEVERAL, ABROAD, questions

LEAST = 60
# The formula is made for passages: of a few words it says nothing.
FEWEST_WORDS = 10
MOST_SENTENCES = 3
# Lines of facts and not of prose: an address, a number, a list, names, a source.
FACTS = re.compile(
    r"^(?:Contact|Où|Prix|Source|Voir aussi|Adresse|Pour joindre|Pour appeler|Horaires|Ce que|Qui s'en occupe|Avec|\d\.)\b.*"
    r"|.*\(source : .*|.*@.*|.*http.*|.*\d\d \d\d \d\d.*",
    re.M,
)
# What cannot be said in shorter words, and why.
EXCEPTIONS = {"say_how faq-politique-de-la-ville": "three aims of a policy in its own words; 59.6"}


@pytest.fixture(autouse=True)
def french() -> None:
    textstat.set_lang("fr")


def prose(text: str, title: str = "") -> str:
    """What is said about an action, without the lines of facts and without its name."""
    lines = (line.strip(" .-") for line in FACTS.sub("", text.replace(title, "", 1)).splitlines())
    return ". ".join(line for line in lines if line)


def everything_said(render: Any, directory: Any) -> Iterator[tuple[str, str]]:
    """(response and action, prose) of every answer that speaks of one action or of none."""
    for name in all_responses():
        if name in ABROAD or name in ("say_closest", "say_precisely"):  # a sentence alone is no passage: below, together
            continue
        about = [(entry.id,) for entry in directory.entries] if name in ABOUT_ONE else [()] if name not in ABOUT_SEVERAL else []
        for shown in about:
            for data in questions(name, directory.by_id[shown[0]] if shown else None):
                title = directory.by_id[shown[0]].action.title if shown else ""
                yield f"{name} {' '.join(shown)}".strip(), prose(render(name, shown, **data)["text"], title)


def test_everything_that_is_said_can_be_read(render, directory) -> None:
    hard = {}
    for name, said in everything_said(render, directory):
        if len(said.split()) >= FEWEST_WORDS and name not in EXCEPTIONS and (score := textstat.flesch_reading_ease(said)) < LEAST:
            hard[name] = (round(score), said)
    assert not hard, f"{len(hard)} are hard to read:\n" + "\n".join(f"{name}: {why}" for name, why in hard.items())


def test_the_sentences_of_a_record_can_be_read(directory) -> None:
    """Any one of them may be said alone (``say_closest``)."""
    for entry in directory.entries:
        assert textstat.flesch_reading_ease(". ".join(sentence.strip(" .") for sentence in sentences(entry))) >= LEAST, entry.id


def test_before_the_card_stand_at_most_three_short_sentences(directory) -> None:
    for entry in directory.entries:
        action = entry.action
        lead = f"{action.summary} {action.status_text or ''}"
        said = re.split(r"(?<=[.!?]) +(?=[A-ZÀ-Ý])", lead.strip())
        assert len(said) <= MOST_SENTENCES, (entry.id, said)
        assert textstat.flesch_reading_ease(lead) >= LEAST, entry.id
