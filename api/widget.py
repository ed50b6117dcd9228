"""The assistant on other sites' pages: its script, what it opens with, and who may embed it (docs/widget.md)."""

from fastapi import APIRouter, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.caching import revalidated
from api.pages import chat_context, current_directory, render
from api.web.scripts import bundle
from knowledge.settings import Settings

# All that the widget asks for; everything else is for our own pages.
SHARED = ("/api/chat", "/api/conversations/", "/api/feedback", "/api/callbacks", "/widget/")
_PREFLIGHT_SECONDS = 7200
# A city's web team puts the tag once: a new version must reach its pages soon, and without a question at each page.
_SCRIPT_SECONDS = 600
_YEAR = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


class WidgetOrigins:
    """ASGI middleware: pages of ``settings.widget_origins`` may ask for what the widget needs, without cookies."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=settings.origins_of_widget,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Content-Type",),
            expose_headers=("Retry-After",),
            max_age=_PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = scope["type"] == "http" and scope["path"].startswith(SHARED)
        await (self._shared if shared else self._app)(scope, receive, send)


@router.get("/widget.js")
def widget_script(request: Request) -> Response:
    """The script of the tag. Any page may load it; it can ask us for something only from an allowed one."""
    return _script(request, "widget.js", {"Cross-Origin-Resource-Policy": "cross-origin"}, _SCRIPT_SECONDS)


@router.get("/chat.js")
def chat_script(request: Request) -> Response:
    """The script of the chat page; its address changes with its content."""
    return _script(request, "chat.js", {}, _YEAR)


@router.get("/widget/panneau")
def panel(request: Request) -> Response:
    """The inside of the widget's window, asked for when it is opened for the first time."""
    page = render(request, "panneau.html", **chat_context(request))
    return revalidated(request, page, current_directory(request).version)


def _script(request: Request, name: str, headers: dict[str, str], seconds: int) -> Response:
    script = bundle(name)
    tag = f'"{script.digest}"'
    headers = headers | {"ETag": tag, "Cache-Control": f"public, max-age={seconds}", "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    # Compressed once: a proxy in front may be set up without.
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(script.compressed, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
    return Response(script.text, media_type="text/javascript", headers=headers)
