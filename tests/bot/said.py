"""What answers are rendered with, for the tests that look at all of them."""

import datetime as dt
import functools
import itertools
from collections.abc import Iterator
from typing import Any

from actions.guidance import described
from knowledge.directory import Directory, Entry
from knowledge.files import read_directory
from knowledge.records import Records
from knowledge.schedules import PARIS
from knowledge.search.filters import person_fit
from knowledge.search.sentences import sentences
from nlu.french.person import Person
from nlu.languages import LANGUAGES

MOMENTS = {
    "a Tuesday morning": dt.datetime(2026, 11, 24, 10, 0, tzinfo=PARIS),
    "a Sunday night": dt.datetime(2026, 11, 29, 23, 30, tzinfo=PARIS),
    "Christmas": dt.datetime(2026, 12, 25, 10, 0, tzinfo=PARIS),
}
TUESDAY = MOMENTS["a Tuesday morning"]
# One card each; the others speak of several, or of none.
ABOUT_ONE = [
    "say_unknown_detail", "say_closest", "say_precisely",
    "say_answer", "say_refined", "say_contact", "say_hours", "say_place", "say_price", "say_audience", "say_how", "say_duration",
    "say_status", "say_organiser", "say_languages", "say_source", "say_more", "say_foreign",
]  # fmt: skip
ABOUT_SEVERAL = [
    "say_answer", "say_refined", "say_clarify", "say_clarify_guided", "say_other", "say_which_one", "say_compare", "say_several",
]  # fmt: skip
# Sentences in other languages, by design.
ABROAD = ["say_foreign", "say_foreign_outside", "say_language", "say_urgent"]


files_of_the_directory = functools.cache(read_directory)


def directory_of_files() -> Directory:
    files = files_of_the_directory()
    parts = (files.sources, files.organisations, files.help_numbers, files.outside, files.broad_needs, files.orientation)
    return Directory.from_records(1, Records(*parts))


def questions(name: str, entry: Entry | None = None) -> Iterator[dict[str, Any]]:
    """What a question may ask in particular, as the actions pass it on."""
    if name == "say_hours":
        yield {}
        for states in ([["Texte", "open"]], [["Texte", "closed"]], [["Texte", "unknown"]], []):
            for part in ("morning", "afternoon", "evening", None):
                yield {"asked_day": "2026-12-01", "asked_part": part, "asked_states": states}
    elif name == "say_audience":
        for age, gender in itertools.product((None, 3, 17, 40, 99), (None, "femmes", "hommes")):
            fits = {fit.reason: fit.shift > 0 for fit in person_fit(entry, Person(age=age, gender=gender))} if entry else {}
            yield {"asked_age": age, "asked_gender": gender, "fits": fits}
    elif name in ABROAD:
        yield from ({"language": language} for language in sorted(LANGUAGES))
    elif name in ("say_orient", "say_orient_first", "say_clarify_guided"):
        yield from ({"question": described(question)} for question in files_of_the_directory().orientation)
    elif name in ("say_closest", "say_precisely"):
        yield from ({"sentence": sentence} for sentence in (sentences(entry) if entry else ["Une phrase"]))
    elif name.startswith("say_outside"):
        yield from ({"topic": topic} for topic in (None, "les impôts"))
    else:
        yield {}
