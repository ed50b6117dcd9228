"""Intent classification by a linear model over words, sounds and meaning."""

import pickle
from collections import defaultdict
from typing import Any

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
from nlu.components.emergency_detector import ASKED
from nlu.french.classifier import LinearTextClassifier
from nlu.french.clauses import listed

_FILE = "classifier.pickle"
# The ranking of the other intents, where the detector spoke: what the message is if it was mistaken.
CALM_RANKING = "calm_ranking"
# Several intents of one message, in the order in which to answer them.
TOGETHER = "asked_together"
# So sure must a part be to ask for something of its own, so likely one that is set apart beside it, and so many there may be.
_SURE, _LIKELY, _MOST = 0.8, 0.45, 4


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Sets ``intent`` and ``intent_ranking`` (calibrated confidences); ``calm_ranking`` alone where an intent is already set.

    It tells apart what examples *lead to* (an example's metadata ``leads_to``, else its intent) and
    adds the probabilities up by intent: "a need" is no one thing to a linear model, each action's
    need is.

    Config: ``ranking_length`` (int >= 1), how many intents the ranking keeps; ``ignored_intents``,
    those that another component decides: learnt, so that it may share the model, and never ranked;
    ``together``, intents of which a message may ask for several while an action is spoken of (« adresse et téléphone ? »): they
    are listed in ``asked_together`` when each of its parts is one of them;
    ``under_way`` (intent: factor > 0), how much likelier or rarer an intent is while an action is
    spoken of (the message's metadata ``under_way``): « c'est grátis ? » is then no thanks. The entity
    ``asked`` (see ``EmergencyDetector``) is read instead of the message.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"ranking_length": 5, "ignored_intents": [], "together": [], "under_way": {}}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self.validate_config(config)
        self._ranking_length, self._ignored, self._under_way = config["ranking_length"], config["ignored_intents"], config["under_way"]
        self._together = frozenset(config["together"])
        self._storage, self._resource = storage, resource
        self._classifier: LinearTextClassifier | None = None
        self._intents: dict[str, str] = {}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        refuse_unknown_keys(cls, config)
        length = config.get("ranking_length")
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise InvalidConfigException(f"{cls.__name__}: 'ranking_length' must be a whole number of at least 1, not {length!r}")
        for key in ("ignored_intents", "together"):
            if not isinstance(config.get(key), list):
                raise InvalidConfigException(f"{cls.__name__}: '{key}' must be a list of intents")
        factors = config.get("under_way")
        if not isinstance(factors, dict) or not all(isinstance(f, int | float) and f > 0 for f in factors.values()):
            raise InvalidConfigException(f"{cls.__name__}: 'under_way' must give each intent a factor above 0")

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "LinearIntentClassifier":
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> "LinearIntentClassifier":
        component = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as directory:
                component._classifier, component._intents = pickle.loads((directory / _FILE).read_bytes())  # noqa: S301  # written below
        except ValueError:  # trained without examples: nothing was stored
            pass
        return component

    def train(self, training_data: TrainingData) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        readings = [_reading(e) for e in examples]
        if len(set(readings)) >= 3:
            self._classifier = LinearTextClassifier.fitted(tuple(e.get(TEXT) for e in examples), tuple(readings))
            self._intents = dict(zip(readings, (e.get(INTENT) for e in examples), strict=True))
            with self._storage.write_to(self._resource) as directory:
                (directory / _FILE).write_bytes(pickle.dumps((self._classifier, self._intents), protocol=5))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if self._classifier is None or not text:
                continue
            under_way = bool((message.get("metadata") or {}).get("under_way"))
            asked = next((entity["value"] for entity in message.get(ENTITIES) or [] if entity["entity"] == ASKED), text)
            factors = self._under_way if under_way else {}
            ranking = self._rank(self._classifier, asked, factors)
            if (message.get(INTENT) or {}).get("name"):
                message.set(CALM_RANKING, ranking, add_to_output=True)
                continue
            if under_way and (several := self._several(self._classifier, asked, ranking, factors)):
                message.set(TOGETHER, list(several), add_to_output=True)
                ranking = next(iter(several.values()))
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _several(
        self, classifier: LinearTextClassifier, text: str, whole: list[dict[str, Any]], factors: dict[str, float]
    ) -> dict[str, list[dict[str, Any]]]:
        """The ranking by intent of each thing that ``text`` asks for, in its order; empty for one thing alone."""
        apart = listed(text)
        # « adresse tel horaires » is nothing as a whole; « adresse mail » is one thing, whatever each of its words is.
        parts = apart or ([] if whole[0]["name"] in self._together else text.split())
        if not 2 <= len(parts) <= _MOST or not self._together:
            return {}
        likely = [self._rank(classifier, part, factors) for part in parts]
        chances = [ranking[0]["confidence"] for ranking in likely]
        if not all(ranking[0]["name"] in self._together for ranking in likely):
            return {}
        if max(chances) < _SURE or min(chances) < (_LIKELY if apart else _SURE):
            return {}
        several = {ranking[0]["name"]: ranking for ranking in reversed(likely)}
        return dict(reversed(several.items())) if len(several) > 1 else {}

    def _rank(self, classifier: LinearTextClassifier, text: str, factors: dict[str, float]) -> list[dict[str, Any]]:
        """Intents by falling probability; their ``factors`` change the odds, and all sum to one again."""
        summed: dict[str, float] = defaultdict(float)
        probabilities = classifier.probabilities(classifier.margins(classifier.row(text)))
        for reading, probability in zip(classifier.labels, probabilities, strict=True):
            intent = self._intents[str(reading)]
            if intent not in self._ignored:
                summed[intent] += float(probability) * factors.get(intent, 1.0)
        total = sum(summed.values()) or 1.0
        best = sorted(summed.items(), key=lambda pair: -pair[1])[: self._ranking_length]
        return [{"name": name, "confidence": weight / total} for name, weight in best]


def _reading(example: Message) -> str:
    metadata = (example.get("metadata") or {}).get("example") or {}
    return str(metadata.get("leads_to") or example.get(INTENT))
