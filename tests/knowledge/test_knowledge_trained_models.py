"""Which trained model answers, on both databases."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from knowledge import trained_models
from knowledge.trained_models import NotActivated, TrainedModel

CODE, OTHER_CODE = "c" * 64, "d" * 64
GOOD, WORSE = {"worse": False, "rows": []}, {"worse": True, "rows": []}


@pytest.fixture
def model(factory: sessionmaker):
    def register(name: str, report: dict | None = None, code: str = CODE) -> str:
        with factory.begin() as session:
            trained_models.register(session, name, "a" * 64, code)
            if report is not None:
                trained_models.note_report(session, name, report)
        return name

    return register


@pytest.fixture
def activate(factory: sessionmaker):
    def run(name: str, reason: str | None = None, compared: bool = True) -> None:
        with factory.begin() as session:
            trained_models.activate(session, name, CODE, "Anne", reason, compared)

    return run


def states(factory: sessionmaker) -> dict[str, str]:
    with factory() as session:
        return {one.name: one.state for one in session.execute(sa.select(TrainedModel)).scalars()}


def test_one_answers_one_is_remembered_older_ones_retire(factory: sessionmaker, model, activate) -> None:
    for name in ("a", "b", "c"):
        activate(model(name, GOOD))
    assert states(factory) == {"a": "retired", "b": "previous", "c": "active"}
    with factory() as session:
        assert trained_models.needed(session) == {"b", "c"}


def test_back_to_the_one_before_and_forth_again(factory: sessionmaker, model, activate) -> None:
    activate(model("a"), compared=False)
    activate(model("b", WORSE), reason="le maire attend")
    activate("a")
    assert states(factory) == {"a": "active", "b": "previous"}
    activate("b")
    assert states(factory) == {"a": "previous", "b": "active"}
    activate("b")  # sent twice
    assert states(factory) == {"a": "previous", "b": "active"}


@pytest.mark.parametrize("report", [WORSE, {"problem": "a set does not fit"}, None])
def test_one_that_is_not_shown_to_be_as_good_needs_a_reason(factory: sessionmaker, model, activate, report: dict | None) -> None:
    activate(model("a"), compared=False)
    model("b", report)
    with pytest.raises(NotActivated) as refused:
        activate("b")
    assert refused.value.code == "worse" and states(factory) == {"a": "active", "b": "candidate"}
    activate("b", reason="parce que")
    with factory() as session:
        found = trained_models.active(session)
        assert (found.name, found.activated_by, found.reason) == ("b", "Anne", "parce que")


def test_one_of_another_version_or_unknown_never_answers(factory: sessionmaker, model, activate) -> None:
    activate(model("a"), compared=False)
    model("b", GOOD, OTHER_CODE)
    for name, code in (("b", "other_version"), ("z", "unknown")):
        with pytest.raises(NotActivated) as refused:
            activate(name, reason="parce que")
        assert refused.value.code == code
    assert states(factory)["a"] == "active"


def test_activated_at_once_by_many_one_answers(factory: sessionmaker, model, activate) -> None:
    for name in "abcd":
        activate(model(name, GOOD))
    threads = [threading.Thread(target=activate, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states(factory).values()) == ["active", "previous", "retired", "retired"]


def test_a_retired_one_trained_anew_is_a_candidate_again(factory: sessionmaker, model, activate) -> None:
    for name in ("a", "b", "c"):
        activate(model(name, GOOD))
    model("a")
    model("c")  # the active one, trained once more, stays active
    assert states(factory) == {"a": "candidate", "b": "previous", "c": "active"}
    model("d")  # one waits at a time
    assert states(factory) == {"a": "retired", "b": "previous", "c": "active", "d": "candidate"}
