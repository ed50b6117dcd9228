"""The Rasa adapter: an embedded agent, actions in process, wording by our own generator.

Nothing of Rasa leaves this module and its tracker store (a test holds it): to replace Rasa is to
write another ``DialogueEngine``.
"""

import datetime as dt
import logging
import re
import traceback
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy.engine import Engine

from bot.engine import OUTCOMES, Draft, Message, Outcome, QuickReply, Reply, Turn, Utterance
from bot.lean_imports import lean_imports
from bot.wording import Wording
from knowledge.cards import card
from knowledge.database import open_engine, sessions
from knowledge.directory import Directory, DirectoryStore
from knowledge.doors import COUNTER, TOWN_HALL
from knowledge.metrics import ENGINE_SECONDS
from knowledge.schedules import now_in_paris
from knowledge.settings import Settings

with lean_imports():
    from rasa.core.actions.action import RemoteAction
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import OutputChannel, UserMessage
    from rasa.core.lock_store import InMemoryLockStore, LockStore
    from rasa.core.nlg.generator import NaturalLanguageGenerator
    from rasa.shared.core.domain import Domain
    from rasa.utils.endpoints import EndpointConfig
    from rasa_sdk import Action
    from rasa_sdk.executor import ActionExecutor

    from bot.rasa_runner import read_in_context, run_lean
    from bot.rasa_shared_locks import shared_locks
    from bot.rasa_tracker_store import TrackerStore

logger = logging.getLogger(__name__)

_APOLOGY = "say_apology"
# What buttons send. Anything else that starts with a slash is a person's text.
_PAYLOAD = re.compile(
    r"/(?:ask_\w+|tell_more|other_proposal|compare|go_back|help"
    r'|choose_nth\{"action_id": "[a-z0-9-]{1,80}"\}|dont_know\{"choice": "[a-z0-9-]{1,80}:[0-9?]"\})'
)
# Stands for a message of slashes only, which Rasa would read as an unnamed intent.
_NO_WORDS = "?"


class Clock(Protocol):
    def __call__(self) -> dt.datetime: ...


class JinjaResponses(NaturalLanguageGenerator):
    """Renders responses with facts from the directory.

    Made by the engine with a store; or by stock Rasa (``nlg: type:`` in ``endpoints.yml``) with
    ``endpoint_config`` and ``domain``, and then it opens the directory by itself.
    """

    def __init__(
        self,
        endpoint_config: EndpointConfig | None = None,
        domain: Domain | None = None,
        store: DirectoryStore | None = None,
        now: Clock = now_in_paris,
    ) -> None:
        self._store = store or DirectoryStore(sessions(open_engine(Settings().database)))
        self._now = now
        self._wording = Wording()
        self._doors: tuple[Any, dict[str, Any]] = (None, {})

    async def generate(self, utter_action: str, tracker: Any, output_channel: str, **kwargs: Any) -> dict[str, Any] | None:
        return self.render(utter_action, output_channel, kwargs)

    def render(self, name: str, channel: str, data: dict[str, Any]) -> dict[str, Any]:
        directory, at = self._store.current(), self._now()
        moment = directory.version, at.replace(second=0, microsecond=0)  # what is open changes with the minute
        if moment != self._doors[0]:
            self._doors = moment, _doors(directory, moment[1])
        cards = [card(directory, directory.by_id[a], at) for a in data.get("shown") or [] if a in directory.by_id]
        return self._wording.render(name, channel, {**data, "cards": cards, **self._doors[1]})


def _doors(directory: Directory, at: dt.datetime) -> dict[str, Any]:
    """What any response may name: the doors of last resort, as an action whose card bears their contacts, and help numbers."""
    town_hall = next(iter(directory.of_organisations.get(TOWN_HALL, ())), None)
    pimms = directory.by_id.get(COUNTER)
    return {
        "pimms": card(directory, pimms, at) if pimms else None,
        "mairie": card(directory, town_hall, at) if town_hall else None,
        "help": {number.id: number for number in directory.help_numbers},
    }


class InProcessActions(EndpointConfig):
    """An action endpoint without a network: Rasa's request is answered by the SDK's executor."""

    def __init__(self, actions: Iterable[Action]) -> None:
        super().__init__(url=None)
        self._executor = ActionExecutor()
        for action in actions:
            self._executor.register_action(action)

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        return _LocalResult(await self._executor.run(kwargs["json"]) or {})


class _LocalResult(dict):
    """What our own executor answered; it has validated the events already."""


def _validate_remote_only(action: RemoteAction, result: Any) -> bool:
    return True if isinstance(result, _LocalResult) else _VALIDATE_REMOTE(action, result)


# Rasa holds every action's answer to a JSON schema that it builds and checks anew each time: half
# the time of a message (docs/performance.md). Answers that came over a network are still checked.
_VALIDATE_REMOTE = RemoteAction._validate_action_result
RemoteAction._validate_action_result = _validate_remote_only  # type: ignore[method-assign]


