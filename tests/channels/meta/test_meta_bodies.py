"""Answers as the platforms take them: whole, in their limits, with what can be tapped."""

from typing import Any

import pytest
import yaml
from graph_limits import messenger_problems, whatsapp_problems
from hypothesis import given, settings
from hypothesis import strategies as st

from api.channels.meta import messenger_bodies, whatsapp_bodies
from api.channels.meta.messenger import Messenger
from api.channels.meta.offers import help_numbers
from api.channels.meta.whatsapp import WhatsApp
from bot.engine import QuickReply, Reply, Utterance
from knowledge.settings import ROOT

PUBLIC = "https://passerelle.example"
KNOWN = ["15", "17", "18", "112", "114", "115", "119", "3919", "3114", "3018", "116 006", "39 39"]


def reply(*messages: Any, outcome: str = "answer") -> Reply:
    utterances = tuple(one if isinstance(one, Utterance) else Utterance(one) for one in messages)
    return Reply("c" * 24, outcome, utterances)  # type: ignore[arg-type]


def asked(text: str, *quick: tuple[str, str]) -> Utterance:
    return Utterance(text, tuple(QuickReply(*one) for one in quick))


def on_messenger(answer: Reply, cards: list[Any] = (), public: str = PUBLIC) -> list[dict[str, Any]]:  # type: ignore[assignment]
    numbers = help_numbers(answer, KNOWN) if answer.outcome == "emergency" else []
    return [body["message"] for body in messenger_bodies.answer(answer, cards, numbers, public)]


def on_whatsapp(answer: Reply, cards: list[Any] = (), public: str = PUBLIC) -> list[dict[str, Any]]:  # type: ignore[assignment]
    numbers = help_numbers(answer, KNOWN) if answer.outcome == "emergency" else []
    return whatsapp_bodies.answer(answer, cards, numbers, public)


def shown(body: dict[str, Any]) -> str:
    """The words of a message of either platform."""
    if "type" in body:
        return body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"]
    return body.get("text") or body["attachment"]["payload"].get("text", "")


HOURS, PLACE = ("Les horaires", "/ask_hours"), ("C'est où ?", "/ask_place")
WORDS = st.builds(lambda text, times: text * times, st.text("aéà ,.\n😀'", min_size=1, max_size=60).filter(str.strip), st.integers(1, 150))
QUICK = st.builds(
    QuickReply,
    st.text("aé 😀'", min_size=1, max_size=60).filter(str.strip),
    st.text('/a{}"é ', min_size=1, max_size=1200).filter(str.strip),
)
REPLIES = st.builds(
    lambda said, outcome: Reply("c" * 24, outcome, tuple(said)),
    st.lists(st.builds(lambda text, quick: Utterance(text, tuple(quick)), WORDS, st.lists(QUICK, max_size=16)), min_size=1, max_size=3),
    st.sampled_from(["answer", "clarify", "emergency"]),
)


@settings(max_examples=60, deadline=None)
@given(REPLIES, st.integers(0, 12), st.integers(0, 42), st.booleans())
def test_every_answer_is_in_the_limits_and_whole(cards, answer, many, start, https):
    shown_cards, public = cards[start : start + many], PUBLIC if https else "http://127.0.0.1:8000"
    said = "".join("".join(one.text for one in answer.messages).split())
    for bodies, problems in (
        (on_messenger(answer, shown_cards, public), messenger_problems),
        (on_whatsapp(answer, shown_cards, public), whatsapp_problems),
    ):
        assert [problems(body) for body in bodies if problems(body)] == []
        told = "".join("".join(shown(body) for body in bodies).split())
        position = 0
        for character in said:
            position = told.index(character, position) + 1


def test_the_cards_of_the_whole_directory_are_in_the_limits(cards):
    for start in range(0, len(cards), 10):
        for body in on_messenger(reply("Voici."), cards[start : start + 10]):
            assert messenger_problems(body) == []


