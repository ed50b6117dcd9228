"""The evaluation program, on an engine of which every answer is known."""

import csv
import datetime as dt
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from bot.engine import Message, QuickReply, Reply, Utterance
from bot.evaluation import (
    EvaluationFileError,
    ReportWriteError,
    SettableClock,
    Vocabulary,
    evaluate,
    hold,
    load_conversations,
    own_files,
    run,
    vocabulary_of,
)
from bot.evaluation import needs as needs_section
from bot.evaluation.baseline import baselines_of
from bot.evaluation.calibration import calibrate
from bot.evaluation.copies import copies
from bot.evaluation.expected import Expected, read_expected
from bot.evaluation.probe import Found, Seen
from bot.evaluation.report import Table
from bot.evaluation.run import read_files
from bot.evaluation.safety import right_number
from bot.evaluation.sets import Sample, read_set
from bot.evaluation.shares import Share
from bot.evaluation.slips import KINDS, slip_at, with_slips
from knowledge.directory import Directory, Entry
from knowledge.files import read_directory
from knowledge.schedules import PARIS
from knowledge.schema import Action, HelpNumber, Organisation, Questions
from knowledge.settings import ROOT

KNOWN = Vocabulary(frozenset({"velo", "couture", "papiers"}), frozenset({"medical", "fire"}), frozenset({"greet", "ask_price"}))


def _entry(action_id: str, *phrasings: str) -> Entry:
    action = Action(
        id=action_id, title=action_id, summary=f"C'est {action_id}.", themes=["emploi"], source="s", questions=Questions(resident=phrasings)
    )
    return Entry(action, Organisation(id="asso", name="Asso", source="s"))


@pytest.fixture(scope="module")
def directory() -> Directory:
    entries = (_entry("velo", "réparer ma bicyclette"), _entry("couture", "apprendre à coudre"), _entry("papiers", "remplir un dossier"))
    numbers = [("samu", "15", ["medical"]), ("pompiers", "18", ["fire"]), ("europe", "112", ["medical", "fire"])]
    helps = tuple(HelpNumber(id=i, number=n, name=i, for_whom="tous", kinds=kinds, source="s") for i, n, kinds in numbers)
    return Directory(1, entries, {}, helps, ())


class KnownEngine:
    """Answers from a table; anything else is out of scope."""

    def __init__(self, replies: dict[str, tuple]) -> None:
        self.replies, self.heard, self.erased = replies, [], set()

    async def respond(self, message: Message) -> Reply:
        self.heard.append(message)
        outcome, actions, text, *buttons = (*self.replies.get(message.text, ("out_of_scope", (), "Je ne sais pas.")),)
        return Reply(message.conversation_id, outcome, (Utterance(text, tuple(QuickReply(*b) for b in buttons)),), tuple(actions))

    async def erase(self, conversation_id: str) -> None:
        self.erased.add(conversation_id)

    def is_ready(self) -> bool:
        return True


class ReadingEngine(KnownEngine):
    """Tells what it read, too."""

    async def parse(self, text: str) -> dict:
        entities = [{"entity": "emergency_kind", "value": "fire"}] if "brûle" in text else []
        return {"intent": {"name": "ask_price" if "prix" in text else "need"}, "entities": entities}


class KnownSearch:
    """Finds the bicycle, nearly surely."""

    def find(self, text: str, limit: int = 5) -> SimpleNamespace:
        hit = SimpleNamespace(entry=SimpleNamespace(id="velo"), confidence=0.95)
        return SimpleNamespace(hits=(hit,), best=hit, outside=0.02)


@pytest.fixture
def write(tmp_path):
    """Write a file of the given name and return its path."""

    def written(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def _seen(expected: Expected, outcome: str, actions=(), text="", path=Path("/x/a.csv"), message="bonjour") -> Seen:
    reply = Reply("c", outcome, (Utterance(text),), tuple(actions))
    return Seen(Sample(message, expected, "resident", path, 2), reply, Found(("velo",), 0.9, 0.1), None, 0.01, 0.01)


# --- sets of messages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("velo", Expected("need", ("velo",))),
        ("velo| couture", Expected("need", ("velo", "couture"))),
        ("need:papiers", Expected("need", ("papiers",), near_emergency=True)),
        (" outside ", Expected("outside")),
        ("emergency:fire", Expected("emergency", name="fire")),
        ("intent:greet", Expected("intent", name="greet")),
    ],
)
def test_expected_is_read(text, expected):
    assert read_expected(text, KNOWN) == expected


