"""Training data that lives in the directory: every action's phrasings are examples of a need."""

from collections.abc import Callable
from pathlib import Path

from rasa.shared.exceptions import RasaException
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.example import Example
from nlu.phrasings import ACTION, BROAD, OUTSIDE, phrasings_in

# The intent of a phrasing, and what the classifiers learn that it leads to: the outside is one.
_LEADS: dict[str, Callable[[str], tuple[str, str]]] = {
    ACTION: lambda leads_to: ("need", leads_to),
    BROAD: lambda leads_to: ("need", f"broad:{leads_to}"),
    OUTSIDE: lambda _topic: ("out_of_scope", "outside"),
}


class QuestionsImporter(RasaFileImporter):
    """Rasa's file importer, plus the ``questions`` of the knowledge base.

    Phrasings of actions and names of organisations become examples of the intent ``need``, those
    of ``outside.yml`` of ``out_of_scope``; so that a phrasing is written once and serves both intent and ranking.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        knowledge_path: str = "knowledge/data",
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        # Beside config.yml, so that `rasa train` works from any directory.
        self._knowledge = (Path(config_file).parent if config_file else Path.cwd()) / knowledge_path
        self._read_once: TrainingData | None = None

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        # Rasa asks three times for one training, and reading takes seconds.
        if self._read_once is None:
            self._read_once = self._read_all(language)
        return self._read_once

    def _read_all(self, language: str | None) -> TrainingData:
        files = super().get_nlu_data(language)
        examples = [
            Message.build(text=text, intent=intent, example_metadata={"leads_to": where}) for text, intent, where in self._questions()
        ]
        return TrainingData(
            [Example.of(message) for message in (*files.training_examples, *examples)],
            files.entity_synonyms,
            files.regex_features,
            files.lookup_tables,
            files.responses,
        )

    def _questions(self) -> list[tuple[str, str, str]]:
        """Every phrasing as (text, intent, what it leads to), those of actions first."""
        found = sorted(phrasings_in(self._knowledge), key=lambda phrasing: phrasing[0])
        if not any(kind == ACTION for kind, _, _ in found):
            raise RasaException(f"{self._knowledge} holds no phrasing of an action; set knowledge_path under importers in config.yml")
        return [(text, *_LEADS[kind](leads_to)) for kind, leads_to, text in found]
