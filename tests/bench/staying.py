"""``python -m tests.bench.staying``: fit the weights of ``actions/staying.py`` on the tuning conversations.

Holds them with the real engine and reads the signs of every message that was sent while an action was spoken of and
whose right answer is known: about that action, or not. Each file is also left out in turn and asked; the table is for docs/nlu.md.
A file given as an argument is only asked.
"""

import asyncio
import json
import sys
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasa.core.channels.channel import UserMessage
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from actions import staying
from api.wiring import Services, open_services
from bot.engine import Message, Reply
from bot.evaluation import SettableClock, load_conversations, vocabulary_of
from bot.evaluation.conversations import Conversation, Turn
from bot.training import ensure_model
from knowledge.opening import secret_key
from knowledge.settings import ROOT, Settings

_CALM = {"answer", "clarify"}


@dataclass(frozen=True)
class Asked:
    """A message in the middle of a conversation: its signs, whether it was about what was spoken of, and what the engine made of it."""

    file: str
    values: tuple[float, ...]
    about_it: bool
    answered_about_it: bool


def main(arguments: list[str]) -> int:
    tuning = sorted((ROOT / "nlu" / "evaluation" / "tuning").glob("conversations-*.yml"))
    with tempfile.TemporaryDirectory() as folder:
        services, clock = _opened(Path(folder))
        asked = asyncio.run(_read(services, clock, tuning))
        unseen = asyncio.run(_read(services, clock, map(Path, arguments))) if arguments else []
    for file in sorted({one.file for one in asked}):
        _say(file, _fit([one for one in asked if one.file != file]), [one for one in asked if one.file == file])
    fitted = _fit(asked)
    if unseen:
        _say("given", fitted, unseen)
    scale, model = fitted[0], fitted[-1]
    weights = model.coef_[0] / scale.scale_
    bias = float(model.intercept_[0] - weights @ scale.mean_)
    kept = {"bias": round(bias, 3), "weights": {sign: round(float(w), 3) for sign, w in zip(staying.SIGNS, weights, strict=True)}}
    staying.WEIGHTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(asked)} messages; written: {staying.WEIGHTS.relative_to(ROOT)}")
    return 0


def _opened(folder: Path) -> tuple[Services, SettableClock]:
    key = secret_key(Settings(var_dir=ROOT / "var"))
    model = ensure_model(ROOT / "var", key, print)
    (folder / "models").mkdir()
    for path in model.parent.glob(f"{model.name}*"):
        (folder / "models" / path.name).symlink_to(path)
    (folder / "secret_key").write_text(key)
    clock = SettableClock()
    return open_services(Settings(var_dir=folder), now=clock), clock


async def _read(services: Services, clock: SettableClock, files: Iterable[Path]) -> list[Asked]:
    found: list[Asked] = []
    for conversation in load_conversations(files, vocabulary_of(services.store.current())):
        clock.set(conversation.at)
        found += await _hold(services, conversation)
        clock.set(None)
    return found


async def _hold(services: Services, conversation: Conversation) -> list[Asked]:
    engine, sender, found = services.engine, f"staying-{uuid.uuid4().hex}", list[Asked]()
    before: tuple[str, ...] = ()
    for turn in conversation.turns:
        if not turn.say:
            break
        tracker = await engine._agent.tracker_store.retrieve(sender)
        current = tracker.get_slot("current_action") if tracker else None
        about_it = _about(turn, current) if current in before else None
        values: tuple[float, ...] = ()
        if about_it is not None:
            parsed = await engine._agent.processor.parse_message(UserMessage(turn.say, sender_id=sender), tracker)
            intents = {intent["name"]: intent["confidence"] for intent in parsed.get("intent_ranking") or []}
            values = staying.signs(turn.say, intents, current, services.search, services.store.current())
        reply: Reply = await engine.respond(Message(sender, turn.say))
        if about_it is not None:
            found.append(Asked(conversation.path.stem, values, about_it, reply.outcome in _CALM and reply.actions[:1] == (current,)))
        before = () if "emergency" in turn.outcome else turn.first or before
    await engine.erase(sender)
    return found


def _about(turn: Turn, current: str | None) -> bool | None:
    """True when the right answer is about ``current``, False for another action or the outside, None when it cannot be told."""
    if turn.outcome == ("out_of_scope",):
        return False
    return current in turn.first if turn.first and set(turn.outcome) <= _CALM else None


def _fit(asked: list[Asked]) -> list:
    rows, truth = np.array([one.values for one in asked]), np.array([one.about_it for one in asked])
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000)).fit(rows, truth)


def _say(name: str, fitted: list, asked: list[Asked]) -> None:
    truth = np.array([one.about_it for one in asked])
    alone = fitted.predict(np.array([one.values for one in asked]))
    engine = np.array([one.answered_about_it for one in asked])
    shares = f"the weights alone {np.mean(alone == truth):.1%}, the engine as it is {np.mean(engine == truth):.1%}"
    print(f"{name}: {len(asked)} messages; {shares}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
