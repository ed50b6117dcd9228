"""The formats that the directory leaves and enters in, by name."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from knowledge.exchange import archive, csv_files, data_inclusion, hsds, hsds_reading, inclusion_reading, workbook
from knowledge.exchange.incoming import ExchangeRefused, Incoming
from knowledge.exchange.tables import Content


@dataclass(frozen=True)
class Format:
    """One format. ``export(content, version)``; ``read(data, content, remove_absent)`` raises ExchangeRefused."""

    suffix: str
    media_type: str
    export: Callable[[Content, int], bytes]
    read: Callable[[bytes, Content, bool], Incoming]
    template: Callable[[], bytes] | None = None


FORMATS = {
    "archive": Format(".zip", "application/zip", archive.export, lambda data, _content, _remove: archive.read(data)),
    "xlsx": Format(
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda content, _version: workbook.export(content),
        workbook.read,
        workbook.template,
    ),
    "csv": Format(".zip", "application/zip", lambda content, _version: csv_files.export(content), csv_files.read, csv_files.template),
    "data-inclusion": Format(".json", "application/json", lambda content, _version: data_inclusion.export(content), inclusion_reading.read),
    "hsds": Format(".json", "application/json", lambda content, _version: hsds.export(content), hsds_reading.read),
}


def format_of(data: bytes) -> str:
    """The format that ``data`` is in, told from its content. Raises ExchangeRefused when it is none."""
    if data.startswith(b"PK"):
        return _format_of_zip(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return _format_of_json(data)
    return "csv"


def _format_of_zip(data: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError):
        raise ExchangeRefused("not_a_zip") from None
    if "manifest.json" in names:
        return "archive"
    return "xlsx" if "[Content_Types].xml" in names else "csv"


def _format_of_json(data: bytes) -> str:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise ExchangeRefused("json_broken") from None
    found = {"structures": "data-inclusion", "services": "data-inclusion", "organization": "hsds", "service": "hsds"}
    names = [found[name] for name in found if isinstance(content, dict) and name in content]
    if not names:
        raise ExchangeRefused("json_unknown")
    return names[0]
