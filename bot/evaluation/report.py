"""The report: tables, figures and charts, as plain text and as files."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.evaluation.errors import ReportWriteError

_GAP = "  "
_WIDEST = 140


@dataclass(frozen=True)
class Table:
    """Cells as they are printed; ``note`` says what the figures mean."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def numeric(self, column: int) -> bool:
        """True when the column holds figures, which are aligned to the right."""
        cells = [row[column] for row in self.rows if row[column] not in ("", "–")]
        return column > 0 and all(cell[0].isdigit() or cell[0] in "+-−" for cell in cells)

    def text(self) -> str:
        """Return the table with aligned columns."""
        widths = [max(len(line[i]) for line in (self.header, *self.rows)) for i in range(len(self.header))]
        figures = [self.numeric(i) for i in range(len(self.header))]
        lines = [_line(cells, widths, figures) for cells in (self.header, *self.rows)]
        rule = "-" * min(_WIDEST, sum(widths) + len(_GAP) * (len(widths) - 1))
        return "\n".join([self.title, *([self.note] if self.note else []), rule, lines[0], rule, *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int], figures: Sequence[bool]) -> str:
    padded = (cell.rjust(width) if figure else cell.ljust(width) for cell, width, figure in zip(cells, widths, figures, strict=True))
    return _GAP.join(padded).rstrip()


@dataclass(frozen=True)
class Chart:
    """A picture (PNG); ``alt`` says in words what it shows."""

    name: str
    alt: str
    png: bytes


@dataclass(frozen=True)
class Section:
    """One subject of the report. ``figures`` are for programs: names with dots, shares from 0 to 1."""

    tables: tuple[Table, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything that was measured. ``path`` is the HTML file, once written."""

    summary: str
    sections: tuple[Section, ...]
    path: Path | None = None

    @property
    def tables(self) -> list[Table]:
        return [table for section in self.sections for table in section.tables]

    @property
    def charts(self) -> list[Chart]:
        return [chart for section in self.sections for chart in section.charts]

    @property
    def figures(self) -> dict[str, float]:
        """Every figure by name; those of which there was nothing to measure are left out."""
        return {name: value for section in self.sections for name, value in section.figures.items() if not math.isnan(value)}

    def text(self) -> str:
        """Return the whole report as plain text."""
        where = [f"Also written to {self.path}"] if self.path else []
        return "\n\n".join([self.summary, *(table.text() for table in self.tables), *where]) + "\n"


def writable(folder: Path) -> None:
    """Make ``folder``, before anything is measured. Raises ReportWriteError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error


def write(folder: Path, page: str, report: Report) -> Path:
    """Write the page, its charts beside it and the figures as JSON. Raises ReportWriteError."""
    path = folder / "evaluation.html"
    try:
        path.write_text(page, encoding="utf-8")
        (folder / "evaluation.json").write_text(json.dumps(report.figures, indent=1) + "\n", encoding="utf-8")
        for chart in report.charts:
            (folder / f"evaluation-{chart.name}.png").write_bytes(chart.png)
    except OSError as error:
        raise _not_written(folder, error) from error
    return path


def _not_written(folder: Path, error: OSError) -> ReportWriteError:
    return ReportWriteError(f"The report cannot be written to {folder} ({error.strerror}); choose another folder.")
