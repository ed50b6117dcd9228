"""Every import's end: what it would change, then all of it in one transaction, or nothing."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from knowledge import models
from knowledge.doors import doors_of
from knowledge.editing.usage import EMERGENCY_NUMBERS
from knowledge.exchange.absences import note_absences
from knowledge.exchange.changes import Comparison, compare
from knowledge.exchange.formats import FORMATS, format_of
from knowledge.exchange.incoming import ExchangeRefused, Incoming, Note
from knowledge.loader import store
from knowledge.records import select_all
from knowledge.version import take_turn

# How the history calls it: the work of people, which loading the files never undoes unasked.
IMPORTED = "import"


@dataclass(frozen=True)
class Report:
    """What an import changes, or would change."""

    format: str
    comparison: Comparison
    notes: tuple[Note, ...]


def dry_run(session: Session, data: bytes, remove_absent: bool = False) -> Report:
    """Say what importing ``data`` would change. Writes nothing. Raises ExchangeRefused with every refused value."""
    savepoint = session.begin_nested()
    report = _read(session, data, remove_absent)[1]
    savepoint.rollback()
    return report


def import_file(session: Session, data: bytes, by: str, remove_absent: bool = False) -> Report:
    """Import ``data`` in the caller's transaction and note the change of every sheet; nothing when nothing differs.

    ``by``: the name of who imports, for the history. ``remove_absent``: in the tables of a spreadsheet, rows
    that are not there are removed. Raises ExchangeRefused.
    """
    take_turn(session)
    incoming, report = _read(session, data, remove_absent)
    version = sa.select(models.DirectoryVersion)
    if report.comparison.changes or session.execute(version).scalar_one_or_none() is None:
        store(session, incoming.files, by=by, replace=True, change=IMPORTED)
        loaded = session.execute(version).scalar_one()
        loaded.version = max(loaded.version, incoming.version)
    return report


def _read(session: Session, data: bytes, remove_absent: bool) -> tuple[Incoming, Report]:
    name = format_of(data)
    content = select_all(session)
    incoming = FORMATS[name].read(data, content, remove_absent)
    comparison = compare(content, incoming.files)
    if any(c.table == "help_numbers" and c.kind == "removed" and c.key in EMERGENCY_NUMBERS for c in comparison.changes):
        raise ExchangeRefused("emergency_numbers")
    if doors_of(content.organisations) - doors_of(incoming.files.organisations):
        raise ExchangeRefused("last_door")
    notes = (*incoming.notes, *note_absences(session, incoming.absent))
    return incoming, Report(name, comparison, notes)
