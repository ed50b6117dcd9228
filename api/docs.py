"""``/docs``: the API's page. Swagger UI comes from an installed package, so nothing is loaded from elsewhere."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from api.pages import templates

# A package that ships the files of Swagger UI as they are published; nothing of it is imported.
_PACKAGE = ("fastapi_offline", "static")

router = APIRouter(include_in_schema=False)


@router.get("/docs", response_class=HTMLResponse)
def api_page(request: Request) -> HTMLResponse:
    """The OpenAPI document, readable and to be tried out."""
    return templates.TemplateResponse(request, "docs.html")


def install(app: FastAPI) -> None:
    """Add the page and the files that it loads."""
    app.mount("/docs/swagger-ui", StaticFiles(packages=[_PACKAGE]), name="swagger-ui")
    app.include_router(router)
