"""What of the directory teaches the language model: every phrasing and where it leads (nlu/phrasings.py says why names are some)."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from knowledge.directory import Directory
from nlu.phrasings import ACTION, BROAD, OUTSIDE, phrasings_in

# (kind, id, phrasing), sorted: the same phrasings make the same model, whatever order they were written in.
Taught = tuple[tuple[str, str, str], ...]


def taught_by(directory: Directory) -> Taught:
    """The phrasings of a directory as it is in the database."""
    found = {(ACTION, entry.id, text) for entry in directory.entries for _, text in entry.action.questions.all()}
    for organisation in {entry.organisation.id: entry.organisation for entry in directory.entries}.values():
        first = min(entry.id for entry in directory.entries if entry.organisation.id == organisation.id)
        found |= {(ACTION, first, name.strip()) for name in (organisation.name, *organisation.aliases)}
    found |= {(BROAD, need.id, text) for need in directory.broad_needs for text in need.questions}
    return tuple(sorted(found | {(OUTSIDE, topic.id, text) for topic in directory.outside for text in topic.questions}))


def taught_by_files(folder: Path) -> Taught:
    """The phrasings of the directory's YAML files."""
    return tuple(sorted(set(phrasings_in(folder))))


def write_config(taught: Taught, config: Path, folder: Path) -> Path:
    """Write ``taught`` as files of the directory into ``folder``, beside a copy of ``config`` that reads them; returns the copy."""
    by_kind: dict[str, dict[str, list[str]]] = {ACTION: defaultdict(list), BROAD: defaultdict(list), OUTSIDE: defaultdict(list)}
    for kind, leads_to, text in taught:
        by_kind[kind][leads_to].append(text)
    actions = [{"id": leads_to, "questions": {"resident": texts}} for leads_to, texts in by_kind[ACTION].items()]
    _dump(folder / "organisations" / "all.yml", {"actions": actions})
    _dump(folder / "broad_needs.yml", {"broad_needs": [{"id": i, "questions": texts} for i, texts in by_kind[BROAD].items()]})
    _dump(folder / "outside.yml", {"outside": [{"id": i, "questions": texts} for i, texts in by_kind[OUTSIDE].items()]})
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    for importer in content.get("importers") or []:
        importer["knowledge_path"] = str(folder)
    return _dump(folder / "config.yml", content)


def _dump(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
