"""``python -m tests.soak.faults``: every fault, as long as the issue has it, and the table in docs/reliability.md.

``--short``: databases are gone for seconds instead of a minute, nothing is trained, nothing is written. Names of functions in
``scenarios.ON_POSTGRESQL``: only these, nothing is written either.
"""

import datetime as dt
import signal
import sys
from collections.abc import Collection

from knowledge.settings import ROOT
from tests.soak.faults import scenarios
from tests.soak.faults.scenarios import Row

PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- table: python -m tests.soak.faults -->\n", "<!-- end of table -->\n"
HEAD = "| fault | promised | what residents see | messages | lost | doubled | normal after |\n|---|---|---|---|---|---|---|\n"


def run(short: bool, only: Collection[str] = ()) -> list[Row]:
    """Make all faults, or ``only`` those of PostgreSQL with these names, and say each as it is over."""
    gone, rows = 8.0 if short else 60.0, []

    def over(row: Row) -> None:
        rows.append(row)
        print(line(row), *row.account.notes, sep="\n  ", flush=True)

    with scenarios.town(gone) as (town, first):
        over(first)
        for fault in scenarios.ON_POSTGRESQL:
            if not only or fault.__name__ in only:
                over(fault(town))
    if only:
        return rows
    for row in scenarios.on_a_small_disk(gone, train=not short):
        over(row)
    return rows


def line(row: Row) -> str:
    """A row of the table in Markdown."""
    found = row.account
    seconds = f"{found.normal_after:.0f} s" if found.normal_after else "at once"
    return f"| {row.fault} | {row.promised} | {row.seen} | {found.web} web, {found.sms} SMS | {found.lost} | {found.doubled} | {seconds} |"


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended all the same
    only = [name for name in sys.argv[1:] if name != "--short"]
    rows = run("--short" in sys.argv, only)
    if sys.argv[1:] == []:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        said = f"Run on {dt.date.today():%d %B %Y}, with six people who write without a pause and three who send SMS.\n\n"
        table = said + HEAD + "".join(f"{line(row)}\n" for row in rows)
        PAGE.write_text(before + BEGIN + table + END + rest.partition(END)[2], encoding="utf-8")
    sys.exit(any(row.account.lost or row.account.doubled or row.account.disordered for row in rows))


if __name__ == "__main__":
    main()
