"""Guided orientation: short questions that lead who cannot name a need to a door."""

from pydantic import Field, root_validator

from knowledge.schema.facts import Record, Slug

# From the first question to a door a person answers at most this many.
MOST_QUESTIONS = 3


class Choice(Record):
    """One answer to a question. It leads to another question or to ``actions``, likeliest first."""

    say: str = Field(max_length=40, description="in the person's voice, as a button shows it")
    next: str | None = Field(description="id of the question that follows")
    actions: list[str] = []

    @root_validator(skip_on_failure=True)
    def _leads_somewhere(cls, values: dict) -> dict:
        if bool(values.get("next")) == bool(values.get("actions")):
            raise ValueError("a choice leads either to a question (next) or to actions")
        return values


class OrientationQuestion(Record):
    """A question asked with buttons. One with the id of a broad need is asked when that need is said.

    ``unsure``: the doors for « je ne sais pas ». The first question of the file begins an orientation.
    """

    id: str = Slug
    ask: str = Field(max_length=80)
    choices: list[Choice] = Field(min_items=2, max_items=5)
    unsure: list[str] = Field(min_items=1)


class OrientationFile(Record):
    """``knowledge/data/orientation.yml``."""

    orientation: list[OrientationQuestion]
