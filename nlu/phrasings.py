"""The phrasings in the directory's YAML files, and where each leads.

The name of an organisation is a phrasing, too, of the first of its actions: agents type one alone, and « Ufolep » is a need like
another, no insult. Which of its actions is meant is the search's to say.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml

ACTION, BROAD, OUTSIDE = "action", "broad", "outside"


def phrasings_in(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (ACTION, BROAD or OUTSIDE; id of what it leads to; phrasing) of every file, which need not be valid otherwise."""
    for path in sorted(folder.rglob("*.yml")):
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}
        actions, organisation = content.get("actions") or [], content.get("organisation") or {}
        names = [organisation.get("name"), *(organisation.get("aliases") or [])]
        for name in (name for name in names if name and actions):
            yield ACTION, min(action["id"] for action in actions), name.strip()
        for action in actions:
            for voice in (action.get("questions") or {}).values():
                yield from ((ACTION, action["id"], text.strip()) for text in voice)
        for kind, key in ((BROAD, "broad_needs"), (OUTSIDE, "outside")):
            for one in content.get(key) or []:
                yield from ((kind, one["id"], text.strip()) for text in one["questions"])
