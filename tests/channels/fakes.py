"""An engine that says what it was asked, and services around it: everything else is the real thing."""

import asyncio
import random
import threading
from dataclasses import dataclass, field
from typing import Any

from api.wiring import Services
from bot.engine import Draft, Message, QuickReply, Reply, Utterance


class Engine:
    """Answers « X » with « Réponse à X »; some words do more. ``remembered`` holds what was committed."""

    def __init__(self, sessions: Any = None) -> None:
        self.asked: list[Message] = []
        self.remembered: list[str] = []
        self.seconds = 0.0
        self.failures = 0

    async def respond(self, message: Message) -> Reply:
        self.asked.append(message)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the engine fails")
        await asyncio.sleep(self.seconds)
        if message.text == "urgence":
            return Reply(message.conversation_id, "emergency", (Utterance("Appelez tout de suite le 15 (Samu) ou le 112."),))
        if message.text == "long":
            return Reply(message.conversation_id, "answer", (Utterance("\n".join(f"Une phrase numéro {n} à lire." for n in range(40))),))
        if message.text == "choix":
            quick = tuple(QuickReply(title, f"payload {title}") for title in ("Permis", "Vélo"))
            return Reply(message.conversation_id, "clarify", (Utterance("Lequel ?", quick),))
        return Reply(message.conversation_id, "answer", (Utterance(f"Réponse à {message.text}"),))

    async def compose(self, message: Message) -> Draft:
        reply = await self.respond(message)
        return Draft(reply, lambda _session: self.remembered.append(message.text))

    async def transcript(self, conversation_id: str) -> tuple:
        return ()

    async def erase(self, conversation_id: str) -> None:
        return

    def catch_up(self) -> int:
        return 0

    def is_ready(self) -> bool:
        return True


@dataclass
class Still:
    """In the place of the search and of the watch over models."""

    calls: list[Any] = field(default_factory=list)
    version: int = 1

    def is_ready(self) -> bool:
        return True

    def look(self) -> None:
        return

    def forget(self) -> None:
        return


def fake_services(settings: Any, knowledge: tuple) -> Services:
    database, factory, store = knowledge
    return Services(settings, factory, store, "k" * 32, database, Still(), Engine(), Still())  # type: ignore[arg-type]


class FakeTwilio:
    """The part of Twilio's REST API that we use, with its documented answers; ``behave`` is a queue of ways to misbehave.

    Each is "ok", "created_then_500", "created_then_silence", "silence", "told_before_the_answer", or (status, body, headers).
    """

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.behave: list[Any] = []
        self.seen: list[dict[str, str]] = []
        self.lock = threading.Lock()
        self.tell: Any = None  # calls the StatusCallback of a message, where a test has it do so
        self.slow = 0.0  # seconds at most, before and after a message is created

    def app(self) -> Any:
        import base64
        import datetime as dt
        from email.utils import format_datetime

        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from starlette.requests import ClientDisconnect

        app = FastAPI()
        path = "/2010-04-01/Accounts/AC123/Messages.json"

        @app.get("/readyz")
        def readyz() -> dict[str, str]:
            return {}

        @app.post(path, response_model=None)
        async def create(request: Request) -> JSONResponse:
            assert request.headers["authorization"] == "Basic " + base64.b64encode(b"AC123:token").decode()
            try:
                form = {key: str(value) for key, value in (await request.form()).items()}
            except ClientDisconnect:  # its worker was killed
                return JSONResponse({}, 400)
            with self.lock:
                self.seen.append(form)
                way = self.behave.pop(0) if self.behave else "ok"
            await asyncio.sleep(random.uniform(0, self.slow))
            if isinstance(way, tuple):
                return JSONResponse(way[1], way[0], headers=way[2])
            if way != "silence":
                sid = f"SM{len(self.created):032x}"
                now = format_datetime(dt.datetime.now(dt.timezone.utc))
                message = {"sid": sid, "to": form["To"], "body": form["Body"], "direction": "outbound-api", "date_created": now}
                more = {"status": "queued", "error_code": None, "date_sent": None, "callback": form.get("StatusCallback")}
                self.created.append(message | more)
            if way == "told_before_the_answer":
                await self.tell(self.created[-1], form["StatusCallback"])
            await asyncio.sleep(random.uniform(0, self.slow))
            if "silence" in way:
                await asyncio.sleep(1.5)
            if way == "created_then_500":
                return JSONResponse({"code": 20500, "message": "Internal Server Error", "status": 500}, 500)
            return JSONResponse(self.created[-1] if self.created else {}, 201)

        @app.get(path, response_model=None)
        def listed(request: Request) -> dict[str, Any]:
            """Newest first, a page; the filters by ``DateSent`` leave out what has no date of sending yet."""
            wanted = request.query_params
            dated = any(name.startswith("DateSent") for name in wanted)
            found = [one for one in reversed(self.created) if one["to"] == wanted["To"] and (one["date_sent"] or not dated)]
            return {"messages": found[: int(wanted.get("PageSize", 50))]}

        return app

    def bodies(self) -> list[str]:
        return [one["body"] for one in self.created]
