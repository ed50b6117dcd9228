"""The two systems, each behind the same few words: train, launch, connect."""

import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from tests.bench import stock
from tests.bench.data import ROOT, conversation
from tests.bench.load import Client, Connection
from tests.bench.models import PASSERELLE
from tests.bench.processes import Processes, ServerFailed, environment, free_port, until

# Of Passerelle, where nothing else is said: one for each core of a small server.
WORKERS = 2
_START_SECONDS = 180


class System:
    """A chat system under test."""

    name: str

    def __init__(self, folder: Path) -> None:
        """``folder`` is a directory of its own for everything that it writes."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    port: int

    def launch(self, processes: Processes) -> None:
        """Start all processes on free ports, without waiting for them."""
        raise NotImplementedError

    def connect(self) -> Client:
        """Return a connection to the launched system."""
        raise NotImplementedError

    def start(self, processes: Processes) -> float:
        """Launch, and return the seconds until the first answer to a need. Raises ServerFailed."""
        began = time.monotonic()
        self.launch(processes)
        need = next(conversation(0))
        while True:
            processes.check()
            client = self.connect()
            try:
                client.begin()
                if client.say(need):
                    return time.monotonic() - began
            except OSError:
                pass  # not listening yet
            finally:
                client.close()
            if not until(began + _START_SECONDS):
                raise ServerFailed(f"{self.name} gave no answer within {_START_SECONDS} s; see {self.folder}")


class Passerelle(System):
    """The web application with the embedded engine, ``POST /api/chat``; a worker for each of two cores."""

    name = "Passerelle"

    def __init__(self, folder: Path, model: Path, workers: int = WORKERS) -> None:
        super().__init__(folder)
        self.workers = workers
        (folder / "models").mkdir()
        for file in model.parent.glob(f"{model.name}*"):  # with its signature
            shutil.copy(file, folder / "models")
        shutil.copy(model.parents[1] / "secret_key", folder)  # by which it was signed

    def launch(self, processes: Processes) -> None:
        self.port = free_port()
        env = environment(PASSERELLE_VAR_DIR=str(self.folder), PASSERELLE_RATE_LIMIT_CHAT="0", WEB_CONCURRENCY=str(self.workers))
        processes.spawn("passerelle", [*PASSERELLE, "serve", "--host", "127.0.0.1", "--port", str(self.port)], env)

    def connect(self) -> Client:
        return _PasserelleClient(self.port)


class StockRasa(System):
    """``rasa run`` with the REST channel, and ``rasa run actions`` behind HTTP: two processes."""

    name = "Stock Rasa"

    def __init__(self, folder: Path, model: Path) -> None:
        super().__init__(folder)
        self.model = model

    def launch(self, processes: Processes) -> None:
        self.port, action_port = free_port(), free_port()
        stock.write_server_files(self.folder, action_port)
        env = environment(PASSERELLE_VAR_DIR=str(self.folder), SANIC_HOST="127.0.0.1")
        processes.spawn("rasa server", stock.server_command(self.folder, self.model, self.port), env, self.folder)
        processes.spawn("rasa action server", stock.action_server_command(action_port), env, ROOT)

    def connect(self) -> Client:
        return _RestClient(self.port)


class _PasserelleClient(Connection):
    _conversation: str | None = None

    def begin(self) -> None:
        self._conversation = None

    def say(self, text: str) -> str | None:
        status, answer = self.post("/api/chat", {"message": text, "conversation_id": self._conversation})
        if status != 200 or not answer["messages"]:
            return None
        self._conversation = answer["conversation_id"]
        return answer["outcome"]


class _RestClient(Connection):
    _sender = ""

    def begin(self) -> None:
        self._sender = uuid.uuid4().hex

    def say(self, text: str) -> str | None:
        status, messages = self.post("/webhooks/rest/webhook", {"sender": self._sender, "message": text})
        if status != 200 or not any(message.get("text") for message in messages):
            return None
        return next((_outcome(message) for message in messages if _outcome(message)), "answer")


def _outcome(message: dict[str, Any]) -> str | None:
    return (message.get("custom") or {}).get("outcome")
