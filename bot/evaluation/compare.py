"""Is a new model as good as the one that answers? The same sets for both, figure by figure."""

from collections.abc import Mapping
from dataclasses import dataclass

# Figures that decide: better when higher, or when lower; and how much may be lost to chance. A missed emergency is never chance.
_HIGHER = {
    "needs.all.first": 0.01,
    "needs.all.three": 0.01,
    "emergencies.recall": 0.0,
    "emergencies.right_number": 0.0,
    "outside.recall": 0.01,
    "outside.precision": 0.01,
    "talk.right": 0.01,
    "follow_ups.right": 0.01,
    "turns.right": 0.01,
}
_LOWER = {"needs.refused": 0.01, "emergencies.near_misses_taken": 0.02, "emergencies.others_taken": 0.01}


@dataclass(frozen=True)
class Compared:
    """One figure (a share from 0 to 1) of the old model and the new one. ``verdict``: "better", "same" or "worse"."""

    name: str
    old: float
    new: float
    verdict: str


def compare(old: Mapping[str, float], new: Mapping[str, float]) -> list[Compared]:
    """Compare the deciding figures that were measured for both; one that only the new model lacks is worse."""
    found = []
    for name, allowed in {**_HIGHER, **_LOWER}.items():
        if name not in old:
            continue
        gained = (new.get(name, float("-inf")) - old[name]) if name in _HIGHER else (old[name] - new.get(name, float("inf")))
        verdict = "worse" if gained < -allowed - 1e-9 else "better" if gained > 1e-9 else "same"
        found.append(Compared(name, old[name], new.get(name, 0.0), verdict))
    return found


def is_worse(compared: list[Compared]) -> bool:
    """True when any deciding figure is worse, or when there is none to tell by."""
    return not compared or any(one.verdict == "worse" for one in compared)
