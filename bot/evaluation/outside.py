"""Out of scope: is what no action covers refused, and only that."""

from collections import Counter
from collections.abc import Sequence

from bot.evaluation.probe import Seen
from bot.evaluation.report import Section, Table
from bot.evaluation.shares import Share, share
from bot.evaluation.talk import SMALL_TALK

_REFUSED = "out_of_scope"


def section(seen: Sequence[Seen]) -> Section:
    """Measure refusals. Follow-ups without a conversation and calm messages are left out: nothing is right for them."""
    outside = [s for s in seen if s.sample.expected.kind == "outside"]
    if not outside:
        return Section()
    refused = [s for s in seen if s.reply.outcome == _REFUSED and not _leaves_it_open(s)]
    recall = share(s.reply.outcome == _REFUSED for s in outside)
    precision = share(s.sample.expected.kind == "outside" for s in refused)
    rows = (
        ("out of scope, refused (recall)", str(recall.n), str(recall), recall.interval),
        ("refused, out of scope (precision)", str(precision.n), str(precision), precision.interval),
    )
    note = "Precision is over needs, emergencies, small talk and out-of-scope messages together; it depends on how many there are of each."
    figures = {"outside.recall": recall.value, "outside.precision": precision.value}
    tables = (Table("Out of scope", ("figure", "messages", "share", "95 % interval"), rows, note), _instead(outside))
    return Section(tables, figures)


def _leaves_it_open(s: Seen) -> bool:
    """A follow-up without a conversation, or a calm message: whether a refusal is right is not asked."""
    expected = s.sample.expected
    return expected.kind == "calm" or (expected.kind == "intent" and expected.name not in SMALL_TALK)


def _instead(outside: Sequence[Seen]) -> Table:
    counts = Counter("actions shown" if s.reply.actions else s.given.strip("()") for s in outside)
    rows = tuple((given, str(n), str(Share(n, len(outside)))) for given, n in counts.most_common())
    return Table("Out of scope: how it was answered", ("answered with", "messages", "share"), rows)
