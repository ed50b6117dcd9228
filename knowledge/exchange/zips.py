"""Zip files that are always the same for the same content, and reading those of others with care."""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping

from knowledge.exchange.incoming import ExchangeRefused

_MOST_ENTRIES = 20_000
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of ``files`` in order of their names, without dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=9)
    return buffer.getvalue()


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Open a zip. Raises ExchangeRefused when it is none."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError):
        raise ExchangeRefused("not_a_zip") from None


def read_entries(archive: zipfile.ZipFile, names: re.Pattern, most_bytes: int) -> dict[str, bytes]:
    """Return every entry. Raises ExchangeRefused for a name that does not match ``names``, one that stands
    twice, an encrypted or damaged one, and as soon as more than ``most_bytes`` come out."""
    found: dict[str, bytes] = {}
    left = most_bytes
    if len(archive.infolist()) > _MOST_ENTRIES:
        raise ExchangeRefused("zip_too_large")
    for entry in archive.infolist():
        if not names.fullmatch(entry.filename) or entry.filename in found:
            raise ExchangeRefused("zip_unknown_entry", name=entry.filename[:80])
        try:
            with archive.open(entry) as stream:
                found[entry.filename] = stream.read(left + 1)  # the size that the entry declares may be wrong
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError, zlib.error):
            raise ExchangeRefused("zip_damaged") from None
        left -= len(found[entry.filename])
        if left < 0:
            raise ExchangeRefused("zip_too_large")
    return found