def test_a_card_calls_and_opens_the_page_of_its_action(cards):
    (pimms,) = [card for card in cards if card["id"] == "pimms"]
    text, template = on_messenger(reply(asked("Allez au PIMMS.", HOURS, PLACE)), [pimms])
    assert text == {"text": "Allez au PIMMS."}
    (element,) = template["attachment"]["payload"]["elements"]
    call, page = element["buttons"]
    assert call["type"] == "phone_number" and call["payload"].startswith("+332") and call["title"] == "Appeler"
    assert page == {"type": "web_url", "title": "Voir la fiche", "url": f"{PUBLIC}/annuaire/pimms"}
    assert element["title"] == pimms["title"] and element["default_action"]["url"] == page["url"]
    assert [quick["payload"] for quick in template["quick_replies"]] == ["/ask_hours", "/ask_place"]


def test_a_choice_of_cards_is_a_button_on_each_and_no_shortened_title(cards):
    cards = cards[:3]
    choices = [(card["title"], f'/choose_nth{{"action_id": "{card["id"]}"}}') for card in cards]
    *_, template = on_messenger(reply(asked("Lequel ?", *choices, ("Autre chose", "/other_proposal")), outcome="clarify"), cards)
    elements = template["attachment"]["payload"]["elements"]
    assert [element["buttons"][0]["payload"] for element in elements] == [payload for _, payload in choices]
    assert [quick["title"] for quick in template["quick_replies"]] == ["Autre chose"]


def test_quick_replies_hang_on_the_last_message():
    first, last = on_messenger(reply(asked("Une phrase.", HOURS), "Une autre."))
    assert "quick_replies" not in first
    assert last["quick_replies"] == [{"content_type": "text", "title": "Les horaires", "payload": "/ask_hours"}]


def test_a_number_that_nobody_published_has_no_button(cards):
    card = cards[0] | {"contacts": []}
    _, template = on_messenger(reply("Voici."), [card])
    assert [button["type"] for button in template["attachment"]["payload"]["elements"][0]["buttons"]] == ["web_url"]


def test_where_we_are_not_reached_by_https_no_page_is_offered(cards):
    *_, template = on_messenger(reply("Voici."), [cards[0] | {"contacts": []}], public="http://127.0.0.1:8000")
    assert "buttons" not in template["attachment"]["payload"]["elements"][0]
    assert [body["type"] for body in on_whatsapp(reply("Voici."), cards[:1], public="http://127.0.0.1:8000")] == ["text"]


EMERGENCY = "Appelez tout de suite le 15 (Samu) ou le 112. C'est gratuit.\nVous ne pouvez pas parler ? Envoyez un SMS au 114."


def test_an_emergency_is_the_number_as_text_then_buttons_that_dial():
    text, calls = on_messenger(reply(EMERGENCY, outcome="emergency"))
    assert text == {"text": EMERGENCY}
    assert [(button["title"], button["url"]) for button in calls["attachment"]["payload"]["buttons"]] == [
        ("Appeler le 15", f"{PUBLIC}/urgences/15"),
        ("Appeler le 112", f"{PUBLIC}/urgences/112"),
        ("Écrire au 114", f"{PUBLIC}/urgences/114"),
    ]
    text, call = on_whatsapp(reply(EMERGENCY, outcome="emergency"))
    assert text["text"]["body"] == EMERGENCY
    assert call["interactive"]["action"]["parameters"] == {"display_text": "Appeler le 15", "url": f"{PUBLIC}/urgences/15"}


def test_without_a_page_the_number_is_still_the_first_thing_said():
    assert on_messenger(reply(EMERGENCY, outcome="emergency"), public="http://127.0.0.1:8000") == [{"text": EMERGENCY}]


@pytest.mark.parametrize("known", KNOWN)
def test_every_help_number_is_found_where_it_is_named(known):
    (number,) = help_numbers(reply(f"Appelez le {known}, gratuit.", outcome="emergency"), KNOWN)
    assert number.shown == known and number.dialled == known.replace(" ", "") and number.by_sms == (known == "114")


def test_few_short_choices_are_buttons_on_whatsapp():
    (body,) = on_whatsapp(reply(asked("Le PIMMS vous aide.", HOURS, PLACE)))
    assert body["interactive"]["type"] == "button" and shown(body) == "Le PIMMS vous aide."
    assert [button["reply"] for button in body["interactive"]["action"]["buttons"]] == [
        {"id": "/ask_hours", "title": "Les horaires"},
        {"id": "/ask_place", "title": "C'est où ?"},
    ]


