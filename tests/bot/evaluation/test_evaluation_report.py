"""The whole report, on an engine of which every answer is known."""

import csv
import json
import re

import pytest

from bot.evaluation import (
    ReportWriteError,
    SettableClock,
    evaluate,
    run,
)
from tests.bot.evaluation.known import GOOD, SAID, KnownEngine, KnownSearch, ReadingEngine

SET = [
    ("mon vélo grince", "velo", "resident"),
    ("je couds", "couture|velo", "resident"),
    ("mes papiers", "papiers", "agent"),
    ("je suis en feu au travail", "need:papiers", "resident"),
    ("la météo <b>", "outside", "teen"),
    ("ça brûle", "emergency:fire", "resident"),
    ("il ne respire plus", "emergency:medical", "resident"),
    ("salut", "intent:greet", "resident"),
    ("quel prix", "intent:ask_price", "resident"),
]
REPLIES = {
    "mon vélo grince": ("answer", ("velo",), "Le vélo"),
    "je couds": ("clarify", ("papiers", "velo"), "Laquelle ?"),
    "je suis en feu au travail": ("emergency", (), "Appelez le 18."),
    "ça brûle": ("emergency", (), "Appelez le 18."),
    "salut": ("greet", (), "Bonjour"),
}


@pytest.fixture
def files(write, tmp_path):
    path = tmp_path / "set.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([("message", "expected", "voice"), *SET])
    return [path, write("talk.yml", GOOD)]


@pytest.fixture
async def report(files, tmp_path, directory):
    engine = ReadingEngine(REPLIES | SAID)
    found = await evaluate(
        engine, KnownSearch(), directory, files, tmp_path / "var" / "reports", SettableClock().set, lambda _progress: None
    )
    assert engine.erased == {message.conversation_id for message in engine.heard}
    return found


async def test_every_figure(report):
    figures = report.figures
    expected = {
        "needs.all.first": 1 / 3,
        "needs.all.three": 2 / 3,
        "needs.resident.first": 1 / 2,
        "needs.near_emergency.first": 0,
        "needs.refused": 1 / 4,
        "outside.recall": 1,
        # Refused: the papers, the weather, the one who does not breathe; the price is a follow-up.
        "outside.precision": 1 / 3,
        "emergencies.recall": 1 / 2,
        "emergencies.right_kind": 1,
        "emergencies.right_number": 1,
        "emergencies.near_misses_taken": 1 / 2,
        "emergencies.others_taken": 0,
        "talk.right": 1,
        "follow_ups.right": 1,
        "conversations.right": 1,
        "turns.right": 1,
        # Of four needs two are bicycles, said with 0.95.
        "calibration.best_action.needs": 0.95 - 1 / 2,
        "slips.first.loss": 1 / 2,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected)
    assert figures["ms.median"] <= figures["ms.p95"] and "bm25.phrasings.first" in figures


async def test_the_text_has_the_number_of_messages_behind_each_figure(report):
    text = report.text()
    assert "9 messages and 2 conversations from set.csv, talk.yml" in text
    assert re.search(r"^resident +2 +50\.0 %", text, re.MULTILINE)
    assert re.search(r"^best action, needs and outside +5 ", text, re.MULTILINE)
    assert re.search(r"^couture\|velo +papiers +1$", text, re.MULTILINE)
    assert not any(message in text for message, *_ in SET if message != "salut")


async def test_the_page_stands_alone_and_its_charts_lie_beside_it(report):
    page = report.path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and page.count("data:image/png;base64,") == 3
    assert "http" not in re.sub(r"base64,[^\"]+", "", page) and "<script" not in page and "<b>" not in page
    names = {path.name for path in report.path.parent.iterdir()}
    assert names == {"evaluation.html", "evaluation.json", "evaluation-needs.png", "evaluation-reliability.png", "evaluation-time.png"}
    assert (report.path.parent / "evaluation-needs.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((report.path.parent / "evaluation.json").read_text()) == report.figures


def test_an_engine_without_parse_or_clock_is_measured_as_far_as_it_goes(files, tmp_path, directory):
    report = run(KnownEngine(REPLIES | SAID), KnownSearch(), directory, files, tmp_path / "reports")
    text = report.text()
    assert "does not tell the intent" in text and "1 conversation(s) at a given time were not held" in text
    assert "emergencies.right_kind" not in report.figures and report.figures["emergencies.right_number"] == 1


def test_conversations_alone_give_no_table_of_messages(files, tmp_path, directory):
    report = run(KnownEngine(SAID), KnownSearch(), directory, files[1:], tmp_path / "reports", SettableClock().set)
    assert [table.title for table in report.tables] == ["Conversations"]


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_measured(files, tmp_path, directory):
    (tmp_path / "taken").write_text("")
    engine = KnownEngine(REPLIES)
    with pytest.raises(ReportWriteError, match="choose another folder"):
        run(engine, KnownSearch(), directory, files, tmp_path / "taken")
    assert not engine.heard
