"""From files to a report: ``passerelle evaluate``."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bot.engine import DialogueEngine
from bot.evaluation import calibration, dialogue, needs, outside, page, safety, slips, speed, talk
from bot.evaluation.clock import SetClock
from bot.evaluation.conversations import Conversation, read_conversations
from bot.evaluation.errors import EvaluationFileError, Problem
from bot.evaluation.expected import Vocabulary, vocabulary_of
from bot.evaluation.probe import Seen, ask, see
from bot.evaluation.report import Report, Section, writable, write
from bot.evaluation.sets import Sample, read_set
from knowledge.directory import Directory
from knowledge.schedules import PARIS
from knowledge.search import Search
from knowledge.settings import ROOT

logger = logging.getLogger(__name__)

OWN_SETS = ROOT / "nlu" / "evaluation"
REPORTS = ROOT / "var" / "reports"
_YAML = (".yml", ".yaml")
# First messages fill caches; their times say nothing about the others.
_WARM_UP = 5

Say = Callable[[str], None]


def own_files() -> list[Path]:
    """The project's own evaluation sets and conversations."""
    return [*sorted(OWN_SETS.glob("*.csv")), *sorted((OWN_SETS / "conversations").glob("*.yml"))]


def run(
    engine: DialogueEngine,
    search: Search,
    directory: Directory,
    files: Sequence[Path] | None = None,
    out_dir: Path = REPORTS,
    set_clock: SetClock | None = None,
    say: Say = logger.info,
) -> Report:
    """Measure ``engine`` on ``files`` (CSV sets, YAML conversations; None: the project's own) and report into ``out_dir``.

    ``set_clock`` sets the clock of conversations held at a given time; without it they are left
    out. ``say`` gets progress. Raises EvaluationFileError, ReportWriteError. Not to be called
    from a running event loop: ``evaluate`` is for that.
    """
    return asyncio.run(evaluate(engine, search, directory, files, out_dir, set_clock, say))


async def evaluate(
    engine: DialogueEngine,
    search: Search,
    directory: Directory,
    files: Sequence[Path] | None = None,
    out_dir: Path = REPORTS,
    set_clock: SetClock | None = None,
    say: Say = logger.info,
) -> Report:
    """As ``run``, inside an event loop."""
    files = own_files() if files is None else files
    samples, conversations = read_files(files, vocabulary_of(directory))
    writable(out_dir)
    say(f"Sending {len(samples)} messages…")
    for sample in samples[:_WARM_UP]:
        await ask(engine, sample.message)
    seen = [await see(engine, search, sample) for sample in samples]
    say("Sending the residents' needs again, with typing slips…")
    slipped = await slips.section(engine, seen)
    say(f"Holding {len(conversations)} conversations…")
    held = await _hold_all(engine, conversations, set_clock)
    report = Report(_summary(files, seen, conversations), tuple(_sections(seen, directory, slipped, held)))
    return replace(report, path=write(out_dir, page.render(report), report))


def read_files(files: Iterable[Path], known: Vocabulary) -> tuple[list[Sample], list[Conversation]]:
    """Read sets and conversations by their files' endings. Raises EvaluationFileError."""
    samples: list[Sample] = []
    conversations: list[Conversation] = []
    problems: list[Problem] = []
    files = list(files)
    if not files:
        problems.append(Problem(OWN_SETS, None, "holds no file to measure with"))
    for path in files:
        if path.suffix.lower() in _YAML:
            held, wrong = read_conversations(path, known)
            conversations += held
        elif path.suffix.lower() == ".csv":
            read, wrong = read_set(path, known)
            samples += read
        else:
            wrong = [Problem(path, None, "is neither .csv (messages) nor .yml (conversations)")]
        problems += wrong
    if problems:
        raise EvaluationFileError(problems)
    return samples, conversations


async def _hold_all(engine: DialogueEngine, conversations: Sequence[Conversation], set_clock: SetClock | None) -> Section:
    possible = [c for c in conversations if set_clock or not c.at]
    held = [await dialogue.hold(engine, c, set_clock) for c in possible]
    return dialogue.section(held, len(conversations) - len(possible))


def _sections(seen: Sequence[Seen], directory: Directory, slipped: Section, held: Section) -> list[Section]:
    return [
        needs.section(seen, directory, OWN_SETS),
        outside.section(seen),
        safety.section(seen, directory),
        talk.section(seen),
        calibration.section(seen),
        slipped,
        held,
        speed.section(seen),
    ]


def _summary(files: Sequence[Path], seen: Sequence[Seen], conversations: Sequence[Conversation]) -> str:
    failed = sum(s.reply.outcome == "error" for s in seen)
    return "\n".join(
        [
            f"Evaluation of {dt.datetime.now(PARIS):%Y-%m-%d %H:%M}",
            f"{len(seen)} messages and {len(conversations)} conversations from {', '.join(path.name for path in files)}",
            f"Messages that ended in an error: {failed}",
        ]
    )
