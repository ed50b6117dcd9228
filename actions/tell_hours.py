"""« Le jeudi après-midi ? », « c'est ouvert ? »: the hours, and the day or time asked about."""

import datetime as dt
from typing import Any

from rasa_sdk import Tracker

from actions.base import text_of
from actions.follow_up import FollowUp
from knowledge.directory import Entry
from knowledge.schedules import half_day
from nlu.french.person import Person, read_person

_WEEK = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
_PARTS = {
    "morning": (dt.time(8), dt.time(12)),
    "afternoon": (dt.time(13), dt.time(18)),
    "evening": (dt.time(18), dt.time(23)),
    None: (dt.time(0), dt.time(23, 59)),
}


class ActionTellHours(FollowUp):
    action_name, response = "action_tell_hours", "say_hours"

    def knows(self, entry: Entry) -> bool:
        if entry.action.kind == "faq":  # « c'est depuis quand ? » does not ask for the town hall's hours
            return bool(entry.action.schedules or entry.action.events)
        return bool(entry.schedules or entry.action.events or entry.action.frequency)

    def details(self, entry: Entry, tracker: Tracker) -> dict[str, Any]:
        asked = read_person(text_of(tracker))
        today = self.services.now().date()
        day = asked_day(asked, today)
        if day is None:
            return {}
        states = [(schedule.text, state.value) for schedule, state in half_day(entry.schedules, day, *_PARTS[asked.part])]
        return {"asked_day": day.isoformat(), "asked_part": asked.part, "asked_states": states}


def asked_day(asked: Person, today: dt.date) -> dt.date | None:
    """Return the day a question is about, today or later; None when it names none."""
    if asked.days:
        return today + dt.timedelta(days=(_WEEK.index(asked.days[0]) - today.weekday()) % 7)
    if asked.relative == "tomorrow":
        return today + dt.timedelta(days=1)
    if asked.relative == "weekend":
        return today + dt.timedelta(days=(5 - today.weekday()) % 7)
    return today if asked.relative == "today" else None
