"""Directories as large as a whole département would bring."""

import random
from itertools import cycle, product

from knowledge.directory import Directory, Entry
from knowledge.files import DirectoryFiles
from knowledge.schema import Questions

SYLLABLES = ["ba", "co", "di", "fu", "ga", "lo", "mi", "nu", "pa", "re", "so", "ti", "va", "ze"]


def directory_of(services: int, files: DirectoryFiles) -> Directory:
    """The real actions again and again, each time of an invented place of its own, with two of their phrasings."""
    chance = random.Random(41)
    entries = []
    names = ["".join(syllables).capitalize() for syllables in product(SYLLABLES, repeat=4)]
    places = chance.sample(names, services)  # none twice: two services with one title cannot be told apart
    for number, (place, (organisation, action)) in enumerate(zip(places, cycle(list(files.actions())), strict=False)):
        phrasings = [f"{text} {place}" for _, text in chance.sample(action.questions.all(), 2)]
        changes = {"id": f"{action.id}-{number}", "title": f"{action.title} {place}", "questions": Questions(resident=phrasings)}
        short = {"official_title": None, "description": [], "steps": [], "content": [], "keywords": []}
        owner = organisation.copy(update={"id": f"{organisation.id}-{number}", "name": f"{organisation.name} {place}", "aliases": []})
        entries.append(Entry(action.copy(update=changes | short), owner))
    return Directory(1, tuple(entries), {source.id: source for source in files.sources}, (), tuple(files.outside))
