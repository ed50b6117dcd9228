"""One ranked search over the directory.

``service`` is the way in (``Search.find``), ``several`` finds the needs of one message, ``ranker``
scores, ``filters`` holds the structured conditions. Text becomes numbers in ``nlu.french.features``.
"""

from knowledge.search.decision import SURELY_OUTSIDE, Decision, Kind, decide
from knowledge.search.filters import Filters
from knowledge.search.service import Evidence, Hit, Result, Search
from knowledge.search.several import find_needs

__all__ = ["SURELY_OUTSIDE", "Decision", "Evidence", "Filters", "Hit", "Kind", "Result", "Search", "decide", "find_needs"]
