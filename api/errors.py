"""Errors as JSON in French: ``{"error": {"code", "message"}}``; as a page for a browser."""

import logging
from functools import cache
from pathlib import Path

import yaml
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from knowledge.errors import UnknownAction
from knowledge.outages import note

logger = logging.getLogger(__name__)

_MESSAGES = Path(__file__).parent / "web/errors.yml"
_CODES = {
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid_request",
    429: "too_many_requests",
    503: "starting",
}
RETRY_SECONDS = 5


class ApiError(Exception):
    """An error to show: HTTP status, stable code, and the name of its message in ``web/errors.yml``."""

    def __init__(self, status: int, code: str, message: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.retry_after = status, code, message or code, retry_after


@cache
def messages() -> dict[str, str]:
    """French messages by name."""
    return yaml.safe_load(_MESSAGES.read_text(encoding="utf-8"))


def answer(request: Request, error: ApiError) -> Response:
    """Return ``error`` as JSON, or as a page to who navigates."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    if wants_page(request):
        from api.pages import error_page

        # Before the services are there the console cannot make pages of its own.
        if is_console(request) and request.app.state.services:
            from api.staff.page import render

            page = render(request, "error.html", error.status, code=error.code)
            page.headers.update(headers or {})
            return page
        return error_page(request, error.status, headers)
    body = {"error": {"code": error.code, "message": messages()[error.message]}}
    return JSONResponse(body, status_code=error.status, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every foreseen failure of ``app`` in the one shape of the contract."""

    @app.exception_handler(ApiError)
    async def _known(request: Request, error: ApiError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        names = {str(part) for e in error.errors() for part in e["loc"]}
        return answer(request, ApiError(422, "invalid_request", "invalid_message" if "message" in names else None))

    @app.exception_handler(UnknownAction)
    async def _unknown(request: Request, error: UnknownAction) -> Response:
        return answer(request, ApiError(404, "not_found"))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        # 400 is what the framework says of a body that it cannot read at all.
        status = 422 if error.status_code == 400 else error.status_code
        response = answer(request, ApiError(status, _CODES.get(status, "error")))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(SQLAlchemyError)
    async def _database(request: Request, error: SQLAlchemyError) -> Response:
        note(logger, "a request is refused", error)
        return answer(request, ApiError(503, "unavailable", retry_after=RETRY_SECONDS))


def is_console(request: Request) -> bool:
    """True for what agents see."""
    return f"{request.url.path}/".startswith("/staff/")


def wants_page(request: Request) -> bool:
    """True for a browser that navigates."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/api/", "/channels/"))