def test_a_set_is_read_with_the_line_that_each_message_starts_on(write):
    path = write("a.csv", '\ufeffmessage,voice,expected\r\n"deux\nlignes",learner,velo\r\n\r\nfeu,,emergency:fire\r\n')
    samples, problems = read_set(path, KNOWN)
    assert not problems
    assert [(s.message, s.voice, s.line) for s in samples] == [("deux\nlignes", "learner", 2), ("feu", "unsaid", 5)]


def test_the_voice_may_be_left_out(write):
    samples, problems = read_set(write("a.csv", "message,expected\nmon vélo,velo\n"), KNOWN)
    assert not problems and samples[0].voice == "unsaid"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("message,expected,voix\na,velo,b\n", 1, "unknown column « voix »"),
        ("message,voice\na,b\n", 1, "« expected » is missing"),
        ("message,expected,message\na,velo,b\n", 1, "there twice"),
        ("message;expected;voice\na;velo;b\n", 1, "commas, not semicolons"),
        ("message,expected,voice\na,velos,b\n", 2, "unknown action « velos »; did you mean « velo »?"),
        ("message,expected,voice\na,velo|,b\n", 2, "empty id"),
        ("message,expected,voice\na,,b\n", 2, "expected is empty"),
        ("message,expected,voice\na,emergency:flood,b\n", 2, "unknown kind of emergency « flood »"),
        ("message,expected,voice\na,intent:gret,b\n", 2, "did you mean « greet »?"),
        ("message,expected,voice\na,action:velo,b\n", 2, "none of"),
        ("message,expected,voice\n ,velo,b\n", 2, "1 to 1000 characters"),
        (f"message,expected,voice\n{'a' * 1001},velo,b\n", 2, "this one has 1001"),
        ("message,expected,voice\na, b,velo,c\n", 2, "1 cell(s) too many"),
        ("message,expected,voice\na,velo\n", 2, "1 cell(s) too few"),
        ('message,expected,voice\nx,velo,b\n"a,velo,b\n', 2, "no valid CSV"),
        ("message,expected,voice\n", None, "holds no message"),
        ("", None, "holds no message"),
        (b"message,expected\n\xe9t\xe9,velo\n", None, "not UTF-8"),
    ],
)
def test_a_bad_set_is_refused_with_file_line_and_reason(write, content, line, reason):
    with pytest.raises(EvaluationFileError) as error:
        read_files([write("bad.csv", content)], KNOWN)
    assert [p.line for p in error.value.problems] == [line]
    assert reason in str(error.value) and "bad.csv" in str(error.value)


def test_files_that_cannot_be_read_are_all_named(tmp_path, write):
    with pytest.raises(EvaluationFileError) as error:
        read_files(
            [tmp_path / "none.csv", tmp_path / "none.yml", write("notes.txt", "a"), write("b.csv", "message,expected\na,x1\nb,x2\n")], KNOWN
        )
    assert [(p.path.name, p.line) for p in error.value.problems] == [
        ("none.csv", None), ("none.yml", None), ("notes.txt", None), ("b.csv", 2), ("b.csv", 3),
    ]  # fmt: skip


def test_no_file_is_said(directory):
    with pytest.raises(EvaluationFileError, match="no file to measure with"):
        read_files([], KNOWN)


def test_the_projects_own_files_are_valid():
    files = read_directory()
    known = vocabulary_of(Directory.from_records(1, files))
    reported, held = read_files(own_files(), known)
    assert len(reported) > 800 and len(held) >= 50
    others = [*(ROOT / "tests" / "conversations").glob("*.yml"), *(ROOT / "nlu" / "evaluation" / "tuning").iterdir()]
    tuned_on, _ = read_files(sorted(others), known)
    # « bonjour » and « a+ » are said by everyone; a need is not asked twice in the same words.
    assert not _needs(reported) & _needs(tuned_on)


def _needs(samples: Iterable[Sample]) -> set[str]:
    return {sample.message for sample in samples if sample.expected.kind != "intent"}


# --- conversations ------------------------------------------------------------------------------------------------

GOOD = """
- name: a bicycle, then its contact
  at: 2026-11-26T15:00
  turns:
    - say: mon vélo est cassé
      outcome: [answer, clarify]
      first: velo
      shows: [velo, couture]
      hides: papiers
      says: ["LE  VÉLO d’occasion"]
      says_not: [piscine]
    - tap: le contact
      says: ["02 54"]
- name: hello
  turns:
    - say: bonjour
"""


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


SAID = {
    "mon vélo est cassé": ("answer", ("velo", "couture"), "Le vélo\u202fd'occasion", ("Le contact", "/ask_contact")),
    "/ask_contact": ("answer", ("velo",), "Appelez le 02\u00a054."),
    "bonjour": ("greet", (), "Bonjour"),
}


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


