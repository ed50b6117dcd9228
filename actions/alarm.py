"""What an emergency is answered with: the right number, and the same again when the next message is about it."""

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import utter

_INTENT, _KIND, _ANY = "emergency", "emergency_kind", "general"


def help_again(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Say the number once more when the message before was an emergency (« quel numéro ? »)."""
    kind = kind_before(tracker)
    if kind:
        say_help(dispatcher, kind)
    return bool(kind)


def kind_before(tracker: Tracker) -> str | None:
    """The kind of emergency that the message before this one spoke of, else None."""
    said = [event["parse_data"] for event in tracker.events if event.get("event") == "user"]
    if len(said) < 2 or said[-2]["intent"]["name"] != _INTENT:
        return None
    return next((e["value"] for e in said[-2]["entities"] if e["entity"] == _KIND), _ANY)


def say_help(dispatcher: CollectingDispatcher, kind: str | None) -> None:
    utter(dispatcher, f"say_emergency_{(kind or _ANY).replace('-', '_')}")