class Collector(OutputChannel):
    """Keeps what the agent says, whole (Rasa's stock channel splits texts on blank lines)."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.messages: list[dict[str, Any]] = []

    def name(self) -> str:  # type: ignore[override]  # a name per channel, so that wording can differ
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(message)


class RasaEngine:
    """The ``DialogueEngine`` over a trained Rasa model."""

    def __init__(
        self,
        model: Path,
        actions: Iterable[Action],
        store: DirectoryStore,
        database: Engine,
        redis_url: str | None = None,
        now: Clock = now_in_paris,
    ) -> None:
        quieten()
        self._responses = JinjaResponses(store=store, now=now)
        self._database = database
        self._tracker_store = TrackerStore(database)
        self._locks = _lock_store(redis_url)
        self._actions = InProcessActions(actions)
        with lean_imports():
            self._agent = self._load(model)

    def _load(self, model: Path) -> Agent:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Rasa's deprecations are not ours to mend
            agent = Agent.load(
                model_path=model,
                generator=self._responses,
                # Of its own: while Rasa loads a model it takes the domain, and with it every slot, from the store it is given.
                tracker_store=TrackerStore(self._database),
                lock_store=self._locks,
                action_endpoint=self._actions,
            )
        if agent.processor:
            run_lean(agent.processor)
            read_in_context(agent.processor)
        return agent

    def renew(self, model: Path) -> None:
        """Answer from another model from the next message on; until it is loaded, and for messages that are being
        answered, the present one stays. Conversations are in the database and their locks in one store: they go on.

        Raises ValueError for what is no model."""
        agent = self._load(model)
        if not agent.is_ready():
            raise ValueError(f"{model.name} is no model")
        self._agent = agent

    def is_ready(self) -> bool:
        return self._agent.is_ready()

    async def respond(self, message: Message) -> Reply:
        """Answer one message; an apology with outcome ``error`` when anything inside fails."""
        collector = Collector(message.channel)
        text = message.text if _PAYLOAD.fullmatch(message.text) else message.text.lstrip("/ ") or _NO_WORDS
        try:
            with ENGINE_SECONDS.labels(message.channel).time():
                await self._agent.handle_message(
                    UserMessage(text, collector, sender_id=message.conversation_id, input_channel=message.channel)
                )
        except Exception as error:  # a person must never be left without an answer
            # Where, but not the exception's text, which may quote what the person wrote.
            places = "".join(traceback.format_tb(error.__traceback__))
            logger.error("engine: a message failed (%s)\n%s", type(error).__name__, places)
        if not collector.messages:
            # Rasa swallows the failure of an action: silence is how it shows.
            logger.error("engine: no answer was produced; apologising")
            collector.messages.append(self._responses.render(_APOLOGY, message.channel, {}))
        return _reply(message.conversation_id, collector.messages)

    async def compose(self, message: Message) -> Draft:
        """Answer one message and hold back what Rasa would write of it."""
        with self._tracker_store.held_back() as rows:
            reply = await self.respond(message)
        return Draft(reply, lambda session: self._tracker_store.write(session, rows))

    async def parse(self, text: str) -> dict[str, Any]:
        """Intent, ranking and entities of ``text``, for evaluation."""
        return await self._agent.parse_message(text)

    async def transcript(self, conversation_id: str) -> tuple[Turn, ...]:
        """Return what was said in a conversation, oldest first."""
        turns: list[Turn] = []
        for event in self._tracker_store.spoken(conversation_id):
            if event["event"] == "user":
                turns.append(Turn(event["text"] or "", dt.datetime.fromtimestamp(event["timestamp"], dt.timezone.utc)))
            elif turns and event.get("text"):
                last, custom = turns[-1], (event.get("data") or {}).get("custom") or {}
                outcome, read = last.outcome or custom.get("outcome"), last.read or custom.get("read")
                turns[-1] = replace(last, outcome=outcome, read=read, answered=(*last.answered, event["text"]))
        return tuple(turns)

    async def erase(self, conversation_id: str) -> None:
        """Forget a conversation, after the messages of it that are being answered."""
        async with self._locks.lock(conversation_id):
            self._tracker_store.erase(conversation_id)
            # Rasa keeps in memory what it could not write.
            self._agent.tracker_store.fallback_tracker_store.store.pop(conversation_id, None)  # type: ignore[attr-defined]


def _reply(conversation_id: str, messages: list[dict[str, Any]]) -> Reply:
    custom = [message.get("custom") or {} for message in messages]
    outcome: Outcome = next((c["outcome"] for c in custom if c.get("outcome") in OUTCOMES), "error")
    actions = dict.fromkeys(a for c, m in zip(custom, messages, strict=True) for a in (m.get("shown") or c.get("actions") or []))
    said = tuple(
        Utterance(m["text"], tuple(QuickReply(b["title"], b["payload"]) for b in m.get("buttons") or [])) for m in messages if m.get("text")
    )
    read = next((c["read"] for c in custom if c.get("read")), None)
    return Reply(conversation_id, outcome, said, tuple(actions), read)


def _lock_store(redis_url: str | None) -> LockStore:
    return shared_locks(redis_url) if redis_url else InMemoryLockStore()


class _PlacesOnly(logging.Formatter):
    """Where a log line of Rasa came from, not what it says: its messages quote residents."""

    def format(self, record: logging.LogRecord) -> str:
        kind = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
        return f"{record.levelname.lower()}: {record.name}:{record.lineno}{kind}"


def quieten() -> None:
    """Keep residents' words out of Rasa's logs. Called before an agent loads."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        processors=[
            lambda _logger, _method, event: {"event": str(event.get("event", "")).split(" ")[0]},
            structlog.processors.KeyValueRenderer(),
        ],
    )
    # A line that cannot be written is lost; by default it would be quoted on standard error.
    logging.raiseExceptions = False
    handler = logging.StreamHandler()
    handler.setFormatter(_PlacesOnly())
    for name in ("rasa", "rasa_sdk"):
        library = logging.getLogger(name)
        library.handlers, library.propagate = [handler], False
        library.setLevel(logging.ERROR)
