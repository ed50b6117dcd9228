"""The application as a server process starts it (``uvicorn api.server:application --factory``)."""

import os
from typing import Any

from fastapi import FastAPI

from api.app import create_app
from api.logs import write_logs
from api.quiet import quiet_libraries
from api.wiring import Services, open_services
from knowledge.settings import Settings


def application() -> FastAPI:
    """Make the application from the environment and say when and where it answers."""
    quiet_libraries()
    settings = Settings()
    write_logs(settings)

    def open_(settings: Settings) -> Services:
        return open_services(settings, _say, early=app.state.channels.open)

    where = os.environ.get("PASSERELLE_ADDRESS", settings.public_url)
    app = create_app(settings, open_, lambda: _say(f"Passerelle answers on {where}"))
    return app


def _say(text: Any) -> None:
    print(text, flush=True)
