"""Pages that a browser or a proxy may keep, and asks about each time whether they still hold."""

import hashlib

from fastapi import Request
from starlette.responses import Response

# « no-cache »: keep it, but ask first. « Open now » may be wrong a minute later, and nobody is to stand before a closed door.
_ASK_FIRST = "public, no-cache"


def revalidated(request: Request, response: Response, version: int) -> Response:
    """Return ``response`` with its ETag, or 304 when the client has just this one.

    The tag is of the directory's ``version`` and of all that the response says: of « open now » and of the
    templates as well.
    """
    digest = hashlib.sha256(bytes(response.body)).hexdigest()[:32]
    tag = f'"{version}-{digest}"'
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        response = Response(status_code=304)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = _ASK_FIRST
    return response
