"""The right action, by Passerelle, by BM25 and by stock Rasa, on the same needs in the same run.

Stock Rasa gets the pipeline that it writes for a project without one (DIETClassifier and its
featurizers), and one intent an action, which is how its manual would have it; DIET's ranking of
intents is then a ranking of actions. Prints a table; writes it to ``var/bench/understanding.md``.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.evaluation.baseline import baselines_of
from bot.evaluation.expected import vocabulary_of
from bot.evaluation.run import OWN_SETS
from bot.evaluation.sets import Sample, read_set
from knowledge.directory import Directory
from knowledge.files import read_directory
from knowledge.records import Records
from tests.bench.data import ROOT, training_data
from tests.bench.models import CACHE
from tests.bench.processes import environment
from tests.bench.stock import stock_config

_EPOCHS = 20
_TRAINING_SECONDS = 3600
Ranked = tuple[list[str], float]


def main() -> None:
    options = _options()
    if options.parse:
        _parse(*options.parse)
        return
    directory = directory_of_files()
    samples = [sample for sample in read_set(OWN_SETS / "needs.csv", vocabulary_of(directory))[0] if sample.expected.plain_need]
    systems = {"Passerelle": _passerelle(samples), "BM25, with phrasings": _bm25(samples, directory)}
    systems[f"stock Rasa, DIET ({options.epochs} epochs)"] = _stock(samples, options.epochs)
    table = _table(samples, systems)
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "understanding.md").write_text(table, encoding="utf-8")
    print(table)


def _passerelle(samples: Sequence[Sample]) -> list[Ranked]:
    from api.wiring import open_services
    from bot.engine import Message
    from knowledge.settings import Settings

    services = open_services(Settings(), print)

    async def ask(text: str) -> list[str]:
        conversation = uuid.uuid4().hex
        reply = await services.engine.respond(Message(conversation, text))
        await services.engine.erase(conversation)
        return list(reply.actions) if reply.outcome in ("answer", "clarify") else []

    with asyncio.Runner() as runner:
        return [_timed(lambda text: runner.run(ask(text)), sample.message) for sample in samples]


def _bm25(samples: Sequence[Sample], directory: Directory) -> list[Ranked]:
    baseline = baselines_of(directory)[0]
    return [_timed(lambda text: baseline.rank(text, 3), sample.message) for sample in samples]


def directory_of_files() -> Directory:
    files = read_directory()
    return Directory.from_records(1, Records(files.sources, files.organisations, files.help_numbers, files.outside))


def _stock(samples: Sequence[Sample], epochs: int) -> list[Ranked]:
    """Train stock Rasa on the same phrasings, in a process of its own, and let it rank in another."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = stock_config(epochs)
        (folder / "config.yml").write_text(yaml.safe_dump({k: config[k] for k in ("recipe", "assistant_id", "language", "pipeline")}))
        (folder / "nlu.yml").write_text(yaml.safe_dump(_one_intent_an_action(), allow_unicode=True), encoding="utf-8")
        (folder / "messages.json").write_text(json.dumps([sample.message for sample in samples]), encoding="utf-8")
        train = [sys.executable, "-m", "rasa", "train", "nlu", "--config", "config.yml", "--nlu", "nlu.yml", "--out", ".",
                 "--fixed-model-name", "stock"]  # fmt: skip
        print(f"Training stock Rasa, {epochs} epochs…", flush=True)
        env = environment(RASA_CACHE_DIRECTORY=str(folder / "cache"))
        subprocess.run(train, cwd=folder, env=env, check=True, capture_output=True, timeout=_TRAINING_SECONDS)
        parse = [sys.executable, "-m", "tests.bench.understanding", "--parse", *(str(folder / f) for f in _PARSED)]
        subprocess.run(parse, cwd=ROOT, env=env, check=True, capture_output=True, timeout=_TRAINING_SECONDS)
        return [(ranked, seconds) for ranked, seconds in json.loads((folder / "ranked.json").read_text(encoding="utf-8"))]


_PARSED = ("stock.tar.gz", "messages.json", "ranked.json")


def _one_intent_an_action() -> dict[str, Any]:
    by_intent: dict[str, list[dict[str, str]]] = {}
    for example in training_data().intent_examples:
        metadata = (example.get("metadata") or {}).get("example") or {}
        by_intent.setdefault(metadata.get("leads_to") or example.get("intent"), []).append({"text": example.get("text")})
    return {"version": "3.1", "nlu": [{"intent": intent, "examples": examples} for intent, examples in by_intent.items()]}


def _parse(model: str, messages: str, out: str) -> None:
    from rasa.core.agent import Agent

    agent = Agent.load(model_path=model)

    async def rank(text: str) -> list[str]:
        return [intent["name"] for intent in (await agent.parse_message(text))["intent_ranking"][:3]]

    with asyncio.Runner() as runner:
        texts = json.loads(Path(messages).read_text(encoding="utf-8"))
        runner.run(rank(texts[0]))  # the first call builds TensorFlow's graph
        ranked = [_timed(lambda text: runner.run(rank(text)), text) for text in texts]
    Path(out).write_text(json.dumps(ranked), encoding="utf-8")


def _timed(rank: Callable[[str], list[str]], text: str) -> Ranked:
    started = time.perf_counter()
    return rank(text), time.perf_counter() - started


def _table(samples: Sequence[Sample], systems: dict[str, list[Ranked]]) -> str:
    voices = {"plain": {"resident"}, "noisy": {"learner", "noisy", "teen", "phonetic"}, "agents": {"agent"}}
    lines = ["| | " + " | ".join(f"{name}, first / three" for name in voices) + " | ms a message |", "|---|" + "---:|" * (len(voices) + 1)]
    for name, ranked in systems.items():
        cells = [_shares(samples, ranked, of) for of in voices.values()]
        lines.append(f"| {name} | {' | '.join(cells)} | {1000 * float(np.median([seconds for _, seconds in ranked])):.1f} |")
    counts = ", ".join(f"{sum(s.voice in of for s in samples)} {name}" for name, of in voices.items())
    return "\n".join([*lines, "", f"Needs of `nlu/evaluation/needs.csv`: {counts}. Milliseconds: median, in one process, no HTTP."])


def _shares(samples: Sequence[Sample], ranked: Sequence[Ranked], voices: set[str]) -> str:
    group = [(sample, ids) for sample, (ids, _) in zip(samples, ranked, strict=True) if sample.voice in voices]
    right = [100 * sum(bool(set(ids[:n]) & set(s.expected.ids)) for s, ids in group) / max(len(group), 1) for n in (1, 3)]
    return f"{right[0]:.1f} / {right[1]:.1f} %"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=_EPOCHS, help="of DIET; Rasa's own file says 100")
    parser.add_argument("--parse", nargs=3, metavar=("MODEL", "MESSAGES", "OUT"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
