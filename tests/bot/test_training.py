"""When the model is trained, what is left by a training that fails, and what the fingerprint sees."""

import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from bot import training
from bot.phrasings import taught_by_files
from bot.training import TrainingFailed, code_fingerprint, ensure_model, fingerprint, model_path
from knowledge.signing import signature

FILES = {
    "config.yml": "language: fr\n",
    "requirements.lock": "rasa==3.6.21\n",
    "bot/domain/domain.yml": "intents: [need]\n",
    "bot/rules/rules.yml": "rules: []\n",
    "bot/stories/README.md": "none\n",
    "nlu/data/talk.yml": "nlu: []\n",
    "nlu/components/tokenizer.py": "A = 1\n",
    "nlu/french/text.py": "B = 1\n",
    "knowledge/data/outside.yml": "outside: [{id: impots, questions: [payer mes impôts]}]\n",
    "knowledge/data/organisations/club.yml": "organisation: {contacts: [{value: 02 54 00 00 00}]}\n"
    "actions: [{id: velo, summary: On répare., questions: {resident: [réparer mon vélo]}}]\n",
}


class Trainer:
    """Stands for ``rasa train``: writes the model that the command names, or fails as told."""

    def __init__(self) -> None:
        self.runs = 0
        self.fails: BaseException | int = 0

    def __call__(self, command: list[str], **_options: object) -> subprocess.CompletedProcess:
        self.runs += 1
        folder, name = command[command.index("--out") + 1], command[command.index("--fixed-model-name") + 1]
        (Path(folder) / f"{name}.tar.gz").write_bytes(b"a model " * 1000)
        if isinstance(self.fails, BaseException):
            raise self.fails
        return subprocess.CompletedProcess(command, self.fails, "reading\n", "no intent\n")


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    found = Trainer()
    monkeypatch.setattr(training.subprocess, "run", found)
    return found


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout with everything that a model is made from."""
    for name, content in FILES.items():
        path = tmp_path / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(training, "ROOT", tmp_path / "checkout")
    return tmp_path / "checkout"


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


KEY = "k" * 32


def ensure(var: Path) -> tuple[Path, list[str]]:
    said: list[str] = []
    return ensure_model(var, KEY, said.append), said


def files(var: Path) -> list[str]:
    return sorted(path.name for path in (var / "models").iterdir())


def test_it_is_trained_once(root: Path, var: Path, trainer: Trainer):
    model, said = ensure(var)
    assert model == model_path(var) and files(var) == [model.name, f"{model.name}.hmac"]
    assert len(said) == 2 and said[1] == "Training done."
    assert ensure(var) == (model, []) and trainer.runs == 1


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied", "signature lost", "signature of another", "signed by another"])
def test_a_damaged_model_is_noticed_and_made_again(root: Path, var: Path, trainer: Trainer, damage: str):
    model, _ = ensure(var)
    good, signed = model.read_bytes(), model.with_name(f"{model.name}.hmac")
    damaged = {"flipped": b"X" + good[1:], "truncated": good[:-1], "emptied": b""}
    if damage in damaged:
        model.write_bytes(damaged[damage])
    elif damage == "signature lost":
        signed.unlink()
    elif damage == "signed by another":
        model.write_bytes(b"a model from elsewhere")
        signed.write_text(signature("the key of somebody else", model))
    else:
        signed.write_text("0" * 64)
    _, said = ensure(var)
    assert "damaged" in said[0] and trainer.runs == 2
    assert model.read_bytes() == good and ensure(var)[1] == []


def test_a_failed_training_leaves_nothing_and_says_why(root: Path, var: Path, trainer: Trainer):
    trainer.fails = 1
    with pytest.raises(TrainingFailed, match="no intent"):
        ensure(var)
    assert files(var) == []


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(1), OSError(28, "No space left on device")])
def test_an_interrupted_training_leaves_nothing(root: Path, var: Path, trainer: Trainer, interruption: BaseException):
    trainer.fails = interruption
    with pytest.raises(type(interruption)):
        ensure(var)
    assert files(var) == []


def test_a_training_that_was_killed_is_cleared_away_later(root: Path, var: Path, trainer: Trainer):
    (var / "models").mkdir(parents=True)
    abandoned, running = var / "models/partial-1.tar.gz", var / "models/partial-2.tar.gz"
    for path in (abandoned, running):
        path.write_bytes(b"half a model")
    os.utime(abandoned, (time.time() - 7200,) * 2)
    ensure(var)
    assert not abandoned.exists() and running.exists()


def test_only_the_last_models_are_kept(root: Path, var: Path, trainer: Trainer):
    for i in range(5):
        (root / "config.yml").write_text(f"language: fr # {i}\n")
        model, _ = ensure(var)
        os.utime(model, (time.time() + i, time.time() + i))
    assert len(files(var)) == 6 and model.name in files(var)


def test_models_that_are_needed_are_kept(root: Path, var: Path, trainer: Trainer):
    first, _ = ensure(var)
    for i in range(5):
        training.train(var, KEY, print, (("action", "velo", f"phrase {i}"),), keep={first.name})
    assert first.exists() and len(files(var)) == 8


def test_a_model_is_named_by_what_it_was_taught_in_any_order(root: Path, var: Path):
    assert model_path(var) == model_path(var, taught_by_files(root / "knowledge/data"))
    assert model_path(var) != model_path(var, (("action", "velo", "autre chose"),))
    assert code_fingerprint() == code_fingerprint()


def test_rasa_is_given_what_was_taught(root: Path, var: Path, monkeypatch: pytest.MonkeyPatch):
    read = {}

    def rasa(command: list[str], **_options: object) -> subprocess.CompletedProcess:
        config = Path(command[command.index("--config") + 1])
        read.update(taught=taught_by_files(config.parent), config=yaml.safe_load(config.read_text()), folder=config.parent)
        return Trainer()(command)

    monkeypatch.setattr(training.subprocess, "run", rasa)
    (root / "config.yml").write_text("importers: [{name: ours, knowledge_path: knowledge/data}]\n")
    taught = (("action", "velo", "gonfler"), ("broad", "sport", "bouger"), ("outside", "impots", "payer"))
    training.train(var, KEY, print, taught)
    assert read["taught"] == taught
    assert read["config"]["importers"][0]["knowledge_path"] == str(read["folder"]) and not read["folder"].exists()


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("knowledge") and not name.endswith("md")])
def test_the_fingerprint_sees_what_the_model_is_made_from(root: Path, name: str):
    before = fingerprint()
    (root / name).write_text(FILES[name] + "# changed\n")
    assert fingerprint() != before


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("réparer mon vélo", "gonfler mon vélo", True),
        ("payer mes impôts", "déclarer mes impôts", True),
        ("02 54 00 00 00", "02 54 99 99 99", False),
        ("On répare.", "On répare ensemble.", False),
    ],
)
def test_of_the_directory_only_the_phrasings_count(root: Path, old: str, new: str, changes: bool):
    before = fingerprint()
    for path in (root / "knowledge/data").rglob("*.yml"):
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert (fingerprint() != before) is changes


def test_the_fingerprint_is_the_same_everywhere(root: Path):
    before = fingerprint()
    for path in root.rglob("*"):
        os.utime(path)
    (root / "README.md").write_text("new")
    (root / "nlu/french/__pycache__").mkdir()
    (root / "nlu/french/__pycache__/text.pyc").write_bytes(b"x")
    assert fingerprint() == before
