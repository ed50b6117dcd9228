"""Somebody else saved the sheet meanwhile: both versions side by side, and what becomes of each field."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api.staff import forms
from api.staff.page import render
from knowledge.editing.history import at_revision
from knowledge.editing.merging import disagreements
from knowledge.editing.revisions import Revision


def conflict_page(
    request: Request, kind: str, address: str, content: Mapping[str, Any], draft: Mapping[str, Any], seen: int, theirs: Revision
) -> Response:
    """409: what was typed, what stands now, and a choice for each field that differs."""
    with request.app.state.services.sessions() as session:
        base = at_revision(session, kind, theirs.slug, seen) or {}
    return render(
        request, "upkeep/conflict.html", 409, page="upkeep", address=address, typed=content, theirs=theirs,
        mine=json.dumps({"content": content, "draft": draft}, ensure_ascii=False), named=forms.named,
        shown=forms.shown,
        fields=disagreements(base, content, _comparable(theirs.after, content)) if theirs.after else [],
    )  # fmt: skip


def _comparable(sheet: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The stored sheet with the fields that a form has."""
    return {name: value for name, value in sheet.items() if name in content}
