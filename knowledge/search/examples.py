"""The texts that teach the search what leads to an action, to a broad need and to the outside."""

from knowledge.directory import Directory, Entry
from knowledge.search.ranker import OUTSIDE, Example

# Before the id of a broad need: its label beside those of actions.
BROAD = "broad:"


def examples_of(entry: Entry) -> list[str]:
    """The texts that teach an action: its phrasings and the sentences that describe it."""
    action, organisation = entry.action, entry.organisation
    described = [
        action.title,
        action.official_title or "",
        f"{action.official_title or action.title} {organisation.name}",
        action.summary,
        " ".join(action.keywords),
        *action.description,
        *action.steps,
        *action.content,
        action.audience.text if action.audience else "",
        action.diploma or "",
        *(f"{organisation.name} {name}" for name in [action.title, *organisation.aliases]),
    ]
    return [text for _, text in action.questions.all()] + [text for text in described if text]


def training_examples(directory: Directory) -> list[Example]:
    """Every example of the directory, the outside included."""
    examples = [Example(text, entry.id) for entry in directory.entries for text in examples_of(entry)]
    examples += [Example(text, f"{BROAD}{broad.id}") for broad in directory.broad_needs for text in broad.questions]
    return examples + [Example(text, OUTSIDE) for topic in directory.outside for text in topic.questions]
