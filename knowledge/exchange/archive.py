"""The whole directory as one file: a zip of its YAML files and a manifest. The same directory gives the same bytes."""

import hashlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import Field

from knowledge.exchange.building import Rejected
from knowledge.exchange.incoming import ExchangeRefused, Incoming
from knowledge.exchange.tables import Content
from knowledge.exchange.zips import open_zip, read_entries, write_zip
from knowledge.files import Problem, read_directory

FORMAT_VERSION = 1
MOST_BYTES = 200_000_000
_NAME = re.compile(r"manifest\.json|(sources|help_numbers|outside|broad_needs|orientation)\.yml|organisations/[a-z0-9-]{1,80}\.yml")


class Manifest(BaseModel):
    """What an archive says of itself. ``files``: SHA-256 of each."""

    format: str = Field(regex="^passerelle-directory$")
    format_version: int
    directory_version: int = Field(ge=0, lt=2**31)
    files: dict[str, str]


def export(content: Content, version: int) -> bytes:
    """Return the archive of the directory whose number is ``version``."""
    files = {name: _yaml(value) for name, value in _documents(content)}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest = Manifest(format="passerelle-directory", format_version=FORMAT_VERSION, directory_version=version, files=digests)
    files["manifest.json"] = (json.dumps(manifest.dict(), indent=1, sort_keys=True) + "\n").encode()
    return write_zip(files)


def _documents(content: Content) -> list[tuple[str, Any]]:
    shared: dict[str, list] = {
        "sources": sorted(content.sources, key=lambda source: source.id),
        "help_numbers": content.help_numbers,
        "outside": content.outside,
        "broad_needs": content.broad_needs,
        "orientation": content.orientation,
    }
    documents: list[tuple[str, Any]] = [(f"{name}.yml", {name: [_plain(record) for record in records]}) for name, records in shared.items()]
    return documents + [(f"organisations/{file.organisation.id}.yml", _plain(file)) for file in content.organisations]


def _plain(record: BaseModel) -> Any:
    return json.loads(record.json(exclude_defaults=True))


def _yaml(value: Any) -> bytes:
    return yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=140).encode()


def read(data: bytes) -> Incoming:
    """Return the directory in an archive. Raises ExchangeRefused for one that is damaged, hostile, or of a later format."""
    with open_zip(data) as archive:
        entries = read_entries(archive, _NAME, MOST_BYTES)
    manifest = _manifest(entries.pop("manifest.json", b""))
    if {name: hashlib.sha256(content).hexdigest() for name, content in entries.items()} != manifest.files:
        raise ExchangeRefused("archive_damaged")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in entries.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        files = read_directory(Path(folder), most_bytes=MOST_BYTES)
    if files.problems:
        raise ExchangeRefused("archive_refused", [_rejected(problem) for problem in files.problems], count=len(files.problems))
    return Incoming(files, manifest.directory_version)


def _manifest(content: bytes) -> Manifest:
    try:
        manifest = Manifest.parse_raw(content)
    except (ValidationError, ValueError, RecursionError):
        raise ExchangeRefused("not_an_archive") from None
    if manifest.format_version != FORMAT_VERSION:
        raise ExchangeRefused("archive_version", version=manifest.format_version)
    return manifest


def _rejected(problem: Problem) -> Rejected:
    return Rejected(problem.file, problem.line, problem.field, "", problem.message)
