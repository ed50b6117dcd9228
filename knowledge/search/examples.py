"""The texts that teach the search what leads to an action, to a broad need and to the outside."""

from collections.abc import Sequence

from knowledge.directory import Directory, Entry
from knowledge.schema import Action
from knowledge.search.ranker import OUTSIDE, Example

# Before the id of a broad need: its label beside those of actions.
BROAD = "broad:"


def examples_of(entry: Entry) -> list[str]:
    """The texts that teach an action: its phrasings, its names and the sentences that describe it."""
    action, organisation = entry.action, entry.organisation
    titles = [action.title, action.official_title or "", f"{action.official_title or action.title} {organisation.name}"]
    run_by = [f"{organisation.name} {name}" for name in [action.title, *organisation.aliases]]
    return phrasings(action) + [text for text in [*titles, *told(action), *run_by] if text]


def phrasings(action: Action) -> list[str]:
    """What people say who mean it."""
    return [text for _, text in action.questions.all()]


def told(action: Action) -> list[str]:
    """What it says of itself, beside its names."""
    said_of_audience = action.audience.text if action.audience else ""
    keywords = " ".join(action.keywords)
    texts = [action.summary, keywords, *action.description, *action.steps, *action.content, said_of_audience, action.diploma or ""]
    return [text for text in texts if text]


def training_examples(directory: Directory, entries: Sequence[Entry] | None = None) -> list[Example]:
    """Every example of ``entries`` (None: all), the outside and the broad needs included."""
    examples = [Example(text, entry.id) for entry in (directory.entries if entries is None else entries) for text in examples_of(entry)]
    examples += [Example(text, f"{BROAD}{broad.id}") for broad in directory.broad_needs for text in broad.questions]
    return examples + [Example(text, OUTSIDE) for topic in directory.outside for text in topic.questions]
