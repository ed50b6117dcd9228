"""Sets of messages: CSV files with the columns message, expected and voice (which may be left out)."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.evaluation.errors import Problem
from bot.evaluation.expected import Expected, Vocabulary, read_expected

COLUMNS = ("message", "expected", "voice")
_REQUIRED = ("message", "expected")
# As the API accepts them.
_LONGEST = 1000
_NO_VOICE = "unsaid"
# The order of tables and charts; voices of other files come after.
_VOICES = ("resident", "learner", "noisy", "teen", "agent")


@dataclass(frozen=True)
class Sample:
    """One message of a set and what is right for it."""

    message: str
    expected: Expected
    voice: str
    path: Path
    line: int


def read_set(path: Path, known: Vocabulary) -> tuple[list[Sample], list[Problem]]:
    """Return the samples of one file, and everything that is wrong with it."""
    samples: list[Sample] = []
    problems: list[Problem] = []
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for line, cells in _records(handle):
                if line == 1:
                    header = [cell.strip() for cell in cells]
                    reason = _header_problem(header)
                    if reason:
                        return [], [Problem(path, 1, reason)]
                elif cells:
                    try:
                        samples.append(_sample(header, cells, known, path, line))
                    except ValueError as error:
                        problems.append(Problem(path, line, str(error)))
    except OSError as error:
        return [], [Problem(path, None, f"cannot be read ({error.strerror or type(error).__name__})")]
    except UnicodeDecodeError:
        return [], [Problem(path, None, "is not UTF-8 text")]
    except csv.Error as error:
        return samples, [*problems, Problem(path, line, f"is no valid CSV from here on ({error}); is a quote left open?")]
    if not samples and not problems:
        problems.append(Problem(path, None, f"holds no message; the first line is {','.join(COLUMNS)}, then one message a line"))
    return samples, problems


def voices_of(samples: Sequence[Sample]) -> list[str]:
    """The voices present, the usual ones first."""
    present = {sample.voice for sample in samples}
    return [voice for voice in _VOICES if voice in present] + sorted(present - set(_VOICES))


def _records(handle: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line that it starts on."""
    reader, start = csv.reader(handle, strict=True), 1
    for cells in reader:
        yield start, cells
        start = reader.line_num + 1


def _header_problem(header: Sequence[str]) -> str | None:
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in _REQUIRED if name not in header]
    if len(header) == 1 and ";" in header[0]:
        return "columns are separated by commas, not semicolons"
    if unknown:
        return f"unknown column « {unknown[0][:40]} »; the columns are {', '.join(COLUMNS)}"
    if missing:
        return f"the column « {missing[0]} » is missing"
    return "a column is there twice" if len(set(header)) < len(header) else None


def _sample(header: Sequence[str], cells: Sequence[str], known: Vocabulary, path: Path, line: int) -> Sample:
    surplus = len(cells) - len(header)
    if surplus:
        raise ValueError(f"{abs(surplus)} cell(s) too {'many; put a message with a comma in double quotes' if surplus > 0 else 'few'}")
    row = dict(zip(header, cells, strict=True))
    message = row["message"].strip()
    if not 0 < len(message) <= _LONGEST:
        raise ValueError(f"a message has 1 to {_LONGEST} characters; this one has {len(message)}")
    return Sample(message, read_expected(row["expected"], known), row.get("voice", "").strip() or _NO_VOICE, path, line)
