"""Training data that lives in the directory: every action's phrasings are examples of a need."""

from pathlib import Path

import yaml
from rasa.shared.exceptions import RasaException
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.example import Example


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
        """Every phrasing as (text, intent, id of the action or topic that it leads to)."""
        paths = sorted((self._knowledge / "organisations").glob("*.yml"))
        if not paths:
            raise RasaException(f"{self._knowledge} holds no organisation file; set knowledge_path under importers in config.yml")
        found = []
        for path in paths:
            content = _read(path)
            actions, organisation = content.get("actions") or [], content.get("organisation") or {}
            names = [organisation.get("name"), *(organisation.get("aliases") or [])]  # as in bot/phrasings.py
            found += [(name, "need", min(action["id"] for action in actions)) for name in names if name and actions]
            for action in actions:
                found += [(text, "need", action["id"]) for voice in (action.get("questions") or {}).values() for text in voice]
        for broad in _read(self._knowledge / "broad_needs.yml").get("broad_needs") or []:
            found += [(text, "need", f"broad:{broad['id']}") for text in broad["questions"]]
        for topic in _read(self._knowledge / "outside.yml").get("outside") or []:
            found += [(text, "out_of_scope", "outside") for text in topic["questions"]]
        return found


def _read(path: Path) -> dict:
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as handle:
        return yaml.load(handle, Loader=yaml.CSafeLoader) or {}
