"""The doors of last resort: who is named to whom nothing else can help. The code counts on both being there."""

from collections.abc import Iterable

from knowledge.schema import OrganisationFile

# An action: the counter where people help.
COUNTER = "pimms"
# An organisation: the first of its actions bears its contacts.
TOWN_HALL = "ville-de-blois"


def doors_of(organisations: Iterable[OrganisationFile]) -> frozenset[str]:
    """Which of the doors a directory has."""
    found = set()
    for file in organisations:
        found |= {COUNTER for action in file.actions if action.id == COUNTER}
        found |= {TOWN_HALL for _ in file.actions[:1] if file.organisation.id == TOWN_HALL}
    return frozenset(found)