def test_many_or_long_choices_are_rows_with_their_whole_title():
    long = "Français et DELF pour les personnes arrivées depuis peu"
    (body,) = on_whatsapp(reply(asked("Lequel ?", (long, "/a"), HOURS)))
    rows = body["interactive"]["action"]["sections"][0]["rows"]
    assert rows == [{"id": "/a", "title": "Français et DELF pour…", "description": long}, {"id": "/ask_hours", "title": "Les horaires"}]


def test_the_page_of_the_first_action_is_under_the_answer_and_choices_below(cards):
    link, choice = on_whatsapp(reply(asked("Le PIMMS vous aide.", HOURS)), cards[:2])
    assert link["interactive"]["action"]["parameters"] == {
        "display_text": "Voir la fiche",
        "url": f"{PUBLIC}/annuaire/{cards[0]['id']}",
    }
    assert shown(choice) == "Et maintenant ?"


def test_a_long_answer_is_split_at_sentences_and_only_its_end_bears_the_choices():
    text = " ".join(f"Ceci est la phrase {n}, assez longue pour remplir." for n in range(60))
    *before, last = on_whatsapp(reply(asked(text, HOURS)))
    assert [body["type"] for body in before] == ["text"] and last["interactive"]["type"] == "button"
    assert shown(before[0]).endswith(".") and shown(last).startswith("Ceci")
    parts = on_messenger(reply(text))
    assert len(parts) == 2 and all(part["text"].endswith(".") for part in parts)


@pytest.mark.parametrize("make", [Messenger, WhatsApp])
def test_what_cannot_be_read_gets_a_kind_answer_with_a_way_on(make):
    bodies = make(None, "1", PUBLIC, list).attachment()
    words = str(bodies)
    assert "messages vocaux" in words and "micro" in words and "/ask_human" in words
    problems = [messenger_problems(b["message"]) if make is Messenger else whatsapp_problems(b) for b in bodies]
    assert problems == [[]] * len(bodies)


@pytest.mark.parametrize("make", [Messenger, WhatsApp])
def test_words_of_an_agent_are_whole(make):
    text = "Bonjour, je suis Camille du PIMMS. " * 200
    bodies = make(None, "1", PUBLIC, list).plain(text)
    told = " ".join(body["message"]["text"] if make is Messenger else body["text"]["body"] for body in bodies)
    assert told.split() == text.split() and len(bodies) > 1


def test_where_a_person_is_named_an_agent_may_be_written_to():
    handed = reply("Le PIMMS peut vous aider.", outcome="handoff")
    assert on_messenger(handed)[-1]["quick_replies"] == [{"content_type": "text", "title": "Écrire à un agent", "payload": "RAPPEL"}]
    (body,) = on_whatsapp(handed)
    assert body["interactive"]["action"]["buttons"] == [{"type": "reply", "reply": {"id": "RAPPEL", "title": "Écrire à un agent"}}]


def test_no_choice_of_the_bots_own_wording_is_cut_on_messenger():
    responses = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "bot/domain/responses").glob("*.yml")]
    questions = yaml.safe_load((ROOT / "knowledge/data/orientation.yml").read_text(encoding="utf-8"))
    titles = {button["title"] for button in found(responses, "buttons") if "{" not in button["title"]}
    titles |= {answer["say"] for answer in found(questions, "choices")}
    assert len(titles) > 30
    shown = {whole: on_messenger(reply(asked("Lequel ?", (whole, "/a"))))[-1]["quick_replies"][0]["title"] for whole in titles}
    assert {whole for whole, title in shown.items() if len(title) > 20 or title.endswith("…")} == set()
    assert shown["Apprendre le français"] == "Le français"


def found(data: Any, name: str) -> list[Any]:
    """Everything in the lists under ``name``, however deep."""
    if isinstance(data, list):
        return [one for item in data for one in found(item, name)]
    if not isinstance(data, dict):
        return []
    return [one for key, value in data.items() for one in (value if key == name else found(value, name))]
