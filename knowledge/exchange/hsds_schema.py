"""What HSDS 3.0 requires, as far as we write and read it. No package publishes its schema (none on PyPI or npm)."""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\d\d:\d\d.*")
_ADDRESSES = ("physical", "postal", "virtual")

# For each table its required fields, and the type of every field we know: a name, a pattern, or the values allowed.
REQUIRED: dict[str, tuple[str, ...]] = {
    "organization": ("id", "name", "description"),
    "service": ("id", "organization_id", "name", "status"),
    "location": ("id", "location_type"),
    "service_at_location": ("id", "service_id", "location_id"),
    "address": ("id", "address_1", "city", "state_province", "postal_code", "country", "address_type"),
    "phone": ("id", "number"),
    "contact": ("id",),
    "schedule": ("id",),
    "cost_option": ("id", "service_id"),
    "taxonomy_term": ("id", "name", "description"),
    "attribute": ("id", "link_id", "link_entity", "taxonomy_term_id"),
}
TYPES: dict[str, Any] = {
    **dict.fromkeys(("latitude", "longitude", "minimum_age", "maximum_age", "interval", "amount"), "number"),
    **dict.fromkeys(("valid_from", "valid_to", "assured_date"), _DATE),
    **dict.fromkeys(("opens_at", "closes_at"), _CLOCK),
    "freq": ("WEEKLY", "MONTHLY"),
    "location_type": _ADDRESSES,
    "address_type": _ADDRESSES,
}
_IDS = ("id", "organization_id", "service_id", "location_id", "link_id", "taxonomy_term_id")
_STATUSES = ("active", "inactive", "defunct", "temporarily closed")

# What is read besides, as texts.
_TEXTS = (
    "alternate_name",
    "website",
    "email",
    "url",
    "alert",
    "interpretation_services",
    "application_process",
    "eligibility_description",
    "fees_description",
    "option",
    "amount_description",
    "byday",
    "notes",
    "code",
    "taxonomy",
    "term_uri",
    "link_type",
    "value",
)
_READ = {*_TEXTS, *_IDS, *TYPES, *(field for required in REQUIRED.values() for field in required)}

Refusal = tuple[str, int | None, str, str, str, Mapping[str, Any]]


def refusals(content: Any) -> Iterator[Refusal]:
    """Yield (table, row, field, value, code, context) for everything in ``content`` that HSDS does not allow."""
    if not isinstance(content, dict):
        yield "", None, "", "", "type_error.dict", {}
        return
    for table, required in REQUIRED.items():
        records = content.get(table, [])
        if not isinstance(records, list):
            yield table, None, "", "", "type_error.list", {}
            continue
        for row, record in enumerate(records, 1):
            for field, code, context in _of_record(table, record, required):
                yield table, row, field, str(record.get(field, ""))[:200] if isinstance(record, dict) else "", code, context


def _of_record(table: str, record: Any, required: tuple[str, ...]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if not isinstance(record, dict):
        yield "", "type_error.dict", {}
        return
    for field in required:
        if record.get(field) is None:
            yield field, "value_error.missing", {}
    for field, value in record.items():
        if value is None or (isinstance(value, list | dict) and field not in _READ):  # tables nested in a record are not read
            continue
        expected = _STATUSES if (table, field) == ("service", "status") else TYPES.get(field, "text")
        if problem := _problem(field, value, expected):
            yield field, *problem


def _problem(field: str, value: Any, expected: Any) -> tuple[str, Mapping[str, Any]] | None:
    if expected == "number":
        return None if isinstance(value, int | float) and not isinstance(value, bool) else ("not_number", {})
    if not isinstance(value, str):
        return "type_error.str", {}
    if isinstance(expected, tuple) and value not in expected:
        return "value_error.const", {"permitted": list(expected)}
    if isinstance(expected, re.Pattern) and not expected.fullmatch(value):
        return "value_error.str.regex", {}
    if field in _IDS:
        try:
            uuid.UUID(value)
        except ValueError:
            return "not_uuid", {}
    return None
