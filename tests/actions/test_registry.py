"""The actions as a whole: all found, all thin, all saying what exists."""

import ast
import datetime as dt
import inspect
import re
from pathlib import Path

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

import actions
from actions.base import DirectoryAction
from actions.registry import all_actions
from actions.services import Services
from actions.tell_hours import asked_day
from bot.wording import all_responses
from knowledge.settings import ROOT
from nlu.french.person import read_person

FILES = sorted(Path(actions.__file__).parent.glob("*.py"))
MOST_LINES_OF_RUN = 25


@pytest.fixture
def registered(services) -> list[DirectoryAction]:
    return all_actions(Services(services.store, services.search))


def test_every_action_of_the_domain_is_registered_once(registered):
    domain = yaml.safe_load((ROOT / "bot/domain/domain.yml").read_text(encoding="utf-8"))
    names = [action.name() for action in registered]
    assert sorted(names) == sorted(domain["actions"])
    assert all(action.services.store for action in registered)


def test_a_stock_action_server_finds_them_too():
    """``rasa run actions`` makes them without arguments; their services are opened when they are needed."""
    executor = ActionExecutor()
    for found in all_actions(None):
        executor.register_action(type(found))
    assert len(executor.actions) == len(all_actions(None))


def test_every_response_that_an_action_names_exists_and_every_one_is_used():
    said, code = set(all_responses()), "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    named = set(re.findall(r'"(say_\w+)"', code))
    made = tuple(start for start in re.findall(r'f"(say_(?:\w*_)?)\{', code))  # with an end found at run time
    assert named <= said
    unused = {name for name in said - named - {"say_apology"} if name.startswith("say_") and not name.startswith(made)}
    assert unused == set()


def test_an_emergency_of_every_kind_has_its_words():
    said = all_responses()
    examples = yaml.safe_load((ROOT / "nlu/data/emergency.yml").read_text(encoding="utf-8"))["nlu"]
    ruled = {"enfant", "fire", "medical", "sans-abri", "suicide", "violence", "violence-femmes"}  # nlu.french.distress
    kinds = ruled | {block["metadata"]["kind"] for block in examples if block.get("intent") == "emergency"}
    for kind in kinds | {"general"}:
        assert f"say_emergency_{kind.replace('-', '_')}" in said, kind


def test_every_door_of_an_outside_topic_has_its_words(services):
    doors = {topic.door for topic in services.store.current().outside} | {"unknown"}
    assert {f"say_outside_{door}" for door in doors} <= set(all_responses())


def test_runs_are_short():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "run":
                assert node.end_lineno - node.lineno < MOST_LINES_OF_RUN, path.name


def test_actions_say_nothing_themselves(registered):
    for action in registered:
        assert "utter_message(text" not in inspect.getsource(type(action)), action.name()


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("et demain ?", "2026-11-25"),
        ("c'est ouvert aujourd'hui ?", "2026-11-24"),
        ("le mardi", "2026-11-24"),
        ("le lundi ?", "2026-11-30"),
        ("ce week-end", "2026-11-28"),
        ("quels horaires ?", None),
    ],
)
def test_the_day_asked_about_is_today_or_later(question: str, day: str | None):
    assert asked_day(read_person(question), dt.date(2026, 11, 24)) == (dt.date.fromisoformat(day) if day else None)
