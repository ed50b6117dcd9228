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
from typing import Any

import numpy as np
from rasa.core.channels.channel import UserMessage
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
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
# Found by leaving each file out: flat between 1 and 12. A turn of phrase that weighs less than this tells nothing.
_C, _LEAST = 3.0, 0.05


@dataclass(frozen=True)
class Asked:
    """A message in the middle of a conversation: text and signs, whether it was about what was spoken of, what the engine made of it."""

    file: str
    text: str
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
        _say(file, _Fitted([one for one in asked if one.file != file]), [one for one in asked if one.file == file])
    fitted = _Fitted(asked)
    if unseen:
        _say("given", fitted, unseen)
    staying.WEIGHTS.write_text(json.dumps(fitted.kept(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
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
            found.append(
                Asked(conversation.path.stem, turn.say, values, about_it, reply.outcome in _CALM and reply.actions[:1] == (current,))
            )
        before = () if "emergency" in turn.outcome else turn.first or before
    await engine.erase(sender)
    return found


def _about(turn: Turn, current: str | None) -> bool | None:
    """True when the right answer is about ``current``, False for another action or the outside, None when it cannot be told."""
    if turn.outcome == ("out_of_scope",):
        return False
    return current in turn.first if turn.first and set(turn.outcome) <= _CALM else None


class _Fitted:
    """The regression over the signs, standardised, and the turns of phrase that two messages have."""

    def __init__(self, asked: list[Asked]) -> None:
        self._scale = StandardScaler().fit([one.values for one in asked])
        self._phrases = CountVectorizer(analyzer=staying.turns_of_phrase, min_df=2, binary=True).fit([one.text for one in asked])
        self._model = LogisticRegression(C=_C, max_iter=5000).fit(self._rows(asked), [one.about_it for one in asked])

    def about_it(self, asked: list[Asked]) -> np.ndarray:
        """What it makes of these messages, shape (messages,)."""
        return self._model.predict(self._rows(asked))

    def kept(self) -> dict[str, Any]:
        """The weights, for signs as they are and turns of phrase divided by the root of how many a message has."""
        signs, phrases = np.split(self._model.coef_[0], [len(staying.SIGNS)])
        weights = signs / self._scale.scale_
        rounded = {phrase: round(float(phrases[at]), 2) for phrase, at in sorted(self._phrases.vocabulary_.items())}
        return {
            "bias": round(float(self._model.intercept_[0] - weights @ self._scale.mean_), 3),
            "weights": {sign: round(float(weight), 3) for sign, weight in zip(staying.SIGNS, weights, strict=True)},
            "phrases": {phrase: weight for phrase, weight in rounded.items() if abs(weight) >= _LEAST},
        }

    def _rows(self, asked: list[Asked]) -> csr_matrix:
        texts = [one.text for one in asked]
        said = self._phrases.transform(texts)
        many = np.array([len(staying.turns_of_phrase(text)) for text in texts])
        return hstack([self._scale.transform([one.values for one in asked]), said.multiply(1 / np.sqrt(many)[:, None])]).tocsr()


def _say(name: str, fitted: _Fitted, asked: list[Asked]) -> None:
    truth = np.array([one.about_it for one in asked])
    alone = fitted.about_it(asked)
    engine = np.array([one.answered_about_it for one in asked])
    shares = f"the weights alone {np.mean(alone == truth):.1%}, the engine as it is {np.mean(engine == truth):.1%}"
    print(f"{name}: {len(asked)} messages; {shares}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
