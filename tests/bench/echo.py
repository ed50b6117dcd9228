"""The least that a FastAPI application does with a message: read it, check it, send it back."""

from fastapi import FastAPI
from pydantic import BaseModel


class Said(BaseModel):
    message: str
    conversation_id: str | None = None


def application() -> FastAPI:
    """``uvicorn tests.bench.echo:application --factory``; nothing of ours is in it."""
    app = FastAPI()

    @app.post("/api/chat")
    async def chat(body: Said) -> Said:
        return body

    return app
