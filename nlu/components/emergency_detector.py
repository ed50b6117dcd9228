"""Emergencies and distress, recognised before anything else and by nothing else.

A classifier of its own weighs "emergency" against every single thing that people write to us
otherwise: each action's phrasings, each other intent, figures of speech. That tells a cry for help
from a calm need with the same words far better than emergency against all the rest does
(docs/nlu.md). Where it is in two minds, the examples that are most alike have a say. It answers
from a little below the tie: a number shown for nothing costs a line, a missed cry for help costs a
life. ``nlu.french.distress`` adds what no statistics may override.
"""

import math
import pickle
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.config import refuse_unknown_keys
from nlu.french import distress
from nlu.french.classifier import LinearTextClassifier
from nlu.french.nearest import Nearest

INTENT_NAME = "emergency"
ENTITY = "emergency_kind"
ASKED = "asked"
_FILE = "detector.pickle"
# An alarm is 80 % sure from a tie with the likeliest other reading on, whatever the margin.
_DOUBT = 0.35
# Added to the margin of an emergency it bounds how sure an alarm is: 80 % from -0.2 on, while an action is spoken of from 0.
_ALIKE, _ALIKE_UNDER_WAY = 0.55, 0.35


_ALLOWED = {"margin": (-2, 2), "floor": (-2, 2), "under_way": (0, 2), "fiction": (0, 2), "likeness": (0, 20)}
# From so far behind no likeness makes an emergency; looking at the examples takes some milliseconds.
_HOPELESS = -1.5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EmergencyDetector(IntentClassifier, GraphComponent):
    """Sets the intent ``emergency`` and the entity ``emergency_kind``; classifiers after it leave both alone.

    Training examples stand under ``intent: emergency`` with ``metadata: {kind: …}``, a block a kind. Config: ``margin`` (-2 to 2),
    the lead over the next likeliest reading from which an emergency is announced, and ``floor``
    (-2 to 2), the least margin of the reading itself (a few unknown words resemble nothing, and so
    nothing else more); lower alarms more. ``likeness`` (0 to 20): what a lead of the nearest emergencies over the nearest
    other examples, -1 to 1, adds to the lead. ``under_way`` (0 to 2) is added to the ``margin`` of a question
    while an action is spoken of (the message's metadata ``under_way``): « dehors, même quand il pleut ? »;
    ``fiction`` (0 to 2) to that of a message that speaks of a film, a song or a book.

    Right after an emergency (the message's metadata ``alarmed``) « le samu est là » alarms no more; what is said beside it
    becomes the entity ``asked``, which is then read instead of the whole.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"margin": -0.05, "floor": -0.5, "under_way": 0.0, "fiction": 0.0, "likeness": 0.0}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self.validate_config(config)
        self._margin, self._floor, self._under_way = config["margin"], config["floor"], config["under_way"]
        self._fiction, self._likeness = config["fiction"], config["likeness"]
        self._storage, self._resource = storage, resource
        self._readings: LinearTextClassifier | None = None
        self._kinds: LinearTextClassifier | None = None
        self._nearest: Nearest | None = None

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        refuse_unknown_keys(cls, config)
        for key, (least, most) in _ALLOWED.items():
            value = config.get(key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise InvalidConfigException(f"{cls.__name__}: '{key}' must lie between {least} and {most}, not {value!r}")

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "EmergencyDetector":
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> "EmergencyDetector":
        component = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as directory:
                component._readings, component._kinds, component._nearest = pickle.loads((directory / _FILE).read_bytes())  # noqa: S301  # written below
        except ValueError:  # trained without examples: the rules alone remain
            pass
        return component

    def train(self, training_data: TrainingData) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        urgent = [e for e in examples if e.get(INTENT) == INTENT_NAME]
        readings, kinds = [_reading(e) for e in examples], [_kind(e) for e in urgent]
        if len(set(readings)) >= 3 and len(set(kinds)) >= 3:
            self._readings = LinearTextClassifier.fitted(tuple(e.get(TEXT) for e in examples), tuple(readings))
            self._kinds = LinearTextClassifier([e.get(TEXT) for e in urgent], kinds, calibrate=False)
            self._nearest = Nearest(self._readings.rows, np.array([reading == INTENT_NAME for reading in readings]))
            with self._storage.write_to(self._resource) as directory:
                (directory / _FILE).write_bytes(pickle.dumps((self._readings, self._kinds, self._nearest), protocol=5))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text, about = message.get(TEXT) or "", message.get("metadata") or {}
            asked = distress.after_relief(text) if about.get("alarmed") else None
            if asked:
                message.set(ENTITIES, [*(message.get(ENTITIES) or []), _entity(ASKED, asked, text)], add_to_output=True)
            found = self.detect(text if asked is None else asked, bool(about.get("under_way")))
            if found:
                kind, confidence = found
                message.set(INTENT, {"name": INTENT_NAME, "confidence": confidence}, add_to_output=True)
                message.set(ENTITIES, [*(message.get(ENTITIES) or []), _entity(ENTITY, kind, text)], add_to_output=True)
        return messages

    def detect(self, text: str, under_way: bool = False) -> tuple[str, float] | None:
        """Return (kind, confidence 0 to 1) when ``text`` speaks of an emergency, else None.

        ``under_way``: an action is spoken of, and a question may be about it.
        """
        if not text or distress.is_figure_of_speech(text):
            return None
        ruled = distress.read_distress(text)
        margin, lead = self._margins(text)
        lead -= self._under_way if under_way and "?" in text else 0.0
        lead -= self._fiction if distress.is_fiction(text) else 0.0
        if ruled is None and lead < self._margin:
            return None
        kind = ruled or self._kind_of(text)
        # What resembles nothing else may still resemble an emergency little.
        sure = min(lead + _DOUBT, margin + (_ALIKE_UNDER_WAY if under_way else _ALIKE))
        return kind, 1.0 if ruled else 1.0 / (1.0 + math.exp(-4.0 * sure))

    def _margins(self, text: str) -> tuple[float, float]:
        """The margin of "emergency" for ``text``, and by how much it leads the likeliest other reading."""
        if self._readings is None:
            return -math.inf, -math.inf
        row = self._readings.row(text)
        margins = dict(zip(map(str, self._readings.labels), self._readings.margins(row), strict=True))
        urgent = float(margins.pop(INTENT_NAME))
        lead = urgent - float(max(margins.values()))
        if urgent < self._floor:
            return urgent, -math.inf
        if self._nearest and self._likeness and lead >= _HOPELESS:
            lead += self._likeness * self._nearest.lead(row)
        return urgent, lead

    def _kind_of(self, text: str) -> str:
        assert self._kinds is not None
        return str(self._kinds.labels[self._kinds.margins(self._kinds.row(text)).argmax()])


def _entity(name: str, value: str, text: str) -> dict[str, Any]:
    return {"entity": name, "value": value, "start": 0, "end": len(text), "extractor": EmergencyDetector.__name__}


def _metadata(example: Message, of: str) -> dict[str, Any]:
    return (example.get("metadata") or {}).get(of) or {}


def _reading(example: Message) -> str:
    """What an example is to the detector: an emergency, the action that it leads to, or its intent."""
    return INTENT_NAME if example.get(INTENT) == INTENT_NAME else str(_metadata(example, "example").get("leads_to") or example.get(INTENT))


def _kind(example: Message) -> str:
    kind = _metadata(example, "intent").get("kind")
    if not kind:
        raise InvalidConfigException(f"EmergencyDetector: examples of '{INTENT_NAME}' have no metadata 'kind'")
    return str(kind)
