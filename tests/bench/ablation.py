"""What each part of the noise handling brings: the ranker fitted without it, or with more.

Every variant is fitted on the directory's phrasings and asked the needs of ``nlu/evaluation/tuning``
(variants are chosen here, so not on the sets that are reported). Prints a table and writes it to
``var/bench/ablation.md``. Run: ``python -m tests.bench.ablation``.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import numpy as np

from bot.evaluation.expected import vocabulary_of
from bot.evaluation.run import OWN_SETS
from bot.evaluation.sets import Sample, read_set
from bot.evaluation.slips import with_slips
from knowledge.search.examples import training_examples
from knowledge.search.ranker import OUTSIDE, Example, Ranker
from nlu.french import features
from nlu.french.text import fold, words
from tests.bench.models import CACHE
from tests.bench.understanding import directory_of_files

_GROUPS = {"plain": {"resident"}, "noisy": {"noisy", "phonetic", "teen"}, "learners": {"learner"}, "agents": {"agent"}}
_SEED = 7
Variant = tuple[str, Callable[[], Any], Callable[[list[Example]], list[Example]]]


def main() -> None:
    directory = directory_of_files()
    known = vocabulary_of(directory)
    paths = (OWN_SETS / "tuning").glob("needs*.csv")
    samples = [sample for path in paths for sample in read_set(path, known)[0] if sample.expected.plain_need]
    examples = training_examples(directory)
    header = [*(f"{name} ({sum(s.voice in of for s in samples)})" for name, of in _GROUPS.items()), "plain, with slips"]
    lines = ["| right action first | " + " | ".join(header) + " |", "|---|" + "---:|" * len(header)]
    for name, patched, taught in _VARIANTS:
        with patched():
            features._prepared.cache_clear()
            ranker = Ranker(taught(examples))
            print(lines[-1], flush=True)
            lines.append(f"| {name} | " + " | ".join(_row(ranker, samples)) + " |")
    table = "\n".join(lines)
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "ablation.md").write_text(table + "\n", encoding="utf-8")
    print(table)


def _row(ranker: Ranker, samples: Sequence[Sample]) -> list[str]:
    groups = [[(s.message, s) for s in samples if s.voice in of] for of in _GROUPS.values()]
    groups.append([(with_slips(text), s) for text, s in groups[0]])
    return [f"{100 * sum(_first(ranker, text) in s.expected.ids for text, s in group) / max(1, len(group)):.1f} %" for group in groups]


def _first(ranker: Ranker, text: str) -> str:
    scores = ranker.score(text)
    return str(scores.labels[int(np.argmax(scores.margins))])


@contextmanager
def _without_blocks(*names: str) -> Iterator[None]:
    kept = dict(features._BLOCKS)
    try:
        for name in names:
            del features._BLOCKS[name]
        yield
    finally:
        features._BLOCKS.clear()
        features._BLOCKS.update(kept)


def _without_expansion() -> AbstractContextManager[object]:
    return patch.object(features, "expand", words)


def _without_key() -> AbstractContextManager[object]:
    return patch.object(features, "key", fold)


def _as_they_are(examples: list[Example]) -> list[Example]:
    return examples


def _with_slips(examples: list[Example]) -> list[Example]:
    """Every phrasing a second time, with a typing slip or two."""
    return examples + [Example(with_slips(e.text, _SEED), e.label) for e in examples if e.label != OUTSIDE]


def _with_noise(examples: list[Example]) -> list[Example]:
    """Every phrasing a second time, as it would be typed by ear: no accents, short words written short."""
    return examples + [Example(_by_ear(e.text), e.label) for e in examples if e.label != OUTSIDE]


_BY_EAR = [("est-ce que", "esk"), ("qu", "k"), ("eau", "o"), ("au", "o"), ("ai", "é"), ("er ", "é "), ("ph", "f"), ("pour", "pr"),
           ("c'est", "c"), ("je ", "j"), ("ent ", "e "), ("ss", "s"), ("tt", "t"), ("nn", "n"), ("ll", "l")]  # fmt: skip


def _by_ear(text: str) -> str:
    text = f"{text.lower()} "
    for written, heard in _BY_EAR:
        text = text.replace(written, heard)
    return text.strip()


_VARIANTS: list[Variant] = [
    ("as it is: words, sounds, meaning, run-time normalisation", nullcontext, _as_they_are),
    ("without run-time normalisation (SMS words, elisions)", _without_expansion, _as_they_are),
    ("letters instead of sounds", _without_key, _as_they_are),
    ("words and meaning", lambda: _without_blocks("sound"), _as_they_are),
    ("sounds and meaning", lambda: _without_blocks("word"), _as_they_are),
    ("with training-time typing slips", nullcontext, _with_slips),
    ("with training-time spelling by ear", nullcontext, _with_noise),
]

if __name__ == "__main__":
    main()
