"""Meta on loopback: a server of the Graph API, and the hooks that it calls.

It takes what the documentation says that it takes (token, proof, limits of each message), answers errors in the
documented shape, loses answers, and tells later what became of a message. It calls webhooks as Meta does: signed over
escaped bytes, again and again until it hears 200, in batches, out of order, late.
"""

import asyncio
import datetime as dt
import hashlib
import hmac
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import graph_events as e
import httpx
from graph_limits import messenger_problems, whatsapp_problems
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

VERSION = "v24.0"


@dataclass
class Fault:
    """What happens to one call. ``taken``: the message goes out all the same. ``seconds``: the answer comes so late."""

    status: int = 200
    code: int | None = None
    subcode: int | None = None
    page: str | None = None  # a gateway's own page instead of JSON
    headers: dict[str, str] = field(default_factory=dict)
    taken: bool = False
    seconds: float = 0


@dataclass(frozen=True)
class Taken:
    """One message that went out to a person."""

    to: str
    body: dict[str, Any]
    id: str
    key: str
    at: float

    @property
    def text(self) -> str:
        body = self.body
        return body.get("text", {}).get("body", "") if isinstance(body.get("text"), dict) else body.get("text", "")


class Platform:
    """Both platforms. ``hook``: where our application is, once it runs."""

    def __init__(self) -> None:
        self.messages: list[Taken] = []
        self.marks: list[tuple[str, str]] = []
        self.refused: list[tuple[dict[str, Any], list[str]]] = []
        self.faults: deque[Fault] = deque()
        self.hook = ""
        self.tells = True
        # One for all calls, without the certificates that plain HTTP needs none of: to load them takes longer than a call.
        self._caller = httpx.Client(timeout=10, verify=False)
        self._telling: list[threading.Thread] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self.app = Starlette(
            routes=[
                Route("/readyz", lambda _request: PlainTextResponse("ready")),
                Route(f"/{VERSION}/{{owner}}/messages", self._message, methods=["POST"]),
                Route(f"/{VERSION}/{{owner}}/conversations", self._conversations),
            ]
        )

    # What people got

    def to(self, person: str) -> list[Taken]:
        with self._lock:
            return [taken for taken in self.messages if taken.to == person]

    def wait_for(self, enough: Callable[[], Any], seconds: float = 20) -> Any:
        """Return what ``enough`` returns as soon as it is true."""
        deadline = time.monotonic() + seconds
        while not (found := enough()):
            assert time.monotonic() < deadline, f"never came: {self.messages} {self.refused}"
            time.sleep(0.02)
        return found

    def finish(self) -> None:
        """Wait until everything was told."""
        while self._telling:
            self._telling.pop().join(10)

    def close(self) -> None:
        self.finish()
        self._caller.close()

    # The Graph API

    async def _message(self, request: Request) -> Response:
        if refusal := self._unauthorized(request):
            return refusal
        try:
            body = await request.json()
        except ClientDisconnect:  # whoever called died before all was said
            return Response(status_code=400)
        if "sender_action" in body:
            self.marks.append((body["recipient"]["id"], body["sender_action"]))
            return JSONResponse({"recipient_id": body["recipient"]["id"]})
        if body.get("status") == "read":
            self.marks.append((body["message_id"], "read"))
            return JSONResponse({"success": True})
        fault = self.faults.popleft() if self.faults else Fault()
        problems = self._problems(request.path_params["owner"], body)
        if problems:
            self.refused.append((body, problems))
            return _error(400, 100, None, "; ".join(problems))
        went = fault.taken or fault.status == 200
        taken = self._take(body) if went else None
        if taken and self.tells:
            telling = threading.Thread(target=self._tell, args=(taken,), daemon=True)
            telling.start()
            self._telling.append(telling)
        await asyncio.sleep(fault.seconds)
        if fault.page is not None:
            return Response(fault.page, fault.status, {"content-type": "text/html"})
        if fault.status != 200:
            return _error(fault.status, fault.code or 1, fault.subcode, "…", fault.headers)
        assert taken
        if "messaging_product" in body:
            contact = {"input": taken.to, "wa_id": taken.to}
            return JSONResponse({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": taken.id}]})
        return JSONResponse({"recipient_id": taken.to, "message_id": taken.id})

    async def _conversations(self, request: Request) -> Response:
        if refusal := self._unauthorized(request):
            return refusal
        person = request.query_params["user_id"]
        found = [
            {
                "id": one.id,
                "created_time": dt.datetime.fromtimestamp(int(one.at), dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "from": {"name": "La page", "id": e.PAGE},
                "message": one.text,
            }
            for one in reversed(self.to(person))
        ]
        return JSONResponse({"data": [{"id": "t_1", "messages": {"data": found[:25]}}]})

    def _unauthorized(self, request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token != e.TOKEN.get_secret_value():
            return _error(401, 190, None, "Invalid OAuth access token.")
        proof = hmac.new(e.SECRET.get_secret_value().encode(), token.encode(), hashlib.sha256).hexdigest()
        return None if request.query_params.get("appsecret_proof") == proof else _error(400, 100, None, "Invalid appsecret_proof")

    def _problems(self, owner: str, body: dict[str, Any]) -> list[str]:
        if "messaging_product" in body:
            ours = owner == e.NUMBER and body["messaging_product"] == "whatsapp" and ("to" in body) != ("recipient" in body)
            return whatsapp_problems(body) if ours else ["neither our number nor a recipient"]
        ours = owner == e.PAGE and body.get("messaging_type") == "RESPONSE" and set(body["recipient"]) == {"id"}
        return messenger_problems(body["message"]) if ours else ["neither our page nor a recipient"]

    def _take(self, body: dict[str, Any]) -> Taken:
        with self._lock:
            if "messaging_product" in body:
                to, content, key = body.get("to") or body["recipient"], body, body.get("biz_opaque_callback_data", "")
                taken = Taken(to, content, f"wamid.out.{next(self._ids)}", key, time.time())
            else:
                message = body["message"]
                taken = Taken(body["recipient"]["id"], message, f"m_out.{next(self._ids)}", message.get("metadata", ""), time.time())
            self.messages.append(taken)
            return taken

    # The hooks

    def _tell(self, taken: Taken) -> None:
        """An echo; or the statuses, which come in any order."""
        if not self.hook:
            return
        if taken.id.startswith("m_"):
            self.call("messenger", e.page([e.echo(taken.id, taken.text, taken.key, taken.to)]))
        else:
            for state in ("delivered", "sent", "read"):
                self.call("whatsapp", e.account(e.value(statuses=[e.status(taken.id, state, taken.key, to=taken.to)])))

    def call(self, channel: str, events: dict[str, Any], tries: int = 20, secret: Any = e.SECRET) -> httpx.Response:
        """Call a hook until it says 200, as Meta does (and less patiently); return its last answer."""
        body = e.raw(events)
        for _ in range(tries):
            try:
                answer = self._caller.post(f"{self.hook}/channels/{channel}", content=body, headers=e.headers(body, secret))
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code != 503:
                return answer
            time.sleep(0.1)
        raise AssertionError("the hook never answered")


def _error(status: int, code: int, subcode: int | None, message: str, headers: dict[str, str] | None = None) -> Response:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A_bcD1efGhij"}
    return JSONResponse({"error": error | ({"error_subcode": subcode} if subcode else {})}, status, headers)


def batches(events: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(events), size):
        yield events[start : start + size]
