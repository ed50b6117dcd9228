"""Missed questions by likeness: one decision for all that ask the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa
from scipy.sparse import csr_matrix
from sqlalchemy.orm import Session

from knowledge.learning.masking import without_masks
from knowledge.learning.models import MissedQuestion, SetAside
from nlu.french.text import words

# From this likeness (cosine) on two questions ask the same; of the pairs of evaluation needs that are so alike 13 of 14 ask for one action.
LIKE = 0.45
# The newest ones; more than a person reads in weeks.
_MOST_QUESTIONS = 1000
# Words that needs of any kind are asked with: « bonjour, je m'appelle …, mon numéro est le …, je cherche un … ».
_FRAME = frozenset(
    words(
        "a ai aide aider aimerais appelle au aurais aux avec avez avoir besoin bonjour bonsoir c ce cest cherche chercher comment d "
        "dans de demande des du en est et etre faire faut il j jai je jaimerais jcherche jveux jvoudrais l la le les m ma madame me "
        "merci mes moi mon monsieur nom nous numero on ou par peut peux plait pour pourrais pouvez prenom qu que quel quelle qui quoi "
        "recherche s salut savoir si sil souhaite suis svp tel telephone trouver un une veux voudrais vous y"
    )
)

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
    vectors = rows([gist(text) for text in (*decided, *(question.text for question in questions))])
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


def gist(text: str) -> str:
    """Return the words that tell what a masked question is about: without masks and without what any need is asked with."""
    said = without_masks(text)
    return " ".join(word for word in said.split() if not _FRAME.issuperset(words(word))) or said
