"""The sentence of a record that speaks of what was asked, for questions that no field of it answers.

« combien de projets ? » of the programme's figures, « les certifs visées ? » of a training: the record says it, in a
sentence that no form of question leads to. What it does not say stays unknown.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from knowledge.directory import Entry
from nlu.french.ellipsis import only_grammar, subject_words
from nlu.french.meaning import Meanings, meaning
from nlu.french.sms import expand
from nlu.french.sound import key
from nlu.french.text import fold, words

# Two words are of one family from so many letters in common on (« finance », « financement »).
_ROOT, _SHORTEST = 5, 4
# What is in more sentences of a record tells none of them.
_FEW = 3
_ENDS = re.compile(r"(?<=[.!?])\s+")
_YEAR_OR_MONTH = re.compile(r"\b(?:(?:19|20)\d\d|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b")
_NUMBER = re.compile(
    r"\d|\b(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante|cinquante|soixante|cent)(?:aine)?s?\b"
    r"|\b(?:dizaine|douzaine)s?\b"
)
_ASKS_WHEN = re.compile(r"\b(?:quand|depuis|jusqu|date|dates|annee|annees|periode|mois)\b")
_ASKS_HOW_MANY = re.compile(r"\b(?:combien(?! de temps)|nombre|nb|montant|somme|pourcentage|pour cent)\b|%")
_HOW_MANY_OF = re.compile(r"\b(?:combien|nombre|nb|cb) d(?:e|es)? ?(?!temps|fois)(\w{4,})")
_ASKS_WHICH = re.compile(r"\b(?:quels?|quelles?|lesquels|lesquelles|lequel|laquelle|ou|qui|c est quoi)\b")
_WHICH_ONE = re.compile(r"\b(?:quel(?:le)?s? (\w+)|(?:les|la|le)quel(?:le)?s?)\b")
_INNER_WORD = re.compile(r"(?<=[ '’])\w+")
# What the form of the answer is worth beside a word in common.
_FORM, _SMALL_WORD, _PER_NAME, _MOST_NAMES, _ALIKE, _FAMILY = 1.1, 0.5, 0.3, 3, 0.3, 0.8
# Cosines of meanings: near enough without a word in common, nearer than any common word, and by how much. Looked at on 27 questions
# (docs/nlu.md): of those that no sentence answers, one came above 0.32.
_NEAR, _NEARER, _LEAD = 0.36, 0.45, 0.15
_RECORDS = 200


def sentences(entry: Entry) -> Iterator[str]:
    """Yield the sentences and short facts of an action's record, in their order."""
    action, audience = entry.action, entry.action.audience
    yield from _ENDS.split(action.summary)
    yield from action.description
    yield from action.steps
    yield from action.content
    facts = (action.duration, action.frequency, action.group_size, action.level_text, action.diploma, action.languages, action.next_edition)
    yield from (fact for fact in facts if fact)
    yield from (schedule.exceptions for schedule in entry.schedules if schedule.exceptions)
    yield from (event.text for event in action.events)
    yield from action.partners
    if audience:
        yield from (text for text in (audience.text, audience.conditions, audience.referral) if text)


def closest_sentence(entry: Entry, question: str) -> str | None:
    """Return the sentence of ``entry`` that answers ``question`` best, or None when none has a word or the meaning of it.

    An entry of the FAQ is all text: there the form of the answer (a date, a number) is enough.
    """
    found = _closest(entry, question)
    return found[0] if found else None


def clearly_closest(entry: Entry, question: str) -> str | None:
    """As ``closest_sentence``, only when the question is surely about that: « ils préparent quel certificat ? »."""
    found = _closest(entry, question)
    if found is None:
        return None
    sentence, alike = found
    asked = " ".join(expand(question))
    which = _WHICH_ONE.search(asked)
    kind = (which[1] if which else None) or ""
    named = kind and not only_grammar(kind) and any(_akin(kind, word) for word in words(sentence))
    dated = set(_YEAR_OR_MONTH.findall(asked)) & set(_YEAR_OR_MONTH.findall(fold(sentence)))  # « et en août ? »
    return sentence if named or dated or alike >= _NEARER or _names(entry, question, sentence) else None


def which_ones(entry: Entry, question: str) -> str | None:
    """As ``clearly_closest``, only for a question that asks for names: « quels bailleurs paient ? »."""
    asked = " ".join(expand(question))
    return clearly_closest(entry, question) if _WHICH_ONE.search(asked) and not _ASKS_HOW_MANY.search(asked) else None


def named_in_closest(entry: Entry, question: str) -> str | None:
    """As ``closest_sentence``, only when it has what the question names, and hardly another sentence has: « et les Cornillettes ? »;
    or counts it: « combien de conférences ? »."""
    found = _closest(entry, question)
    return found[0] if found and (_names(entry, question, found[0]) or _counts(question, found[0])) else None


def _counts(question: str, sentence: str) -> bool:
    """True when the question asks how many of something, and the sentence speaks of that with a number."""
    counted = _HOW_MANY_OF.search(" ".join(expand(question)))
    return counted is not None and bool(_NUMBER.search(fold(sentence))) and any(_akin(counted[1], word) for word in words(sentence))


