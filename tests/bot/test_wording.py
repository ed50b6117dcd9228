"""Every response, for every action of the directory: plain French, whole sentences, buttons that work."""

import datetime as dt
import itertools
import re
import unicodedata
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.engine import OUTCOMES
from bot.wording import Wording, day, enumerate_fr, hour, when
from knowledge.directory import Directory
from knowledge.editing.usage import EMERGENCY_NUMBERS
from knowledge.settings import ROOT
from nlu.languages import LANGUAGES
from tests.bot.said import ABOUT_ONE, ABOUT_SEVERAL, ABROAD, MOMENTS, questions

# Words that French writes with an accent, and that a keyboard in a hurry does not.
UNACCENTED = re.compile(
    r"\b(?:deja|apres|tres|meme|etre|ecrire|ecrivez|francais|numero|telephone|probleme|reponse|verifie\w*|source datee|annee|marche a|"
    r"connait|bientot|peut-etre|ou est|a Blois|evenement|metier|sante|securite|emploi a|desole)\b"
)
ENGLISH = re.compile(r"\b(?:the|and|with|your|please|not known|unknown|error|none|null|true|false)\b", re.I)
FAULTS = {
    "an unfilled value": re.compile(r"\bNone\b|\bnan\b|\{\{|\}\}|\{%|\[\]|Undefined|<[a-z]"),
    "an empty line": re.compile(r"\n\s*\n|^\s|\s$"),
    "a double space": re.compile(r"[^\S\n]{2,}"),
    "a space before a stop": re.compile(r"\s[.,]"),
    "a double stop": re.compile(r"(?<!\.)\.\.(?!\.)|[,;:]\.|[.?],|[?!]\.|::|;;|,,"),
    "an empty place": re.compile(r"\(\s*\)|«\s*»|: ?\Z|: \.|\(source : ,|^[.,;:)]", re.M),
    "a missing accent": UNACCENTED,
    "English": ENGLISH,
}
# The one number that stands in a response without a directory.
HELP = {"urgence-114": SimpleNamespace(number="114")}
NOT_KNOWN = "(?:n'est pas connu|ne sont pas connus|ne disent pas|nous n'avons|ne savons pas)"


