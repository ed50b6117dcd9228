"""Emergencies: recognised, of the right kind, with the right number first; and what was taken for one."""

import re
from collections.abc import Sequence

from bot.evaluation.probe import Seen
from bot.evaluation.report import Section, Table
from bot.evaluation.shares import share
from knowledge.directory import Directory

_EMERGENCY = "emergency"


def section(seen: Sequence[Seen], directory: Directory) -> Section:
    """Measure emergencies (``emergency:`` rows) and false alarms (all others)."""
    urgent = [s for s in seen if s.sample.expected.kind == _EMERGENCY]
    calm = [s for s in seen if s.sample.expected.kind != _EMERGENCY]
    tables, figures = [], {}
    if urgent:
        tables.append(_recognised(urgent, directory))
        found = [s for s in urgent if _alarmed(s)]
        figures["emergencies.recall"] = share(_alarmed(s) for s in urgent).value
        figures["emergencies.right_kind"] = share(right_kind(s) for s in found if s.parsed).value
        figures["emergencies.right_number"] = share(right_number(s, directory) for s in found).value
    if calm:
        tables.append(_false_alarms(calm, urgent))
        figures["emergencies.near_misses_taken"] = share(_alarmed(s) for s in calm if _near(s, urgent)).value
        figures["emergencies.others_taken"] = share(_alarmed(s) for s in calm if not _near(s, urgent)).value
    return Section(tuple(tables), figures)


def right_kind(s: Seen) -> bool:
    """True when the engine's reading names the expected kind."""
    return s.parsed is not None and s.parsed.emergency_kind in _kinds(s)


def right_number(s: Seen, directory: Directory) -> bool:
    """True when the first help number in the answer is one for the expected kind."""
    numbers = {number.number: number.kinds for number in directory.help_numbers}
    said = "\n".join(message.text for message in s.reply.messages)
    alternatives = "|".join(re.escape(number) for number in sorted(numbers, key=len, reverse=True))
    first = re.search(rf"(?<!\d)(?:{alternatives})(?!\d)", said) if numbers else None
    return first is not None and bool(_kinds(s) & set(numbers[first.group()]))


def _kinds(s: Seen) -> set[str]:
    return {s.sample.expected.name, *s.sample.expected.also}


def _alarmed(s: Seen) -> bool:
    return s.reply.outcome == _EMERGENCY


def _recognised(urgent: Sequence[Seen], directory: Directory) -> Table:
    kinds = sorted({s.sample.expected.name for s in urgent})
    groups = [(kind, [s for s in urgent if s.sample.expected.name == kind]) for kind in kinds] + [("all", list(urgent))]
    rows = []
    for kind, group in groups:
        recall, found = share(_alarmed(s) for s in group), [s for s in group if _alarmed(s)]
        parsed = share(right_kind(s) for s in found if s.parsed)
        numbered = share(right_number(s, directory) for s in found)
        rows.append((kind, str(len(group)), str(recall), recall.interval, str(len(found)), str(parsed), str(numbered)))
    header = ("kind", "messages", "recognised", "95 % interval", "of these", "right kind", "right number first")
    return Table("Emergencies", header, tuple(rows), "Kind and number are shares of those recognised.")


def _false_alarms(calm: Sequence[Seen], urgent: Sequence[Seen]) -> Table:
    groups: dict[str, list[Seen]] = {}
    for s in calm:
        kind = "need:" if s.sample.expected.near_emergency else s.sample.expected.kind
        name = f"{kind} ({s.sample.path.name}{', near-miss' if _near(s, urgent) else ''})"
        groups.setdefault(name, []).append(s)
    taken = {name: share(_alarmed(s) for s in group) for name, group in groups.items()}
    rows = tuple((name, str(found.n), str(found.hits), str(found)) for name, found in taken.items())
    return Table("Taken for an emergency, being none", ("expected (file)", "messages", "taken for one", "share"), rows)


def _near(s: Seen, urgent: Sequence[Seen]) -> bool:
    """A near-miss: a ``need:`` or ``calm`` row, or an outside one in a file of emergencies."""
    expected = s.sample.expected
    return (
        expected.near_emergency
        or expected.kind == "calm"
        or (expected.kind == "outside" and any(u.sample.path == s.sample.path for u in urgent))
    )
