"""Long work in a thread beside answers, and how it does not hold them up."""

import contextlib
import gc
import sys
import threading
from collections.abc import Iterator

# How long a thread may compute before another that waits has its turn. An answer waits for some twenty turns.
_USUAL_SECONDS, _SHORT_SECONDS = 0.005, 0.0005

_lock = threading.Lock()
_at_work = 0


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """Work that gives way to answers soon and often."""
    global _at_work
    with _lock:
        _at_work += 1
        sys.setswitchinterval(_SHORT_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _at_work -= 1
            if not _at_work:
                sys.setswitchinterval(_USUAL_SECONDS)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Make millions of objects that hold no cycles: the garbage collector never looks through them, because all answers would
    wait for it for seconds, again and again. They are freed when nothing refers to them any more."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
