"""What an edit does to « verified on »: it covers a whole sheet, and holds only as long as the facts stand."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from knowledge.editing.basis import OURS


def verified_after(before: Mapping[str, Any] | None, after: Mapping[str, Any], by: str, today: dt.date, whole: bool) -> dict[str, Any]:
    """Return the sheet ``after`` with when and by whom it was verified.

    ``whole``: ``by`` says that they checked the whole sheet today. Else a date of before falls away when a fact changed
    (one of today stays: who verifies mends what they find), and whatever else was typed there stays.
    """
    if whole:
        return {**after, "verified_on": today.isoformat(), "verified_by": by}
    old = (before or {}).get("verified_on")
    if not old or after.get("verified_on") != old or old == today.isoformat() or _facts(before or {}) == _facts(after):
        return dict(after)
    return {**after, "verified_on": None, "verified_by": None}


def _facts(sheet: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sheet.items() if name not in OURS and value not in (None, "", [], {})}
