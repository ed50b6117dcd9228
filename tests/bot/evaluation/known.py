"""An engine, a search and a directory of which every answer is known."""

from pathlib import Path
from types import SimpleNamespace

from bot.engine import Message, QuickReply, Reply, Utterance
from bot.evaluation import (
    Vocabulary,
)
from bot.evaluation.expected import Expected
from bot.evaluation.probe import Found, Seen
from bot.evaluation.sets import Sample
from knowledge.directory import Entry
from knowledge.schema import Action, Organisation, Questions

KNOWN = Vocabulary(frozenset({"velo", "couture", "papiers"}), frozenset({"medical", "fire"}), frozenset({"greet", "ask_price"}))


def entry_of(action_id: str, *phrasings: str) -> Entry:
    action = Action(
        id=action_id, title=action_id, summary=f"C'est {action_id}.", themes=["emploi"], source="s", questions=Questions(resident=phrasings)
    )
    return Entry(action, Organisation(id="asso", name="Asso", source="s"))


class KnownEngine:
    """Answers from a table; anything else is out of scope."""

    def __init__(self, replies: dict[str, tuple]) -> None:
        self.replies, self.heard, self.erased = replies, [], set()

    async def respond(self, message: Message) -> Reply:
        self.heard.append(message)
        outcome, actions, text, *buttons = (*self.replies.get(message.text, ("out_of_scope", (), "Je ne sais pas.")),)
        return Reply(message.conversation_id, outcome, (Utterance(text, tuple(QuickReply(*b) for b in buttons)),), tuple(actions))

    async def erase(self, conversation_id: str) -> None:
        self.erased.add(conversation_id)

    def is_ready(self) -> bool:
        return True


class ReadingEngine(KnownEngine):
    """Tells what it read, too."""

    async def parse(self, text: str) -> dict:
        entities = [{"entity": "emergency_kind", "value": "fire"}] if "brûle" in text else []
        return {"intent": {"name": "ask_price" if "prix" in text else "need"}, "entities": entities}


class KnownSearch:
    """Finds the bicycle, nearly surely."""

    def find(self, text: str, limit: int = 5) -> SimpleNamespace:
        hit = SimpleNamespace(entry=SimpleNamespace(id="velo"), confidence=0.95)
        return SimpleNamespace(hits=(hit,), best=hit, outside=0.02)


def seen_of(expected: Expected, outcome: str, actions=(), text="", path=Path("/x/a.csv"), message="bonjour") -> Seen:
    reply = Reply("c", outcome, (Utterance(text),), tuple(actions))
    return Seen(Sample(message, expected, "resident", path, 2), reply, Found(("velo",), 0.9, 0.1), None, 0.01, 0.01)


# A conversation, and what the engine answers in it.
GOOD = """
- name: a bicycle, then its contact
  at: 2026-11-26T15:00
  turns:
    - say: mon vélo est cassé
      outcome: [answer, clarify]
      first: velo
      shows: [velo, couture]
      hides: papiers
      says: ["LE  VÉLO d’occasion"]
      says_not: [piscine]
    - tap: le contact
      says: ["02 54"]
- name: hello
  turns:
    - say: bonjour
"""
SAID = {
    "mon vélo est cassé": ("answer", ("velo", "couture"), "Le vélo\u202fd'occasion", ("Le contact", "/ask_contact")),
    "/ask_contact": ("answer", ("velo",), "Appelez le 02\u00a054."),
    "bonjour": ("greet", (), "Bonjour"),
}
