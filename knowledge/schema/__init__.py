"""The shape of the YAML files in ``knowledge/data/``, as pydantic models.

One rule shapes everything here: a fact without a source is rejected. Every list item that a
resident could act on (contact, schedule, place, event, price) names the ``source`` it was read
in; the other facts of an action come from the action's own ``source``. What no source says is
left out, and stays unknown.

Field names follow data.inclusion v1 where it has them (``thematiques``, ``publics``,
``frais``); ``docs/knowledge-base.md`` gives the correspondence.
"""

from knowledge.schema.actions import Action, ActionSheet, Audience, Organisation, OrganisationFile, Public, Questions, Status, Theme
from knowledge.schema.facts import Contact, Event, Place, Price, Quarter, Record, Refused, Schedule, Slug, Source
from knowledge.schema.orientation import MOST_QUESTIONS, Choice, OrientationFile, OrientationQuestion
from knowledge.schema.shared import BroadNeed, BroadNeedsFile, HelpNumber, HelpNumbersFile, OutsideFile, OutsideTopic, SourcesFile

__all__ = [
    "Action",
    "ActionSheet",
    "Audience",
    "BroadNeed",
    "BroadNeedsFile",
    "Choice",
    "Contact",
    "Event",
    "HelpNumber",
    "HelpNumbersFile",
    "MOST_QUESTIONS",
    "Organisation",
    "OrganisationFile",
    "OrientationFile",
    "OrientationQuestion",
    "OutsideFile",
    "OutsideTopic",
    "Place",
    "Price",
    "Public",
    "Quarter",
    "Questions",
    "Record",
    "Refused",
    "Schedule",
    "Slug",
    "Source",
    "SourcesFile",
    "Status",
    "Theme",
]
