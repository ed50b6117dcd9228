"""Whole conversations: read, held, and what was wrong said."""

import datetime as dt

import pytest

from bot.evaluation import (
    EvaluationFileError,
    SettableClock,
    hold,
    load_conversations,
)
from knowledge.schedules import PARIS
from tests.bot.evaluation.known import GOOD, KNOWN, SAID, KnownEngine


def test_conversations_are_read(write):
    first, second = load_conversations([write("vélo.yml", GOOD)], KNOWN)
    assert first.id == "vélo: a bicycle, then its contact" and first.at == dt.datetime(2026, 11, 26, 15, tzinfo=PARIS)
    assert first.turns[0].outcome == ("answer", "clarify") and first.turns[0].hides == ("papiers",) and first.turns[1].tap == "le contact"
    assert second.at is None and second.turns[0].line == 16


def _conversation(turn: str, head: str = "") -> str:
    return f"- name: a\n{head}  turns:\n    - say: x\n    - {turn}\n"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("name: a\n", 1, "must be a list"),
        ("", 1, "must be a list"),
        ("- a\n", None, "every conversation is a mapping"),
        ("- name: a\n  turns: []\n", 1, "needs a list of turns"),
        ("- turns:\n    - say: x\n", 1, "needs a name"),
        ("- name: a\n  turns:\n    - tap: x\n", 3, "first turn cannot tap"),
        ("- name: a\n  turns:\n    - x\n", 1, "every turn is a mapping"),
        (_conversation("say: x") * 2, 5, "already there"),
        (_conversation("say: x", "  when: x\n"), 1, "unknown key « when »"),
        (_conversation("say: x", "  at: 2026-11-26\n"), 1, "a day and a time"),
        (_conversation("say: x", "  at: tomorrow\n"), 1, "a day and a time"),
        (_conversation("outcome: answer"), 4, "either say or tap"),
        (_conversation("{say: x, tap: y}"), 4, "either say or tap"),
        (_conversation("{say: x, shown: [velo]}"), 4, "unknown key « shown »"),
        (_conversation("{say: x, first: velos}"), 4, "did you mean « velo »?"),
        (_conversation("{say: x, outcome: answers}"), 4, "unknown outcome"),
        (_conversation("{say: x, says: 0254}"), 4, "in quotes if need be"),
        (_conversation("{say: x, says: []}"), 4, "in quotes if need be"),
        (_conversation("say: 2"), 4, "say must be text"),
        (_conversation("{say: x, say: y}"), 4, "« say » is there twice"),
        ("- name: [a\n", 2, "no valid YAML"),
        ("- name: a\n  turns: &a [*a]\n", 2, "no valid YAML"),
        ("- " * 3000, None, "no valid YAML"),
        (b"\xff\xfe\x00", None, "not UTF-8"),
        ("- name: \x00\n", None, "no valid YAML"),
    ],
)
def test_a_bad_conversation_is_refused_with_file_line_and_reason(write, content, line, reason):
    with pytest.raises(EvaluationFileError) as error:
        load_conversations([write("bad.yml", content)], KNOWN)
    assert [p.line for p in error.value.problems] == [line]
    assert reason in str(error.value)


async def test_a_conversation_is_held_at_its_time_by_taps_and_erased(write):
    conversation, _ = load_conversations([write("a.yml", GOOD)], KNOWN)
    engine, clock = KnownEngine(SAID), SettableClock()
    times = []

    def set_clock(at):
        clock.set(at)
        times.append(clock())

    held = await hold(engine, conversation, set_clock)
    assert held.right and str(held) == ""
    assert [m.text for m in engine.heard] == ["mon vélo est cassé", "/ask_contact"]
    assert engine.erased == {m.conversation_id for m in engine.heard} and len(engine.erased) == 1
    assert times[0] == conversation.at and times[1] > conversation.at - dt.timedelta(days=3650) and times[1] != conversation.at


async def test_a_conversation_at_a_given_time_needs_a_clock(write):
    conversation, _ = load_conversations([write("a.yml", GOOD)], KNOWN)
    with pytest.raises(ValueError, match="set_clock"):
        await hold(KnownEngine(SAID), conversation)


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        ("{say: bonjour, outcome: answer}", "outcome greet, expected answer"),
        ("{say: mon vélo est cassé, first: [couture, papiers]}", "first action velo, expected couture or papiers"),
        ("{say: bonjour, first: velo}", "first action none, expected velo"),
        ("{say: mon vélo est cassé, shows: [velo, papiers]}", "does not show papiers; shows velo, couture"),
        ("{say: mon vélo est cassé, hides: [couture]}", "shows couture, which must not be there"),
        ("{say: bonjour, says: [velo]}", "does not say « velo »"),
        ("{say: bonjour, says_not: [BONJOUR]}", "says « BONJOUR », which must not be there"),
        ("{say: panne}", "outcome error, expected no error"),
    ],
)
async def test_what_is_wrong_in_a_turn_is_said(write, turn, problem):
    (conversation,) = load_conversations([write("a.yml", f"- name: a\n  turns:\n    - {turn}\n")], KNOWN)
    held = await hold(KnownEngine({**SAID, "panne": ("error", (), "Pardon")}), conversation)
    assert held.problems == ((problem,),) and not held.right
    assert str(held).endswith(f"a.yml:3: {problem}")


async def test_an_expected_error_is_right(write):
    (conversation,) = load_conversations([write("a.yml", "- name: a\n  turns:\n    - {say: panne, outcome: error}\n")], KNOWN)
    assert (await hold(KnownEngine({"panne": ("error", (), "Pardon")}), conversation)).right


async def test_a_tap_on_a_button_that_is_not_there_ends_the_conversation(write):
    text = "- name: a\n  turns:\n    - say: mon vélo est cassé\n    - tap: Autre chose\n    - say: bonjour\n"
    (conversation,) = load_conversations([write("a.yml", text)], KNOWN)
    engine = KnownEngine(SAID)
    held = await hold(engine, conversation)
    assert held.problems == ((), ("no quick reply « Autre chose »; there were: Le contact",), ("not reached",))
    assert len(engine.heard) == 1 and engine.erased
