"""Log lines: for a terminal or as JSON, with the request they belong to, without what anybody wrote.

Our own lines name things from fixed lists. What libraries say may quote what they were given, and so is cut down
to its place in their code; of an exception the type and the places stay.
"""

import logging
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from knowledge.settings import Settings

_OURS = ("api", "bot", "actions", "knowledge", "nlu")
# Of the server itself nothing but its own state is logged.
_OPEN = (*_OURS, "uvicorn")


def write_logs(settings: Settings) -> None:
    """Write the log lines of this process to standard error as ``settings`` say. Called once, before anything opens."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
    ]
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.log_format == "text":
        last = structlog.dev.ConsoleRenderer(colors=False, pad_event=0)
    handler = logging.StreamHandler()
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[strip, last], foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())


def _without_words(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    if record.name.partition(".")[0] not in _OPEN:
        event["event"] = f"{record.name}:{record.lineno}"
    # Where and which kind, but not the exception's text: it may quote a person.
    if (error := record.exc_info) and error[0]:
        event["error"] = error[0].__name__
        event["places"] = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error[2])]
    for name in ("exc_info", "exception", "stack_info"):
        event.pop(name, None)
    return event
