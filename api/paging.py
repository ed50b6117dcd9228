"""Long lists in pages: ``?suite=`` says how many entries came before."""

from typing import Annotated

from fastapi import Query, Request

Suite = Annotated[int, Query(ge=0, le=10_000_000)]


def following(request: Request, start: int, is_there: bool) -> str | None:
    """The address of the page that begins at ``start``, under the same conditions; None when nothing ``is_there``."""
    return f"{request.url.path}?{request.url.include_query_params(suite=start).query}" if is_there else None