def faults(message: dict[str, Any], but: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with a rendered message, in words; ``but`` names faults that are none here."""
    text = message["text"]
    found = [f"{name}: {around(text, match)}" for name, pattern in FAULTS.items() if (match := pattern.search(text)) and name not in but]
    first = text.lstrip("¿¡")[:1]  # Arabic letters have no case
    if not first.isalnum() or first.islower():
        found.append(f"no capital first: {text[:60]!r}")
    # An address may stand last, without a stop that would look like a part of it; so may a line of a list.
    if not re.search(r"(?:[.!?…»)؟]|https?://\S+|\n\d\. .*)$", text):
        found.append(f"no stop last: {text[-60:]!r}")
    if unicodedata.normalize("NFC", text) != text:
        found.append(f"not composed: {text[:60]!r}")
    return found + [f"button {button}" for button in message["buttons"] if not works(button)]


def around(text: str, match: re.Match) -> str:
    return repr(text[max(0, match.start() - 40) : match.end() + 40])


def works(button: dict[str, str]) -> bool:
    from bot.rasa_engine import _PAYLOAD

    payload = button["payload"]
    return bool(button["title"] and payload) and (not payload.startswith("/") or bool(_PAYLOAD.fullmatch(payload)))


def test_what_speaks_of_one_action_can_speak_of_any(render, directory: Directory):
    found = []
    for entry, name, moment in itertools.product(directory.entries, ABOUT_ONE, MOMENTS):
        data = next(iter(questions(name)))
        but = ("English", "a missing accent") if name in ABROAD else ()
        found += [f"{name} of {entry.id} on {moment}: {fault}" for fault in faults(render(name, (entry.id,), moment, **data), but)]
    assert found == [], f"{len(found)} faults: " + "\n".join(found[:20])


@pytest.mark.parametrize("name", ["say_hours", "say_audience"])
def test_what_answers_a_particular_question_is_whole(render, directory: Directory, name: str):
    found = []
    for entry in directory.entries:
        for data in questions(name, entry):
            found += [f"{entry.id} {data}: {fault}" for fault in faults(render(name, (entry.id,), **data))]
    assert found == [], f"{len(found)} faults: " + "\n".join(found[:20])


def test_what_speaks_of_several_actions_can_speak_of_any(render, directory: Directory):
    ids = [entry.id for entry in directory.entries]
    found = []
    for name, i in itertools.product(ABOUT_SEVERAL, range(len(ids) - 2)):
        for shown in (tuple(ids[i : i + 2]), tuple(ids[i : i + 3])):
            found += [f"{name} {shown}: {fault}" for fault in faults(render(name, shown, **next(questions(name))))]
    assert found == [], f"{len(found)} faults: " + "\n".join(found[:20])


def test_what_speaks_of_none_is_whole(render, responses):
    found = []
    for name in responses:
        if name not in ABOUT_ONE + ABOUT_SEVERAL:
            for data, moment in itertools.product(questions(name), MOMENTS):
                but = ("English", "a missing accent") if name in ABROAD else ()
                found += [f"{name}: {fault}" for fault in faults(render(name, (), moment, **data), but)]
    assert found == [], "\n".join(found)


def test_every_response_has_an_outcome_of_the_contract(responses):
    for name, variations in responses.items():
        assert any(not variation.get("channel") for variation in variations), name
        assert all(variation["custom"]["outcome"] in OUTCOMES for variation in variations), name
    assert {variation["custom"]["outcome"] for variations in responses.values() for variation in variations} == set(OUTCOMES)


def test_the_contact_of_an_action_is_in_its_answers(render, directory: Directory):
    for entry in directory.entries:
        said = render("say_contact", (entry.id,))["text"]
        assert all(contact.value in said for contact in entry.contacts), entry.id
        if not any(contact.kind == "phone" for contact in entry.contacts):
            assert "nous n'avons" in said.lower(), entry.id


@pytest.mark.parametrize(
    ("name", "fact"), [("say_price", "price"), ("say_place", "places"), ("say_hours", "schedules"), ("say_duration", "duration")]
)
def test_what_nobody_published_is_said_to_be_unknown(render, directory: Directory, name: str, fact: str):
    silent = 0
    for entry in directory.entries:
        known = getattr(entry, fact) if fact in ("places", "schedules") else getattr(entry.action, fact)
        others = [entry.action.frequency, entry.action.group_size, entry.action.level_text, entry.action.diploma, *entry.action.events]
        if not known and not (fact in ("duration", "schedules") and any(others)):
            silent += 1
            assert re.search(NOT_KNOWN, render(name, (entry.id,))["text"]), entry.id
    assert silent


def test_every_answer_names_its_source(render, directory: Directory):
    for name, entry in itertools.product(("say_answer", "say_more", "say_source", "say_status"), directory.entries):
        title = directory.sources[entry.action.source].title
        assert title in render(name, (entry.id,))["text"], (name, entry.id)


def test_what_is_finished_is_said_to_be(render, directory: Directory):
    finished = [entry for entry in directory.entries if entry.action.status.value == "finished"]
    assert finished
    for name, entry in itertools.product(("say_answer", "say_hours", "say_status"), finished):
        assert re.search(r"termin|fini|passé|eu lieu|plus lieu|arrêt", render(name, (entry.id,))["text"], re.I), (name, entry.id)


def test_what_was_verified_is_not_to_be_verified_again(directory: Directory):
    from bot.rasa_engine import JinjaResponses

    def said(verified_on: dt.date | None) -> str:
        held = directory.by_id["cria-bilans"]
        entry = replace(held, action=held.action.copy(update={"verified_on": verified_on}))
        known = replace(directory, entries=(entry,))
        renderer = JinjaResponses(store=SimpleNamespace(current=lambda: known), now=lambda: MOMENTS["a Tuesday morning"])
        return "\n".join(renderer.render(name, "web", {"shown": [entry.id]})["text"] for name in ("say_answer", "say_status"))

    assert said(None).count("Vérifiez si cela continue.") == 2
    verified = said(dt.date(2026, 11, 20))
    assert verified.count("Vérifié le 20 novembre 2026.") == 2 and "si cela continue" not in verified


def test_every_language_has_its_sentences(render, responses):
    """Two lines in theirs, the address and phone of the door as they are, and the PIMMS."""
    said = {language: render("say_foreign", ("ons-mediation-sante",), language=language)["text"] for language in LANGUAGES}
    assert len({text.splitlines()[0] for text in said.values()}) == len(LANGUAGES)
    assert len({text.splitlines()[2] for text in said.values()}) == len(LANGUAGES)
    assert all("Médiation santé" in text and "PIMMS France services" in text for text in said.values())


def test_an_emergency_is_two_lines_with_published_numbers(render, directory: Directory, responses):
    published = {number.number for number in directory.help_numbers}
    kinds = [name for name in responses if name.startswith("say_emergency_")]
    assert len(kinds) >= 9
    for name in kinds:
        text = render(name)["text"]
        assert len(text.splitlines()) == 2 and re.search(r"\b\d{2,4}\b", text.splitlines()[0]), name
        assert set(re.findall(r"\b\d{2,4}(?: \d{3})?\b(?! h)", text.replace("victimes@116006.fr", ""))) <= published, name


def test_no_number_that_an_emergency_names_can_be_archived(directory: Directory, responses):
    wording = (ROOT / "bot/domain/responses").glob("*.yml")
    named = {slug for path in wording for slug in re.findall(r"help\['([\w-]+)'\]", path.read_text(encoding="utf-8"))}
    assert named == EMERGENCY_NUMBERS <= {number.id for number in directory.help_numbers}


def test_an_answer_is_short_enough_to_be_read(render, directory: Directory):
    """Sentences of a summary stay short (FALC); an answer fits on a phone without scrolling far."""
    for entry in directory.entries:
        assert len(render("say_answer", (entry.id,))["text"]) < 1500, entry.id
        for sentence in re.split(r"(?<=[.!?]) ", entry.action.summary):
            assert len(sentence.split()) <= 25, (entry.id, sentence)


def test_without_a_directory_nothing_fails(responses):
    """Before the first load, or when the counter's card was removed: no door is named."""
    wording = Wording()
    for name in responses:
        if name not in ABOUT_ONE + ABOUT_SEVERAL and not name.startswith(("say_emergency", "say_caution")):
            for data in questions(name):
                said = wording.render(name, "web", {"cards": [], "pimms": None, "mairie": None, "help": HELP, "topic": None, **data})
                assert said["text"], name


def test_an_unknown_response_is_an_error(render):
    with pytest.raises(KeyError):
        render("say_nothing_of_the_kind")


def test_a_channel_may_have_words_of_its_own(monkeypatch: pytest.MonkeyPatch):
    said = [{"text": "Long."}, {"text": "Court.", "channel": "sms"}]
    monkeypatch.setattr("bot.wording.all_responses", lambda: {"utter_x": said})
    wording = Wording()
    assert [wording.render("utter_x", channel, {})["text"] for channel in ("web", "sms", "terminal")] == ["Long.", "Court.", "Long."]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (hour("2026-11-24T09:00:00+01:00"), "9 h"),
        (hour("2026-11-24T17:30:00+01:00"), "17 h 30"),
        (day("2026-12-01"), "mardi 1er décembre"),
        (day("2026-12-11T10:00:00+01:00"), "vendredi 11 décembre"),
        (when("2021"), "2021"),
        (when("2019-05"), "mai 2019"),
        (when("2024-08-01"), "1er août 2024"),
        (when("2024-08-21"), "21 août 2024"),
        (enumerate_fr([]), ""),
        (enumerate_fr(["a"]), "a"),
        (enumerate_fr(["a", "b", "c"]), "a, b et c"),
        (enumerate_fr(["a", "b"], "ou"), "a ou b"),
    ],
)
def test_french_forms(said: str, expected: str):
    assert said == expected
