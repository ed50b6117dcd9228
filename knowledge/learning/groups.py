"""Missed questions by likeness: one decision for all that ask the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa
from scipy.sparse import csr_matrix
from sqlalchemy.orm import Session

from knowledge.learning.models import MissedQuestion, SetAside

# From this likeness (cosine) on two questions ask the same; of the pairs of evaluation needs that are so alike all ask for one action.
LIKE = 0.4
# The newest ones; more than a person reads in weeks.
_MOST_QUESTIONS = 1000

# Texts -> rows of unit length, whose products are likenesses (knowledge.search.Search.rows).
Rows = Callable[[Sequence[str]], csr_matrix]


@dataclass
class Group:
    """Questions that ask the same, most frequent first; the first one stands for all."""

    questions: list[MissedQuestion] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.questions[0].text

    @property
    def ids(self) -> list[str]:
        return [question.id for question in self.questions]

    @property
    def texts(self) -> list[str]:
        """Each wording once."""
        return list(dict.fromkeys(question.text for question in self.questions))

    @property
    def times(self) -> int:
        return sum(question.times for question in self.questions)

    @property
    def reasons(self) -> Counter[str]:
        return sum((Counter({question.reason: question.times}) for question in self.questions), Counter())


def missed(session: Session, rows: Rows) -> tuple[list[Group], list[tuple[SetAside, int]]]:
    """Return the groups to decide on, most frequent first, and what was set aside with how often it was asked.

    A question like one that was set aside is counted there and not shown again.
    """
    newest = sa.select(MissedQuestion).order_by(MissedQuestion.day.desc(), MissedQuestion.id).limit(_MOST_QUESTIONS)
    questions = sorted(session.execute(newest).scalars(), key=lambda question: (-question.times, question.text))
    decided = list(session.execute(sa.select(SetAside).order_by(SetAside.at.desc())).scalars())
    found, again = grouped(questions, [one.text for one in decided], rows)
    return found, [(one, one.times + more) for one, more in zip(decided, again, strict=True)]


def grouped(questions: Sequence[MissedQuestion], decided: Sequence[str], rows: Rows) -> tuple[list[Group], list[int]]:
    """Return ``questions`` in groups, and how often each of the ``decided`` texts was asked again.

    Each question joins the first text that it is like: a decided one, else the one that began a group.
    """
    if not questions:
        return [], [0] * len(decided)
    vectors = rows([*decided, *(question.text for question in questions)])
    likeness = (vectors @ vectors.T).toarray()
    leaders, groups, again = list(range(len(decided))), dict[int, Group](), [0] * len(decided)
    for at, question in enumerate(questions, start=len(decided)):
        near = likeness[at, leaders]
        best = leaders[int(np.argmax(near))] if len(near) and near.max() >= LIKE else at
        if best < len(decided):
            again[best] += question.times
            continue
        if best == at:
            leaders.append(at)
        groups.setdefault(best, Group()).questions.append(question)
    return sorted(groups.values(), key=lambda group: -group.times), again
