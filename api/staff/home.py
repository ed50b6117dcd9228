"""The console's first page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.staff.page import render

router = APIRouter()


@router.get("/staff")
def home(request: Request) -> Response:
    """Where an agent begins."""
    return render(request, "home.html", page="answering")