# --- figures ------------------------------------------------------------------------------------------------------


def test_a_share_knows_how_sure_it_is():
    assert (str(Share(8, 10)), Share(8, 10).interval) == ("80.0 %", "49–94")
    assert (str(Share(0, 0)), Share(0, 0).interval) == ("–", "–")
    assert (Share(0, 5).interval, Share(5, 5).interval) == ("0–43", "57–100")


def test_calibration_over_ten_bins():
    found = calibrate([(0.95, True)] * 3 + [(0.95, False)] + [(0.25, False)] * 4 + [(1.0, True)])
    # Bin 9: five said (4 * 0.95 + 1) / 5 = 0.96, right 0.8; bin 2: four said 0.25, none right.
    assert [(round(b.confidence, 3), b.right, b.n) for b in found.bins] == [(0.25, 0.0, 4), (0.96, 0.8, 5)]
    assert found.error == pytest.approx((4 * 0.25 + 5 * 0.16) / 9) and found.n == 9


def test_bm25_ranks_by_phrasings_or_by_descriptions(directory):
    taught, described = baselines_of(directory)
    assert taught.rank("je voudrais réparer une bicyclette", 3) == ["velo"]
    assert described.rank("je voudrais réparer une bicyclette", 3) == []
    assert described.rank("le vélo ou la couture", 3) != taught.rank("zzz", 3) == []


def test_near_copies_of_what_was_taught_are_found(directory):
    assert copies(["Réparer ma bicyclete !", "mon vélo a une panne"], directory) == {"Réparer ma bicyclete !"}


def test_the_first_number_of_an_answer_decides(directory):
    fire = Expected("emergency", name="fire")
    assert right_number(_seen(fire, "emergency", text="Appelez le 18 ou le 112."), directory)
    assert not right_number(_seen(fire, "emergency", text="Appelez le 15. Feu : le 18."), directory)
    assert not right_number(_seen(fire, "emergency", text="À 1815 mètres"), directory)


def test_messages_are_quoted_only_from_the_projects_own_sets(directory, tmp_path):
    need = Expected("need", ("couture",))
    own, other = (
        _seen(need, "answer", ["velo"], path=folder / "a.csv", message="ma machine à coudre")
        for folder in (tmp_path, tmp_path / ".." / "other")
    )
    assert "ma machine à coudre" in "".join(t.text() for t in needs_section.section([own], directory, tmp_path.resolve()).tables)
    section = needs_section.section([other], directory, tmp_path.resolve())
    assert "ma machine" not in "".join(t.text() for t in section.tables)
    assert any(("couture", "velo", "1", "") in t.rows for t in section.tables)


def test_a_table_aligns_figures_to_the_right():
    text = Table("T", ("name", "n", "what"), (("a", "5", "x 1"), ("longer", "12", "–")), "note").text()
    assert text.splitlines() == [
        "T",
        "note",
        "----------------",
        "name     n  what",
        "----------------",
        "a        5  x 1",
        "longer  12  –",
    ]


# --- typing slips -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "possible"),
    [
        ("swap", {"évlo"}),
        ("drop", {"élo"}),
        ("double", {"vvélo"}),
        ("neighbour", {"célo", "bélo", "félo", "gélo"}),
    ],
)
def test_each_kind_of_slip(kind, possible):
    assert slip_at("vélo", 0, kind, random.Random(1)) in possible


def test_an_accent_is_lost_and_a_capital_kept():
    assert slip_at("vélo", 1, "accent", random.Random(1)) == "velo"
    assert slip_at("Vélo", 0, "neighbour", random.Random(1))[0].isupper()
    assert slip_at("vélo", 3, "swap", random.Random(1)) == "vélo"


def test_slips_are_the_same_at_every_run():
    assert (
        with_slips("je veux réparer mon vélo") == with_slips("je veux réparer mon vélo") != with_slips("je veux réparer mon vélo", seed=7)
    )


@given(st.text(alphabet="abcdeéèàçœ'’ 12!", min_size=1, max_size=40))
def test_a_message_has_one_or_two_slips(text):
    slipped = with_slips(text)
    assert DamerauLevenshtein.distance(text, slipped) <= 2
    assert (slipped != text) == any(c.isalpha() for c in text)
    assert bool(slipped.strip()) == bool(text.strip())


@given(st.text(max_size=30), st.integers(0, 29), st.sampled_from(KINDS))
def test_a_slip_never_fails(text, i, kind):
    if i < len(text):
        slip_at(text, i, kind, random.Random(0))
    with_slips(text)


# --- the whole ----------------------------------------------------------------------------------------------------

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
