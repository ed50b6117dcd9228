"""What can be wrong with what the evaluation is given, under one root."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MOST_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """One thing to correct in a file; ``line`` counts from 1, None when it concerns the whole file."""

    path: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        where = f":{self.line}" if self.line else ""
        return f"{self.path}{where}: {self.reason}"


class EvaluationError(Exception):
    """Root of the package's errors; the message is fit for a terminal."""


class EvaluationFileError(EvaluationError, ValueError):
    """Files were refused and nothing was measured; ``problems`` lists every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = [str(problem) for problem in problems[:_MOST_SHOWN]]
        if len(problems) > _MOST_SHOWN:
            lines.append(f"… and {len(problems) - _MOST_SHOWN} more")
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


class ReportWriteError(EvaluationError, OSError):
    """The folder for the report cannot be made or written to."""
