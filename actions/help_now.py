"""An emergency: the right number, first, whatever was spoken of before."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import DirectoryAction, entity, text_of, utter
from nlu.french.distress import read_distress
from nlu.french.ellipsis import subject_words

_INTENT, _KIND, _ANY = "emergency", "emergency_kind", "general"


class ActionHelpNow(DirectoryAction):
    action_name = "action_help_now"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict) -> list[EventType]:
        text = text_of(tracker)
        # « vite ! » says nothing of what happens: it is still about what was said before.
        vague = not subject_words(text) and read_distress(text) is None
        _help(dispatcher, (vague and _kind_before(tracker)) or entity(tracker, _KIND))
        # Nothing of before may colour what is said next; it can be named again (« et pour le stage ? »).
        return [SlotSet(name, None) for name in ("current_action", "shown", "seen", "need_text")] + [SlotSet("misunderstood", 0)]


def help_again(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Say the number once more when the message before was an emergency (« quel numéro ? »)."""
    kind = _kind_before(tracker)
    if kind:
        _help(dispatcher, kind)
    return bool(kind)


def _kind_before(tracker: Tracker) -> str | None:
    """The kind of emergency that the message before this one spoke of, else None."""
    said = [event["parse_data"] for event in tracker.events if event.get("event") == "user"]
    if len(said) < 2 or said[-2]["intent"]["name"] != _INTENT:
        return None
    return next((e["value"] for e in said[-2]["entities"] if e["entity"] == _KIND), _ANY)


def _help(dispatcher: CollectingDispatcher, kind: str | None) -> None:
    utter(dispatcher, f"say_emergency_{(kind or _ANY).replace('-', '_')}")
