"""Small talk, judged by the outcome of the answer; follow-ups, by the intent that the engine reads."""

from collections import Counter
from collections.abc import Callable, Sequence

from bot.evaluation.probe import Seen
from bot.evaluation.report import Section, Table
from bot.evaluation.shares import share

# Intent -> the outcome that answers it.
SMALL_TALK = {
    "greet": "greet",
    "thanks": "thanks",
    "goodbye": "goodbye",
    "help": "help",
    "ask_human": "handoff",
    "bot_challenge": "bot_challenge",
    "insult": "insult",
}


def section(seen: Sequence[Seen]) -> Section:
    """Measure ``intent:`` rows."""
    rows = [s for s in seen if s.sample.expected.kind == "intent"]
    talk = [s for s in rows if s.sample.expected.name in SMALL_TALK]
    follow_ups = [s for s in rows if s.sample.expected.name not in SMALL_TALK]
    read = [s for s in follow_ups if s.parsed]
    tables = [_table("Small talk (by the answer's outcome)", talk, _outcome_right, lambda s: s.reply.outcome)]
    tables.append(_table("Follow-ups (by the intent read, without a conversation)", read, _intent_right, lambda s: _intent(s) or "none"))
    if len(read) < len(follow_ups):
        unread = ((str(len(follow_ups) - len(read)), "this engine does not tell the intent it read"),)
        tables.append(Table("Follow-ups not measured", ("messages", "why"), unread))
    figures = {"talk.right": share(map(_outcome_right, talk)).value, "follow_ups.right": share(map(_intent_right, read)).value}
    return Section(tuple(table for table in tables if table.rows), figures)


def _outcome_right(s: Seen) -> bool:
    return s.reply.outcome == SMALL_TALK[s.sample.expected.name]


def _intent_right(s: Seen) -> bool:
    return _intent(s) == s.sample.expected.name


def _intent(s: Seen) -> str | None:
    return s.parsed.intent if s.parsed else None


def _table(title: str, rows: Sequence[Seen], right: Callable[[Seen], bool], given: Callable[[Seen], str]) -> Table:
    lines = []
    for intent in sorted({s.sample.expected.name for s in rows}):
        group = [s for s in rows if s.sample.expected.name == intent]
        instead = Counter(given(s) for s in group if not right(s)).most_common(3)
        lines.append((intent, str(len(group)), str(share(map(right, group))), ", ".join(f"{name} {n}" for name, n in instead)))
    if lines:
        lines.append(("all", str(len(rows)), str(share(map(right, rows))), ""))
    return Table(title, ("intent", "messages", "right", "given instead"), tuple(lines))
