"""Who needs a sheet: what cannot be archived while others refer to it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge import models
from knowledge.doors import COUNTER, TOWN_HALL
from knowledge.leading import leads_nowhere, names, narrowed
from knowledge.records import select_leading
from knowledge.rows import KINDS

# Help numbers that the wording of emergencies names (bot/domain/responses); a test holds both together.
EMERGENCY_NUMBERS = frozenset({
    "samu-15", "police-17", "pompiers-18", "urgence-112", "urgence-114", "samu-social-115", "enfance-119", "violences-femmes-3919",
    "suicide-3114", "cyber-3018", "victimes-116006",
})  # fmt: skip


def users(session: Session, kind: str, slug: str) -> list[tuple[str, str]]:
    """(kind, id) of the sheets that refer to this one, in order of kind and id."""
    row_id = KINDS[kind].row_id(slug)
    if kind == "organisation":
        run = session.execute(sa.select(models.Action.slug).where(models.Action.organisation_id == row_id).order_by(models.Action.slug))
        return [("action", action) for action in run.scalars()]
    if kind == "action":
        return _asked_with(session, slug)
    if kind != "source":
        return []
    found: set[tuple[str, str]] = set()
    for user, entry in KINDS.items():
        columns = entry.table.columns
        if "source_id" in columns:
            found |= {(user, of) for of in session.execute(sa.select(columns.slug).where(columns.source_id == row_id)).scalars()}
        if "further_sources" in columns:
            rows = session.execute(sa.select(columns.slug, columns.further_sources))
            found |= {(user, row.slug) for row in rows if slug in row.further_sources}
        for part in entry.owned:
            part_columns = part.columns
            if "source_id" in part_columns:
                owned = sa.select(columns.slug).join(part, part_columns[entry.owner] == columns.id).where(part_columns.source_id == row_id)
                found |= {(user, of) for of in session.execute(owned).scalars()}
    return sorted(found)


def is_last_door(session: Session, action_id: str) -> bool:
    """Is it the counter, or all that is left of the town hall? Whom nothing else can help is sent there."""
    if action_id == COUNTER:
        return True
    town_hall = KINDS["organisation"].row_id(TOWN_HALL)
    left = session.execute(sa.select(models.Action.slug).where(models.Action.organisation_id == town_hall))
    return list(left.scalars()) == [action_id]


def _asked_with(session: Session, action_id: str) -> list[tuple[str, str]]:
    """The broad needs and the questions of the orientation that would lead nowhere without an action."""
    others = set(session.execute(sa.select(models.Action.slug).where(models.Action.slug != action_id)).scalars())
    leading = [(kind, record) for kind, record in select_leading(session) if names(record, action_id)]
    return sorted((kind, record.id) for kind, record in leading if leads_nowhere(narrowed(record, others)))
