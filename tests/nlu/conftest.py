"""Components untrained, and trained on a few sentences (``component.py``)."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from component import EMERGENCIES, TAUGHT, Make, build
from rasa.engine.graph import GraphComponent
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


@pytest.fixture(scope="session")
def taught() -> TrainingData:
    calm = [Message.build(text=text, intent=intent) for intent, texts in TAUGHT.items() for text in texts]
    urgent = [
        Message.build(text=text, intent="emergency", intent_metadata={"kind": kind})
        for kind, texts in EMERGENCIES.items()
        for text in texts
    ]
    return TrainingData(calm + urgent)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return partial(build, tmp_path)


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """One untrained component of each class for the whole run (spaCy's tables take a second to read)."""
    return cache(lambda component: build(tmp_path_factory.mktemp("untrained"), component))


@pytest.fixture(scope="session")
def trained(taught: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Trains a component and hands back a fresh one loaded from what it stored; once per configuration."""

    def train_and_load(component: type[GraphComponent], **config: Any) -> Any:
        folder = tmp_path_factory.mktemp("trained")
        build(folder, component, **config).train(taught)
        return build(folder, component, "load", **config)

    return cache(train_and_load)
