"""Which model is served at a start, and how another one takes over without a message lost."""

import asyncio
import logging
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from bot import activation, training
from bot.activation import ModelWatch, model_to_serve
from bot.engine import Message
from bot.evaluation.compare import compare, is_worse
from bot.phrasings import taught_by, taught_by_files
from bot.training import ROOT
from knowledge import trained_models
from knowledge.database import migrate, open_engine, sessions
from knowledge.signing import signature

KEY = "k" * 32
PAPERS = "j'ai besoin d'aide pour mes papiers de la caf"
TAUGHT = (("action", "velo", "réparer mon vélo"),)
MORE = (*TAUGHT, ("action", "velo", "ma roue est crevée"))


@pytest.fixture
def factory(tmp_path: Path) -> Iterator[sessionmaker]:
    database = open_engine(f"sqlite:///{tmp_path / 'passerelle.db'}")
    migrate(database)
    yield sessions(database)
    database.dispose()


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Stands for ``rasa train``: writes a file that holds what was taught; returns what was trained."""
    made: list[Path] = []

    def train(var_dir: Path, key: str, say, taught, keep=()) -> Path:
        path = training.model_path(var_dir, taught)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(repr(taught))
        path.with_name(path.name + ".hmac").write_text(signature(key, path))
        made.append(path)
        return path

    monkeypatch.setattr(training, "train", train)
    return made


def serve(factory: sessionmaker, var: Path, taught=TAUGHT) -> Path:
    return model_to_serve(factory, var, KEY, taught, lambda _text: None)


def activate(factory: sessionmaker, path: Path, reason: str | None = "parce que") -> None:
    with factory.begin() as session:
        trained_models.register(session, path.name, training.sha256(path), training.code_fingerprint())
        trained_models.activate(session, path.name, training.code_fingerprint(), "Anne", reason)


def test_phrasings_are_the_same_from_the_files_and_from_the_database(directory) -> None:
    assert taught_by(directory) == taught_by_files(ROOT / "knowledge/data")


def test_the_first_start_trains_and_later_ones_keep_the_model(factory: sessionmaker, trained: list, tmp_path: Path) -> None:
    first = serve(factory, tmp_path)
    # Phrasings that an agent changed do not train at a start: the new model is to be evaluated first.
    assert serve(factory, tmp_path, MORE) == first and trained == [first]


def test_the_activated_model_is_served_after_a_restart(factory: sessionmaker, trained: list, tmp_path: Path) -> None:
    serve(factory, tmp_path)
    other = training.train(tmp_path, KEY, print, MORE)
    activate(factory, other)
    assert serve(factory, tmp_path) == other


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_model_that_is_not_whole_is_not_served(factory: sessionmaker, trained: list, tmp_path: Path, damage: str) -> None:
    path = serve(factory, tmp_path)
    path.unlink() if damage == "gone" else path.write_text("x")
    assert serve(factory, tmp_path) == path and len(trained) == 2 and path.read_text() == repr(TAUGHT)


def test_another_version_of_the_code_trains_anew(factory: sessionmaker, trained: list, tmp_path: Path, monkeypatch) -> None:
    first = serve(factory, tmp_path)
    monkeypatch.setattr(activation.training, "code_fingerprint", lambda: "other")
    assert serve(factory, tmp_path) != first and len(trained) == 2
    with factory() as session:
        assert trained_models.in_state(session, "previous").name == first.name


def test_a_watch_exchanges_the_model_once_and_only_when_it_is_whole(factory: sessionmaker, trained: list, tmp_path: Path, caplog) -> None:
    renewed: list[Path] = []
    watch = ModelWatch(factory, tmp_path, KEY, serve(factory, tmp_path), renewed.append)
    assert not watch.look()
    other = training.train(tmp_path, KEY, print, MORE)
    activate(factory, other)
    assert watch.look() and not watch.look() and renewed == [other] and watch.serving == other.name

    broken = training.train(tmp_path, KEY, print, (*MORE, ("action", "velo", "gonfler")))
    activate(factory, broken)
    broken.write_text("half")
    with caplog.at_level(logging.ERROR):
        assert not watch.look() and not watch.look()
    assert renewed == [other] and len(caplog.records) == 1  # said once, not every five seconds


def test_a_file_damaged_while_its_model_answers_is_noticed_once(factory: sessionmaker, trained: list, tmp_path: Path, caplog) -> None:
    serving = serve(factory, tmp_path)
    watch, whole = ModelWatch(factory, tmp_path, KEY, serving, lambda _path: None), serving.read_text()
    for content, said in ((whole, 0), ("half", 1), (whole, 1), ("", 2)):
        serving.write_text(content)
        with caplog.at_level(logging.ERROR):
            assert not watch.look() and not watch.look()
        assert len(caplog.records) == said


def test_a_model_that_cannot_be_loaded_leaves_the_present_one(factory: sessionmaker, trained: list, tmp_path: Path) -> None:
    def fail(_path: Path) -> None:
        raise ValueError("no model")

    first = serve(factory, tmp_path)
    watch = ModelWatch(factory, tmp_path, KEY, first, fail)
    activate(factory, training.train(tmp_path, KEY, print, MORE))
    assert not watch.look() and watch.serving == first.name


def test_a_model_from_elsewhere_is_neither_served_nor_taken_over(factory: sessionmaker, trained: list, tmp_path: Path) -> None:
    """Its digest stands in the database and beside it, and it still was not made here."""
    watch = ModelWatch(factory, tmp_path, KEY, serve(factory, tmp_path), lambda path: pytest.fail(f"{path} was loaded"))
    other = training.train(tmp_path, "the key of somebody else", print, MORE)
    activate(factory, other)
    assert not watch.look()
    other.write_text("planted")
    activate(factory, other)
    assert serve(factory, tmp_path).read_text() == repr(TAUGHT)


async def test_the_real_engine_answers_from_another_model_without_losing_a_message(open_rasa, services, tmp_path: Path) -> None:
    engine = open_rasa(f"sqlite:///{tmp_path / 'conversations.db'}")
    model = training.models_of(services.settings.var_dir) / services.models.serving
    other = tmp_path / "other.tar.gz"
    shutil.copyfile(model, other)
    conversation = uuid.uuid4().hex
    await engine.respond(Message(conversation, PAPERS))

    loading = asyncio.create_task(asyncio.to_thread(engine.renew, other))
    answered = 0
    before = engine._agent
    while not loading.done():
        assert (await engine.respond(Message(uuid.uuid4().hex, PAPERS))).actions[0] == "pimms"
        assert (await engine.respond(Message(conversation, "et leur numéro ?"))).actions == ("pimms",)  # what was said stays known
        answered += 1
        await asyncio.sleep(0)
    await loading
    assert answered and engine._agent is not before
    assert (await engine.respond(Message(conversation, "et leur numéro ?"))).actions == ("pimms",)  # the conversation goes on


async def test_what_is_no_model_is_refused_and_the_engine_goes_on(open_rasa, tmp_path: Path) -> None:
    engine = open_rasa(f"sqlite:///{tmp_path / 'conversations.db'}")
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no model")
    with pytest.raises(Exception):  # noqa: B017  # whatever Rasa raises
        engine.renew(broken)
    conversation = uuid.uuid4().hex
    assert (await engine.respond(Message(conversation, PAPERS))).actions[0] == "pimms"
    assert (await engine.respond(Message(conversation, "et leur numéro ?"))).actions == ("pimms",)


@pytest.mark.parametrize(
    ("new", "worse"),
    [
        ({}, False),
        ({"needs.all.first": 0.95}, False),
        ({"needs.all.first": 0.885}, True),
        ({"needs.all.first": 0.895}, False),  # within what chance makes
        ({"emergencies.recall": 0.949}, True),  # never chance
        ({"needs.refused": 0.08}, True),
        ({"needs.refused": 0.01}, False),
    ],
)
def test_a_model_is_worse_when_any_deciding_figure_is(new: dict, worse: bool) -> None:
    old = {"needs.all.first": 0.9, "emergencies.recall": 0.95, "needs.refused": 0.02, "ms.median": 5.0}
    assert is_worse(compare(old, {**old, **new})) is worse


def test_what_cannot_be_compared_is_not_as_good() -> None:
    assert is_worse(compare({}, {})) and is_worse(compare({"talk.right": 0.9}, {}))
