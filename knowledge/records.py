"""Between the files' records (``knowledge.schema``) and the tables (``knowledge.models``), both ways.

``insert(session, files)`` then ``select_all(session)`` gives back equal records; a test holds that.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from knowledge import models, schema
from knowledge.files import DirectoryFiles
from knowledge.models import stable_id

# The columns that carry the same name and value in a record and in its row.
_ACTION = [
    "kind",
    "title",
    "official_title",
    "summary",
    "description",
    "steps",
    "content",
    "duration",
    "frequency",
    "group_size",
    "levels",
    "level_text",
    "diploma",
    "languages",
    "partners",
    "thematiques",
    "keywords",
    "status_text",
    "next_edition",
    "volet",
    "section",
    "programme_year",
    "verified_on",
    "verified_by",
]
_ORGANISATION = ["name", "full_name", "aliases", "description"]
_PLACE = ["name", "address", "city", "postal_code", "quarter", "latitude", "longitude", "note"]
_CONTACT = ["kind", "value", "label", "public"]
_SCHEDULE = ["text", "osm", "confidence", "exceptions", "valid_from", "valid_to"]
_EVENT = ["title", "start", "end", "text"]
_AUDIENCE = ["text", "publics", "age_min", "age_max", "gender", "quarters", "conditions", "referral"]
_OWNED: list[tuple[str, type[schema.Record], type[models.Base], list[str]]] = [
    ("places", schema.Place, models.Place, _PLACE),
    ("contacts", schema.Contact, models.Contact, _CONTACT),
    ("schedules", schema.Schedule, models.Schedule, _SCHEDULE),
]


def _columns(record: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _source_id(slug: str) -> str:
    return stable_id("source", slug)


def delete_all(session: Session) -> None:
    """Empty the directory's tables, children first."""
    tables = [
        models.Question, models.ActionTheme, models.Event, models.Audience, models.Price, models.Place, models.Contact,
        models.Schedule, models.Action, models.Organisation, models.HelpNumber, models.OutsideTopic,
        models.BroadNeed, models.OrientationQuestion, models.Source,
    ]  # fmt: skip
    for table in tables:
        session.execute(sa.delete(table))


def insert(session: Session, files: DirectoryFiles) -> None:
    """Insert every record of ``files``; the caller owns the transaction."""
    rows: dict[type[models.Base], list[dict]] = defaultdict(list)
    for source in files.sources:
        names = ["title", "url", "published", "published_note", "primary"]
        rows[models.Source].append({"id": _source_id(source.id), "slug": source.id, **_columns(source, names)})
    position = 0
    for file in files.organisations:
        organisation = file.organisation
        organisation_id = stable_id("organisation", organisation.id)
        rows[models.Organisation].append(
            {"id": organisation_id, "slug": organisation.id, "source_id": _source_id(organisation.source)}
            | _columns(organisation, _ORGANISATION)
        )
        _owned_rows(rows, organisation, organisation_id, "organisation_id")
        for action in file.actions:
            _action_rows(rows, action, organisation_id, position)
            position += 1
    for i, number in enumerate(files.help_numbers):
        rows[models.HelpNumber].append(
            {"id": stable_id("help", number.id), "slug": number.id, "position": i, "source_id": _source_id(number.source)}
            | _columns(number, ["number", "name", "for_whom", "how", "kinds"])
        )
    for i, topic in enumerate(files.outside):
        rows[models.OutsideTopic].append(
            {"id": stable_id("outside", topic.id), "slug": topic.id, "position": i} | _columns(topic, ["title", "door", "questions"])
        )
    for i, broad in enumerate(files.broad_needs):
        rows[models.BroadNeed].append(
            {"id": stable_id("broad", broad.id), "slug": broad.id, "position": i} | _columns(broad, ["actions", "questions"])
        )
    for i, question in enumerate(files.orientation):
        rows[models.OrientationQuestion].append(
            {"id": stable_id("orientation", question.id), "slug": question.id, "position": i, "ask": question.ask,
             "choices": [choice.dict() for choice in question.choices], "unsure": question.unsure}
        )  # fmt: skip
    for table in sorted(rows, key=lambda table: _ORDER.index(table.__tablename__)):
        session.execute(sa.insert(table), rows[table])


_ORDER = [table.name for table in models.Base.metadata.sorted_tables]


def _action_rows(rows: dict, action: schema.Action, organisation_id: str, position: int) -> None:
    action_id = stable_id("action", action.id)
    rows[models.Action].append(
        {"id": action_id, "slug": action.id, "position": position, "organisation_id": organisation_id,
         "status": action.status.value, "source_id": _source_id(action.source)} | _columns(action, _ACTION)
    )  # fmt: skip
    if action.audience:
        rows[models.Audience].append({"action_id": action_id} | _columns(action.audience, _AUDIENCE))
    if action.price:
        rows[models.Price].append(
            {"action_id": action_id, "source_id": _source_id(action.price.source)} | _columns(action.price, ["frais", "text"])
        )
    for i, theme in enumerate(action.themes):
        rows[models.ActionTheme].append({"action_id": action_id, "theme": theme, "position": i})
    for i, event in enumerate(action.events):
        rows[models.Event].append(
            {"id": stable_id("event", action_id, i), "action_id": action_id, "position": i, "source_id": _source_id(event.source)}
            | _columns(event, _EVENT)
        )
    for i, (voice, text) in enumerate(action.questions.all()):
        rows[models.Question].append(
            {"id": stable_id("question", action_id, i), "action_id": action_id, "position": i, "voice": voice, "text": text}
        )
    _owned_rows(rows, action, action_id, "action_id")


