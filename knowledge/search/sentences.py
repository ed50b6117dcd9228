"""The sentence of a record that speaks of what was asked, for questions that no field of it answers.

« combien de projets ? » of the programme's figures, « les certifs visées ? » of a training: the record says it, in a
sentence that no form of question leads to. What it does not say stays unknown.
"""

import re
from collections.abc import Iterator

from knowledge.directory import Entry
from nlu.french.ellipsis import only_grammar
from nlu.french.sms import expand
from nlu.french.sound import key
from nlu.french.text import fold, words

# Two words are of one family from so many letters in common on (« finance », « financement »).
_ROOT, _SHORTEST = 5, 4
_ENDS = re.compile(r"(?<=[.!?])\s+")
_YEAR_OR_MONTH = re.compile(r"\b(?:(?:19|20)\d\d|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b")
_NUMBER = re.compile(r"\d")
_ASKS_WHEN = re.compile(r"\b(?:quand|depuis|jusqu|date|dates|annee|annees|periode|mois)\b")
_ASKS_HOW_MANY = re.compile(r"\b(?:combien(?! de temps)|nombre|nb|pourcentage|pour cent)\b|%")
_ASKS_WHICH = re.compile(r"\b(?:quels?|quelles?|ou)\b")
_INNER_WORD = re.compile(r"(?<=[ '’])\w+")
# What the form of the answer is worth beside a word in common.
_FORM, _SMALL_WORD, _PER_NAME = 0.8, 0.5, 0.3


def sentences(entry: Entry) -> Iterator[str]:
    """Yield the sentences and short facts of an action's record, in their order."""
    action, audience = entry.action, entry.action.audience
    yield from _ENDS.split(action.summary)
    yield from action.description
    yield from action.steps
    yield from action.content
    facts = (action.duration, action.frequency, action.group_size, action.level_text, action.diploma, action.languages, action.next_edition)
    yield from (fact for fact in facts if fact)
    if audience:
        yield from (text for text in (audience.text, audience.conditions, audience.referral) if text)


def closest_sentence(entry: Entry, question: str) -> str | None:
    """Return the sentence of ``entry`` that answers ``question`` best, or None when none has a word of it.

    An entry of the FAQ is all text: there the form of the answer (a date, a number) is enough.
    """
    asked = " ".join(expand(question)) + (" %" if "%" in question else "")
    own = set(words(entry.organisation.name))
    topics = [w for w in asked.split() if len(w) >= _SHORTEST and not only_grammar(w) and w not in own and not w.isdigit()]
    best, most = None, 0.0
    for sentence in sentences(entry):
        said = fold(sentence)
        shared = sum(any(_akin(topic, word) for word in words(sentence)) for topic in dict.fromkeys(topics))
        form = _FORM * _has_form(asked, said)
        if not shared and not (form and entry.action.kind == "faq"):
            continue
        small = _SMALL_WORD * any(w in said.split() for w in ("depuis", "jusqu'en", "jusqu'a") if w.split("'")[0] in asked.split())
        names = _PER_NAME * sum(word[0].isupper() for word in _INNER_WORD.findall(sentence)) if _ASKS_WHICH.search(asked) else 0.0
        if shared + form + small + names > most:
            best, most = sentence, shared + form + small + names
    return best


def _has_form(asked: str, said: str) -> bool:
    return bool((_ASKS_WHEN.search(asked) and _YEAR_OR_MONTH.search(said)) or (_ASKS_HOW_MANY.search(asked) and _NUMBER.search(said)))


def _akin(asked: str, said: str) -> bool:
    """True for one word in two spellings, or two of one family."""
    return len(said) >= _SHORTEST and (asked[:_ROOT] == said[:_ROOT] or key(asked) == key(said))
