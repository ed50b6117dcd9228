"""A Rasa component on its own, outside a pipeline, and what the tests teach it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

Make = Callable[..., Any]

TAUGHT = {
    "greet": ["bonjour", "salut à vous", "bonsoir madame", "coucou"],
    "thanks": ["merci beaucoup", "merci bien", "je vous remercie", "un grand merci"],
    "ask_hours": ["c'est ouvert quand", "à quelle heure ça ferme", "les horaires", "ouvert le samedi ?"],
    "need": ["je cherche un travail", "apprendre le français", "faire du sport", "réparer mon vélo"],
}
EMERGENCIES = {
    "fire": ["la cuisine brûle", "de la fumée partout dans l'escalier", "les flammes montent au balcon"],
    "medical": ["elle vient de tomber et ne bouge plus", "il saigne beaucoup de la tête", "mon père a un malaise"],
    "violence": ["un homme me suit avec une barre de fer", "on me menace devant chez moi", "il casse ma porte pour entrer"],
}


def build(folder: Path, component: type[GraphComponent], how: str = "create", **config: Any) -> Any:
    """A component in a model storage in ``folder``, with its default configuration unless told otherwise."""
    arguments = (LocalModelStorage.create(folder), Resource(component.__name__), ExecutionContext(GraphSchema({})))
    return getattr(component, how)({**component.get_default_config(), **config}, *arguments)


def read(component: Any, text: str) -> Message:
    [message] = component.process([Message({TEXT: text})])
    return message


def read_under_way(component: Any, text: str) -> Message:
    [message] = component.process([Message({TEXT: text, "metadata": {"under_way": True}})])
    return message