def _names(entry: Entry, question: str, sentence: str) -> bool:
    """True when the question names something that this sentence, and hardly another of the record, speaks of: « et le CFG ? »."""
    known = set(words(" ".join((entry.action.title, entry.action.official_title or "", entry.organisation.name))))
    for named in subject_words(question):
        if not any(_same(named, word) for word in known) and any(_same(named, word) for word in words(sentence)):
            return sum(any(_same(named, word) for word in words(other)) for other in _said(entry)) <= _FEW
    return False


def _same(asked: str, said: str) -> bool:
    """True for one word, also by ear."""
    return asked == said or (len(said) >= _SHORTEST and key(asked) == key(said))


def closest_by_words(entry: Entry, question: str) -> str | None:
    """As ``closest_sentence``, for a fact that has a field of its own and is not known: there a like meaning is not enough."""
    said = _said(entry)
    at = _by_words(entry, question, said, _likeness(said, question)) if said else None
    return None if at is None else said[at]


def _closest(entry: Entry, question: str) -> tuple[str, float] | None:
    """The sentence that answers best, with the cosine of its meaning and the question's."""
    said = _said(entry)
    if not said:
        return None
    alike = _likeness(said, question)
    nearest, by_words = int(alike.argmax()), _by_words(entry, question, said, alike)
    if by_words is None:
        at = nearest if alike[nearest] >= _NEAR else None
    else:
        which = _WHICH_ONE.search(" ".join(expand(question)))
        named = which is not None and which[1] and any(_akin(which[1], word) for word in words(said[by_words]))
        nearer = entry.action.kind != "faq" and not named and alike[nearest] >= max(_NEARER, alike[by_words] + _LEAD)
        at = nearest if nearer else by_words
    return None if at is None else (said[at], float(alike[at]))


def _said(entry: Entry) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences(entry)))


def _likeness(said: tuple[str, ...], question: str) -> np.ndarray:
    """The cosine (-1 to 1) of the question's meaning and each sentence's, shape (sentences,)."""
    return _meanings(said) @ meaning(question)


@lru_cache(maxsize=_RECORDS)
def _meanings(said: tuple[str, ...]) -> np.ndarray:
    """Meanings of a record's sentences, shape (sentences, 512): read when first asked for, kept while the record stays as it is."""
    return Meanings().of(said)


def _by_words(entry: Entry, question: str, said: tuple[str, ...], alike: np.ndarray) -> int | None:
    """The index of the sentence that has most of the question's words and the form of its answer; of equals the nearer one."""
    asked = " ".join(expand(question)) + (" %" if "%" in question else "")
    own = set(words(entry.organisation.name))
    named = set(subject_words(question))  # « le CFG », « 3F »
    topics = [w for w in asked.split() if (len(w) >= _SHORTEST or w in named) and not only_grammar(w) and w not in own and not w.isdigit()]
    which = _WHICH_ONE.search(asked)
    if which and which[1] in topics:  # « le micro-jardin, c'est avec quel bailleur ? »
        topics = [w for w in topics if w == which[1] or w not in words(entry.action.title)]
    asks_which = _ASKS_WHICH.search(asked) and not _ASKS_HOW_MANY.search(asked)  # « quelle somme ? » asks for no name
    best, most = None, 0.0
    for at, sentence in enumerate(said):
        folded = fold(sentence)
        shared = sum(max((_likeness_of(topic, word) for word in words(sentence)), default=0.0) for topic in dict.fromkeys(topics))
        form = _FORM * _has_form(asked, folded)
        if not shared and not (form and entry.action.kind == "faq"):
            continue
        which_one = which is not None and which[1] in topics and any(_akin(which[1], word) for word in words(sentence))
        small = _SMALL_WORD * any(w in folded.split() for w in ("depuis", "jusqu'en", "jusqu'a") if w.split("'")[0] in asked.split())
        names = _PER_NAME * min(_names_in(sentence), _MOST_NAMES) if asks_which else 0.0
        score = shared + form + small + names + which_one + _ALIKE * float(alike[at])
        if score > most:
            best, most = at, score
    return best


def _names_in(sentence: str) -> int:
    return sum(word[0].isupper() for word in _INNER_WORD.findall(sentence))


def _has_form(asked: str, said: str) -> bool:
    return bool((_ASKS_WHEN.search(asked) and _YEAR_OR_MONTH.search(said)) or (_ASKS_HOW_MANY.search(asked) and _NUMBER.search(said)))


def _likeness_of(asked: str, said: str) -> float:
    """1 for one word, less for two of one family, 0 for others."""
    return 1.0 if _same(asked, said) else _FAMILY if _akin(asked, said) else 0.0


def _akin(asked: str, said: str) -> bool:
    """True for one word in two spellings, or two of one family."""
    return _same(asked, said) or (len(said) >= _SHORTEST and asked[:_ROOT] == said[:_ROOT])
