"""Directories as large as a whole département would bring."""

import random
from itertools import cycle, islice

from knowledge.directory import Directory, Entry
from knowledge.files import DirectoryFiles
from knowledge.schema import Questions

SYLLABLES = ["ba", "co", "di", "fu", "ga", "lo", "mi", "nu", "pa", "re", "so", "ti", "va", "ze"]


def directory_of(services: int, files: DirectoryFiles) -> Directory:
    """The real actions again and again, each time of an invented place of its own, with two of their phrasings."""
    chance = random.Random(41)
    entries: list[Entry] = []
    places: set[str] = set()
    for number, (organisation, action) in enumerate(islice(cycle(list(files.actions())), services)):
        place = _unused(places, chance)
        phrasings = [f"{text} {place}" for _, text in chance.sample(action.questions.all(), 2)]
        changes = {"id": f"{action.id}-{number}", "title": f"{action.title} {place}", "questions": Questions(resident=phrasings)}
        short = {"official_title": None, "description": [], "steps": [], "content": [], "keywords": []}
        owner = organisation.copy(update={"id": f"{organisation.id}-{number}", "name": f"{organisation.name} {place}", "aliases": []})
        entries.append(Entry(action.copy(update=changes | short), owner))
    return Directory(1, tuple(entries), {source.id: source for source in files.sources}, (), tuple(files.outside))


def _unused(places: set[str], chance: random.Random) -> str:
    """A place that is not among ``places`` yet, which it joins: two services with one title cannot be told apart."""
    place = next(name for name in iter(lambda: "".join(chance.choices(SYLLABLES, k=4)).capitalize(), "") if name not in places)
    places.add(place)
    return place