def _owned_rows(rows: dict, owner: Any, owner_id: str, owner_column: str) -> None:
    for name, _, table, columns in _OWNED:
        for i, record in enumerate(getattr(owner, name)):
            other = "organisation_id" if owner_column == "action_id" else "action_id"
            rows[table].append(
                {"id": stable_id(name, owner_id, i), owner_column: owner_id, other: None, "position": i,
                 "source_id": _source_id(record.source)} | _columns(record, columns)
            )  # fmt: skip


@dataclass(frozen=True)
class Records:
    """The whole directory, read back."""

    sources: list[schema.Source]
    organisations: list[schema.OrganisationFile]
    help_numbers: list[schema.HelpNumber]
    outside: list[schema.OutsideTopic]
    broad_needs: list[schema.BroadNeed] = field(default_factory=list)
    orientation: list[schema.OrientationQuestion] = field(default_factory=list)


def select_all(session: Session) -> Records:
    """Read every record: one query a table, then joined here (10,000 actions in a few seconds)."""
    slugs = {row.id: row.slug for row in _rows(session, models.Source)}
    owned = {name: _by_owner(session, name, slugs) for name, *_ in _OWNED}
    audiences = {row.action_id: schema.Audience.construct(**_columns(row, _AUDIENCE)) for row in _rows(session, models.Audience)}
    prices = {
        row.action_id: schema.Price.construct(source=slugs[row.source_id], **_columns(row, ["frais", "text"]))
        for row in _rows(session, models.Price)
    }
    themes, events, questions = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in _rows(session, models.ActionTheme, models.ActionTheme.position):
        themes[row.action_id].append(row.theme)
    for row in _rows(session, models.Event, models.Event.position):
        events[row.action_id].append(schema.Event.construct(source=slugs[row.source_id], **_columns(row, _EVENT)))
    for row in _rows(session, models.Question, models.Question.position):
        questions[row.action_id].append((row.voice, row.text))

    actions = defaultdict(list)
    for row in _rows(session, models.Action, models.Action.position):
        actions[row.organisation_id].append(
            schema.Action.construct(
                id=row.slug,
                status=schema.Status(row.status),
                source=slugs[row.source_id],
                audience=audiences.get(row.id),
                price=prices.get(row.id),
                themes=themes[row.id],
                events=events[row.id],
                questions=_questions(questions[row.id]),
                **_owned_by(owned, row.id),
                **_columns(row, _ACTION),
            )
        )
    return Records(
        sources=[
            schema.Source.construct(id=row.slug, **_columns(row, ["title", "url", "published", "published_note", "primary"]))
            for row in _rows(session, models.Source)
        ],
        organisations=[
            schema.OrganisationFile.construct(
                organisation=schema.Organisation.construct(
                    id=row.slug,
                    source=slugs[row.source_id],
                    **_owned_by(owned, row.id),
                    **_columns(row, _ORGANISATION),
                ),
                actions=actions[row.id],
            )
            for row in _rows(session, models.Organisation)
        ],
        help_numbers=[
            schema.HelpNumber.construct(
                id=row.slug, source=slugs[row.source_id], **_columns(row, ["number", "name", "for_whom", "how", "kinds"])
            )
            for row in _rows(session, models.HelpNumber, models.HelpNumber.position)
        ],
        outside=[
            schema.OutsideTopic.construct(id=row.slug, **_columns(row, ["title", "door", "questions"]))
            for row in _rows(session, models.OutsideTopic, models.OutsideTopic.position)
        ],
        broad_needs=[
            schema.BroadNeed.construct(id=row.slug, **_columns(row, ["actions", "questions"]))
            for row in _rows(session, models.BroadNeed, models.BroadNeed.position)
        ],
        orientation=[
            schema.OrientationQuestion.construct(
                id=row.slug, choices=[schema.Choice.construct(**choice) for choice in row.choices], **_columns(row, ["ask", "unsure"])
            )
            for row in _rows(session, models.OrientationQuestion, models.OrientationQuestion.position)
        ],
    )


def _rows(session: Session, table: type[models.Base], order: Any = None) -> list[Any]:
    columns = table.__table__.columns  # type: ignore[attr-defined]
    order = order if order is not None else columns.get("slug", list(table.__table__.primary_key)[0])  # type: ignore[attr-defined]
    return session.execute(sa.select(*columns).order_by(order)).all()


def _by_owner(session: Session, name: str, slugs: dict[str, str]) -> dict[str, list]:
    _, record, table, columns = next(entry for entry in _OWNED if entry[0] == name)
    found: dict[str, list] = defaultdict(list)
    for row in _rows(session, table, table.position):  # type: ignore[attr-defined]
        found[row.action_id or row.organisation_id].append(record.construct(source=slugs[row.source_id], **_columns(row, columns)))
    return found


def _owned_by(owned: dict[str, dict[str, list]], owner_id: str) -> dict[str, Any]:
    return {name: by_owner[owner_id] for name, by_owner in owned.items()}


def _questions(pairs: list[tuple[str, str]]) -> schema.Questions:
    by_voice: dict[str, Any] = {voice: [] for voice in schema.Questions.__fields__}
    for voice, text in pairs:
        by_voice[voice].append(text)
    return schema.Questions.construct(**by_voice)


def canonical(files: DirectoryFiles) -> str:
    """One JSON text per content: equal texts mean the same directory."""
    content = {
        "sources": sorted((json.loads(s.json()) for s in files.sources), key=lambda s: s["id"]),
        "organisations": [json.loads(f.json()) for f in files.organisations],
        "help_numbers": [json.loads(n.json()) for n in files.help_numbers],
        "outside": [json.loads(t.json()) for t in files.outside],
        "broad_needs": [json.loads(b.json()) for b in files.broad_needs],
        "orientation": [json.loads(q.json()) for q in files.orientation],
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
