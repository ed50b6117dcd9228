"""What leads to actions (broad needs, the orientation's questions) when some of them are archived.

The rows keep every id in its place, so that an action that is brought back is proposed again; readers get
only what is there.
"""

from collections.abc import Collection
from typing import TypeVar

from knowledge.schema import BroadNeed, OrientationQuestion

_FEWEST_CHOICES = 2

_Leading = TypeVar("_Leading", BroadNeed, OrientationQuestion)


def narrowed(record: _Leading, there: Collection[str]) -> _Leading:
    """Return ``record`` with only the actions that are ``there``, and without the answers that led only to others."""
    if isinstance(record, BroadNeed):
        return record.copy(update={"actions": _of(record.actions, there)})
    choices = [choice.copy(update={"actions": _of(choice.actions, there)}) for choice in record.choices]
    kept = [choice for choice in choices if choice.next or choice.actions]
    return record.copy(update={"unsure": _of(record.unsure, there), "choices": kept})


def leads_nowhere(record: BroadNeed | OrientationQuestion) -> bool:
    """True when too little is left of it to be asked or answered."""
    if isinstance(record, BroadNeed):
        return not record.actions
    return not record.unsure or len(record.choices) < _FEWEST_CHOICES


def led_to(record: BroadNeed | OrientationQuestion) -> set[str]:
    """The ids of the actions that it leads to."""
    if isinstance(record, BroadNeed):
        return set(record.actions)
    return {*record.unsure, *(action for choice in record.choices for action in choice.actions)}


def _of(actions: list[str], there: Collection[str]) -> list[str]:
    return [action for action in actions if action in there]
