"""The report as one HTML file: styles and charts inside, nothing loaded from elsewhere."""

import base64
from collections.abc import Sequence
from html import escape

from bot.evaluation.report import Chart, Report, Table

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #16202b; background: #fff; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem }
p { color: #46535f; margin: .25rem 0 .75rem } pre { white-space: pre-wrap }
.wide { overflow-x: auto } table { border-collapse: collapse }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #d5dce3; text-align: left; font-weight: normal }
thead th { border-bottom: 2px solid #0b4f8a; font-weight: 600 }
.figure { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100%; height: auto }
"""


def render(report: Report) -> str:
    """Return the page for ``report``."""
    parts = []
    for section in report.sections:
        parts += [_table(table) for table in section.tables] + [_chart(chart) for chart in section.charts]
    title = "Passerelle: evaluation"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n<pre>{escape(report.summary)}</pre>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _table(table: Table) -> str:
    figures = [' class="figure"' if table.numeric(i) else "" for i in range(len(table.header))]
    head = "".join(f'<th scope="col"{css}>{escape(cell)}</th>' for cell, css in zip(table.header, figures, strict=True))
    rows = "\n".join(_row(row, figures) for row in table.rows)
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    inside = f"<thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody>"
    return f'<h2>{escape(table.title)}</h2>{note}<div class="wide"><table>{inside}</table></div>'


def _row(cells: Sequence[str], figures: Sequence[str]) -> str:
    rest = "".join(f"<td{css}>{escape(cell)}</td>" for cell, css in zip(cells[1:], figures[1:], strict=True))
    return f'<tr><th scope="row">{escape(cells[0])}</th>{rest}</tr>'


def _chart(chart: Chart) -> str:
    data = base64.b64encode(chart.png).decode("ascii")
    return f'<p><img src="data:image/png;base64,{data}" alt="{escape(chart.alt, quote=True)}"></p>'
