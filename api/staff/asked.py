"""What an agent typed and chose, as the console's addresses say it."""

import datetime as dt
from typing import Annotated, get_args
from urllib.parse import parse_qs, urlencode

from fastapi import Query

from api.chat import MAX_CHARACTERS
from knowledge.schedules import now_in_paris
from knowledge.schema import Public, Quarter, Status, Theme
from knowledge.search import Filters

_DAYS = 7
_OLDEST = 120


class Asked:
    """What the agent typed and chose, from the address. What is no known value is left out, as when nothing was chosen."""

    def __init__(
        self,
        q: Annotated[str, Query()] = "",
        theme: Annotated[str, Query()] = "",
        public: Annotated[str, Query()] = "",
        age: Annotated[str, Query()] = "",
        quarter: Annotated[str, Query()] = "",
        day: Annotated[str, Query()] = "",
        status: Annotated[str, Query()] = "",
        open_: Annotated[str, Query(alias="open")] = "",
        free: Annotated[str, Query()] = "",
    ) -> None:
        self.q = q.strip()[:MAX_CHARACTERS]
        self.theme = theme if theme in get_args(Theme) else ""
        self.public = public if public in get_args(Public) else ""
        self.age = age if len(age) <= 3 and age.isdecimal() and int(age) <= _OLDEST else ""
        self.quarter = quarter if quarter in get_args(Quarter) else ""
        self.day = day if day in [date.isoformat() for date in coming_days()] else ""
        self.status = status if status in [one.value for one in Status] else ""
        self.open, self.free = bool(open_), bool(free)

    @property
    def address(self) -> str:
        """The same as a query string, to come back to it."""
        return urlencode({name: value if value is not True else "1" for name, value in vars(self).items() if value})

    @property
    def is_filtered(self) -> bool:
        """True when anything but words was given."""
        return any(value for name, value in vars(self).items() if name != "q")

    def filters(self) -> Filters:
        """The conditions for the search."""
        return Filters(
            theme=self.theme or None,
            public=self.public or None,
            age=int(self.age) if self.age else None,
            quarter=self.quarter or None,
            day=dt.date.fromisoformat(self.day) if self.day else None,
            status=self.status or None,
            open_at=now_in_paris() if self.open else None,
            free=self.free or None,
        )


def words_of(address: str) -> str:
    """The typed words in ``Asked.address``."""
    return parse_qs(address).get("q", [""])[0][:MAX_CHARACTERS]


def coming_days() -> list[dt.date]:
    """Today and the six days after it."""
    today = now_in_paris().date()
    return [today + dt.timedelta(days=n) for n in range(_DAYS)]
