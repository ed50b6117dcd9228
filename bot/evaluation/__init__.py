"""Measuring the assistant through its real engine, on sets of messages and on golden conversations.

``run`` is the way in (``passerelle evaluate``); ``load_conversations`` and ``hold`` also serve the
test run. A file of messages is CSV (``sets``), a file of conversations YAML (``conversations``).
No Rasa in here: anything that is a ``DialogueEngine`` can be measured.
"""

from bot.evaluation.clock import SettableClock
from bot.evaluation.conversations import Conversation, load_conversations
from bot.evaluation.dialogue import Held, hold
from bot.evaluation.errors import EvaluationError, EvaluationFileError, Problem, ReportWriteError
from bot.evaluation.expected import Vocabulary, vocabulary_of
from bot.evaluation.report import Report
from bot.evaluation.run import OWN_SETS, evaluate, own_files, run

__all__ = [
    "OWN_SETS",
    "Conversation",
    "EvaluationError",
    "Held",
    "EvaluationFileError",
    "Problem",
    "Report",
    "ReportWriteError",
    "SettableClock",
    "Vocabulary",
    "evaluate",
    "hold",
    "load_conversations",
    "own_files",
    "run",
    "vocabulary_of",
]
