"""Sets of messages: read, or refused with file, line and reason."""

from collections.abc import Iterable

import pytest

from bot.evaluation import (
    EvaluationFileError,
    own_files,
    vocabulary_of,
)
from bot.evaluation.expected import Expected, read_expected
from bot.evaluation.run import read_files
from bot.evaluation.sets import Sample, read_set
from knowledge.directory import Directory
from knowledge.files import read_directory
from knowledge.settings import ROOT
from tests.bot.evaluation.known import KNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("velo", Expected("need", ("velo",))),
        ("velo| couture", Expected("need", ("velo", "couture"))),
        ("need:papiers", Expected("need", ("papiers",), near_emergency=True)),
        (" outside ", Expected("outside")),
        ("calm", Expected("calm")),
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
