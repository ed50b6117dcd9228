"""The button that trains: a real candidate, evaluated beside the model that answers, then in service and out of it again."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from api.wiring import Services
from bot import training
from knowledge import trained_models
from knowledge.editing.changes import add_phrasing

PAGE = "/staff/modele"
# With what becomes of each: a question that leans on what was said before is answered, or what was said is lost.
SAID = {"bonjour": "greet", "je veux prendre rendez-vous au pimms": "answer", "et leur numéro ?": "answer", "merci": "thanks"}
DECIDING = {"needs.all.first", "emergencies.recall", "outside.recall"}


class _Resident(threading.Thread):
    """Somebody who goes on writing in one conversation; ``failed`` says what was not answered."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._address, self._over = address, threading.Event()
        self.answered, self.failed = 0, []

    def run(self) -> None:
        conversation = None
        with httpx.Client(base_url=self._address, timeout=60) as client:
            for said in itertools.cycle(SAID):
                if self._over.wait(0.2):
                    return
                response = client.post("/api/chat", json={"message": said, "conversation_id": conversation})
                if response.status_code != 200 or response.json()["outcome"] != SAID[said]:
                    self.failed.append((said, response.status_code, response.text[:200]))
                    continue
                assert conversation in (None, response.json()["conversation_id"])
                conversation = response.json()["conversation_id"]
                self.answered += 1

    def stop(self) -> None:
        self._over.set()
        self.join(60)


@pytest.fixture
def resident(live_server: str) -> Iterator[_Resident]:
    writes = _Resident(live_server)
    writes.start()
    yield writes
    writes.stop()


def wait_for(what: Callable[[], object], seconds: float, said: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, said()
        time.sleep(1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_button_trains_a_candidate_that_takes_over_and_gives_way_while_messages_are_answered(
    staff, services: Services, resident: _Resident
):
    administrator, first = staff("administrator"), services.models.serving
    with services.sessions.begin() as session:
        add_phrasing(session, "pimms", "resident", "le monsieur de la caf veut un papier que je trouve plus", "Anne")
    wait_for(lambda: "ont changé depuis" in administrator.get(PAGE).text, 10)  # a directory is read anew after a moment

    def candidate() -> trained_models.TrainedModel | None:
        with services.sessions() as session:
            return trained_models.in_state(session, trained_models.CANDIDATE)

    def log() -> str:
        return (training.models_of(services.settings.var_dir) / "training.log").read_text(encoding="utf-8")

    assert administrator.post(PAGE + "/entrainer").status_code == 303
    assert administrator.post(PAGE + "/entrainer").status_code == 409, "one at a time"
    wait_for(lambda: (found := candidate()) and found.report, 1500, log)
    new = candidate()
    compared = {row["name"]: row for row in new.report["rows"]}
    assert set(compared) >= DECIDING and all({"old", "new", "verdict"} <= set(row) for row in compared.values())
    page = administrator.get(PAGE).text
    assert "Bonne action en premier" in page and services.models.serving == first, "nothing answers before somebody says so"
    trained = resident.answered

    reason = {"reason": "essai"} if new.report["worse"] else {}
    assert administrator.post(PAGE + "/activer", data={"name": new.name, **reason}).status_code == 303
    wait_for(lambda: services.models.serving == new.name, 60)
    answered = resident.answered
    wait_for(lambda: resident.answered >= answered + 5, 60)
    assert administrator.post(PAGE + "/activer", data={"name": first}).status_code == 303
    wait_for(lambda: services.models.serving == first, 60)
    answered = resident.answered
    wait_for(lambda: resident.answered >= answered + 5, 60)
    resident.stop()
    print(
        f"{resident.answered} messages answered while a model was trained, evaluated ({trained} until then), activated and left; none lost"
    )
    assert resident.failed == []
