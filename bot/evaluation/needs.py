"""Needs: is the right action first, or within three; and what was given instead."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot.evaluation import charts
from bot.evaluation.baseline import Baseline, baselines_of
from bot.evaluation.copies import copies
from bot.evaluation.probe import Seen
from bot.evaluation.report import Chart, Section, Table
from bot.evaluation.sets import voices_of
from bot.evaluation.shares import Share, share
from knowledge.directory import Directory

_CONFUSIONS = 15
_EXAMPLE = 70
_ALL, _NEAR, _UNSEEN = "all", "need: (sounds like an emergency)", "all, near-copies of phrasings left out"


def section(seen: Sequence[Seen], directory: Directory, own_sets: Path) -> Section:
    """Measure the needs. Messages are quoted only from files in ``own_sets``."""
    baselines = baselines_of(directory)
    needs = [s for s in seen if s.sample.expected.plain_need]
    near = [s for s in seen if s.sample.expected.near_emergency]
    if not needs and not near:
        return Section()
    groups = by_voice(needs)
    if needs:
        copied = copies([s.sample.message for s in needs], directory)
        groups[_UNSEEN] = [s for s in needs if s.sample.message not in copied]
    if near:
        groups[_NEAR] = near
    tables = [_accuracy(groups)]
    if needs:
        tables.append(_beside(by_voice(needs), baselines))
    tables += [_given_instead(needs + near), _confusions(needs + near, own_sets)]
    return Section(tuple(t for t in tables if t.rows), _figures(needs, near, baselines), _chart(by_voice(needs), baselines))


def by_voice(needs: Sequence[Seen]) -> dict[str, list[Seen]]:
    """The needs of each voice, then all of them."""
    groups = {voice: [s for s in needs if s.sample.voice == voice] for voice in voices_of([s.sample for s in needs])}
    return groups | ({_ALL: list(needs)} if needs else {})


def _accuracy(groups: dict[str, list[Seen]]) -> Table:
    rows = []
    for name, group in groups.items():
        first, three = share(s.right_within(1) for s in group), share(s.right_within(3) for s in group)
        rows.append((name, str(len(group)), str(first), first.interval, str(three), three.interval))
    header = ("voice", "messages", "right first", "95 % interval", "within three", "95 % interval")
    return Table("Needs: the right action", header, tuple(rows), "Through the whole engine: a refusal or any other answer counts as wrong.")


def _beside(groups: dict[str, list[Seen]], baselines: Sequence[Baseline]) -> Table:
    names = ["engine", "search alone", *(b.name for b in baselines)]
    rows = []
    for voice, group in groups.items():
        shares = [(share(s.right_within(1) for s in group), share(s.right_within(3) for s in group))]
        shares += [(_search_right(group, 1), _search_right(group, 3))]
        shares += [(_baseline_right(b, group, 1), _baseline_right(b, group, 3)) for b in baselines]
        rows.append((voice, str(len(group)), *(f"{first} / {three}" for first, three in shares)))
    note = "Right first / within three. BM25 ranks each action's texts in one document, with or without its phrasings; it never refuses."
    return Table("Needs: beside simpler rankings", ("voice", "messages", *names), tuple(rows), note)


def _search_right(group: Sequence[Seen], ranks: int) -> Share:
    return share(bool(set(s.found.ids[:ranks]) & set(s.sample.expected.ids)) for s in group)


def _baseline_right(baseline: Baseline, group: Sequence[Seen], ranks: int) -> Share:
    return share(bool(set(baseline.rank(s.sample.message, ranks)) & set(s.sample.expected.ids)) for s in group)


def _given_instead(needs: Sequence[Seen]) -> Table:
    counts = Counter(_manner(s) for s in needs)
    rows = tuple((manner, str(n), str(Share(n, len(needs)))) for manner, n in counts.most_common())
    note = "All needs, those that sound like an emergency included."
    return Table("In scope: how it was answered", ("answered with", "messages", "share"), rows, note)


def _manner(s: Seen) -> str:
    if s.reply.actions:
        return f"{s.reply.outcome}, actions shown"
    return {"out_of_scope": "wrongly refused", "clarify": "asked back, no action shown"}.get(s.reply.outcome, s.reply.outcome)


def _confusions(needs: Sequence[Seen], own_sets: Path) -> Table:
    wrong = [s for s in needs if not s.right_within(1)]
    pairs = Counter((str(s.sample.expected), s.given) for s in wrong)
    commonest = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:_CONFUSIONS]
    rows = tuple((expected, given, str(n), _example(wrong, expected, given, own_sets)) for (expected, given), n in commonest)
    note = f"The {len(commonest)} commonest of {len(pairs)} pairs ({len(wrong)} messages). Examples are of the project's own sets only."
    return Table("Needs: what was taken for what", ("expected", "given first", "messages", "for example"), rows, note)


def _example(wrong: Sequence[Seen], expected: str, given: str, own_sets: Path) -> str:
    pair = (s.sample for s in wrong if (str(s.sample.expected), s.given) == (expected, given))
    message = next((sample.message for sample in pair if own_sets in sample.path.resolve().parents), "")
    return " ".join(message.split()) if len(message) <= _EXAMPLE else " ".join(message.split())[: _EXAMPLE - 1] + "…"


def _figures(needs: Sequence[Seen], near: Sequence[Seen], baselines: Sequence[Baseline]) -> dict[str, float]:
    figures = {"needs.near_emergency.first": share(s.right_within(1) for s in near).value}
    for name, group in by_voice(needs).items():
        figures |= {f"needs.{name}.{label}": share(s.right_within(n) for s in group).value for label, n in (("first", 1), ("three", 3))}
    for baseline in baselines:
        figures |= {f"{baseline.key}.{label}": _baseline_right(baseline, needs, n).value for label, n in (("first", 1), ("three", 3))}
    return figures | {"needs.refused": share(s.reply.outcome == "out_of_scope" for s in [*needs, *near]).value}


def _chart(groups: dict[str, list[Seen]], baselines: Sequence[Baseline]) -> tuple[Chart, ...]:
    if not groups:
        return ()
    series = {"engine, first": [share(s.right_within(1) for s in g).value for g in groups.values()]}
    series["engine, within three"] = [share(s.right_within(3) for s in g).value for g in groups.values()]
    series |= {f"{b.name}, first": [_baseline_right(b, g, 1).value for g in groups.values()] for b in baselines}
    names = [f"{voice}\n({len(group)})" for voice, group in groups.items()]
    alt = "Right action by voice: the engine beside BM25 (the figures are in the tables)"
    return (Chart("needs", alt, charts.bars(names, series, "The right action, by voice")),)
