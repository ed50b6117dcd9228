"""One contract for every Rasa component of the project, and what each one adds to it."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
import yaml
from component import EMERGENCIES, Make, read, read_under_way
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa.engine.graph import GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import nlu.components
from nlu.components.emergency_detector import EmergencyDetector
from nlu.components.french_tokenizer import FrenchTokenizer
from nlu.components.linear_intent_classifier import LinearIntentClassifier
from nlu.components.questions_importer import QuestionsImporter

ROOT = Path(__file__).parents[2]


def component_classes() -> list[type[GraphComponent]]:
    """Every component defined in a module of ``nlu/components``."""
    modules = [importlib.import_module(f"nlu.components.{found.name}") for found in pkgutil.iter_modules(nlu.components.__path__)]
    classes = [(module.__name__, cls) for module in modules for _, cls in inspect.getmembers(module, inspect.isclass)]
    return [cls for name, cls in classes if issubclass(cls, GraphComponent) and cls.__module__ == name]


COMPONENTS = component_classes()
DEFAULTS = [(cls, key) for cls in COMPONENTS for key in cls.get_default_config()]
CLASSIFIERS = [cls for cls in COMPONENTS if issubclass(cls, IntentClassifier)]
every_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda cls: cls.__name__)
every_classifier = pytest.mark.parametrize("component", CLASSIFIERS, ids=lambda cls: cls.__name__)

# The contract.


def test_the_scan_finds_the_components() -> None:
    assert {EmergencyDetector, FrenchTokenizer, LinearIntentClassifier} <= set(COMPONENTS)


@every_component
def test_it_can_be_named_in_a_pipeline(component: type[GraphComponent]) -> None:
    assert component.__name__ in DefaultV1Recipe._registered_components


@every_component
def test_the_default_configuration_is_valid(untrained: Make, component: type[GraphComponent]) -> None:
    assert isinstance(untrained(component), component)


@every_component
def test_the_configuration_of_the_project_is_valid(make: Make, component: type[GraphComponent]) -> None:
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    [ours] = [step for step in pipeline if step["name"] == f"{component.__module__}.{component.__name__}"]
    assert make(component, **{key: value for key, value in ours.items() if key != "name"})


@pytest.mark.parametrize(("component", "key"), DEFAULTS, ids=[f"{cls.__name__}-{key}" for cls, key in DEFAULTS])
@pytest.mark.parametrize("value", [object(), {"a": object()}, float("nan")], ids=["object", "mapping", "nan"])
def test_a_bad_value_is_refused_by_its_key(make: Make, component: type[GraphComponent], key: str, value: object) -> None:
    with pytest.raises(InvalidConfigException, match=rf"{component.__name__}.*'{key}'"):
        make(component, **{key: value})


@every_component
def test_an_unknown_key_is_refused_by_its_name(make: Make, component: type[GraphComponent]) -> None:
    with pytest.raises(InvalidConfigException, match=rf"{component.__name__}.*'treshold'"):
        make(component, treshold=0.3)


@every_component
def test_no_message_is_no_work(untrained: Make, component: type[GraphComponent]) -> None:
    assert untrained(component).process([]) == []


TEXTS = ["", " ", "\n", "bonjour", "😀", "\x00\u202e", "je cherche " * 1000, "a" * 10_000, "???", "bonjour \ud800"]


@every_component
@pytest.mark.parametrize(
    "text", TEXTS, ids=["empty", "space", "line", "word", "emoji", "control", "long", "one long word", "punctuation", "lone surrogate"]
)
def test_any_text_comes_back_untouched_before_training(untrained: Make, component: type[GraphComponent], text: str) -> None:
    assert read(untrained(component), text).get(TEXT) == text


@every_component
def test_a_message_without_text_comes_back(untrained: Make, component: type[GraphComponent]) -> None:
    message = Message({INTENT: {"name": "greet"}})
    assert untrained(component).process([message]) == [message]


@every_component
def test_messages_come_back_in_order(untrained: Make, component: type[GraphComponent]) -> None:
    messages = [Message({TEXT: text}) for text in ("un", "deux", "trois")]
    assert [message.get(TEXT) for message in untrained(component).process(messages)] == ["un", "deux", "trois"]


# Classifiers, really trained.


@every_classifier
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_trained_classifier_reads_any_text(trained: Make, component: type[GraphComponent], text: str) -> None:
    message = read(trained(component), text)
    assert message.get(TEXT) == text
    assert 0 <= (message.get(INTENT) or {}).get("confidence", 0) <= 1


@every_classifier
def test_a_classifier_trained_on_nothing_is_stored_and_silent(make: Make, component: type[GraphComponent]) -> None:
    make(component).train(TrainingData([]))
    assert not read(make(component, "load"), "bonjour").get(INTENT)


@every_classifier
def test_the_loaded_classifier_says_what_the_trained_one_says(make: Make, taught: TrainingData, component: type[GraphComponent]) -> None:
    fresh = make(component)
    fresh.train(taught)
    for text in ("merci à vous", "la fumée monte dans la cuisine"):
        assert read(fresh, text).as_dict() == read(make(component, "load"), text).as_dict()


def test_intents_are_learnt_with_a_ranking_that_adds_up_to_no_more_than_one(trained: Make) -> None:
    message = read(trained(LinearIntentClassifier, ranking_length=3), "merci infiniment, merci")
    ranking = message.get("intent_ranking")
    assert message.get(INTENT) == ranking[0]
    assert ranking[0]["name"] == "thanks"
    assert len(ranking) == 3
    assert [entry["confidence"] for entry in ranking] == sorted((entry["confidence"] for entry in ranking), reverse=True)
    assert sum(entry["confidence"] for entry in ranking) <= 1 + 1e-6


def test_where_an_alarm_was_read_the_other_intents_are_ranked_beside_it(trained: Make) -> None:
    message = Message({TEXT: "merci infiniment, merci", INTENT: {"name": "emergency", "confidence": 0.6}})
    trained(LinearIntentClassifier).process([message])
    assert message.get(INTENT)["name"] == "emergency"
    assert message.get("intent_ranking") is None
    assert message.get("calm_ranking")[0]["name"] == "thanks"


@pytest.mark.parametrize("length", [0, -1, True, "5", 2.5, None])
def test_a_ranking_needs_a_whole_length(make: Make, length: object) -> None:
    with pytest.raises(InvalidConfigException, match="ranking_length"):
        make(LinearIntentClassifier, ranking_length=length)


def test_what_is_spoken_of_changes_the_odds(make: Make, taught: TrainingData) -> None:
    make(LinearIntentClassifier).train(taught)
    classifier = make(LinearIntentClassifier, "load", under_way={"need": 1e-9})
    alone, in_context = read(classifier, "faire du sport"), read_under_way(classifier, "faire du sport")
    assert alone.get(INTENT)["name"] == "need"
    assert in_context.get(INTENT)["name"] != "need"
    assert sum(entry["confidence"] for entry in in_context.get("intent_ranking")) == pytest.approx(1, abs=0.01)


def test_an_ignored_intent_is_learnt_and_never_ranked(make: Make, taught: TrainingData) -> None:
    make(LinearIntentClassifier).train(taught)
    classifier = make(LinearIntentClassifier, "load", ignored_intents=["emergency"])
    for text in EMERGENCIES["fire"]:
        assert "emergency" not in [entry["name"] for entry in read(classifier, text).get("intent_ranking")]


@pytest.mark.parametrize("factors", [None, [], {"need": 0}, {"need": "rare"}])
def test_a_factor_is_a_number_above_zero(make: Make, factors: object) -> None:
    with pytest.raises(InvalidConfigException, match="under_way"):
        make(LinearIntentClassifier, under_way=factors)


@pytest.fixture
def lists(make: Make, taught: TrainingData) -> LinearIntentClassifier:
    """A classifier that lets one ask for hours, say hello and thank in one message, small as what it was taught is."""
    make(LinearIntentClassifier).train(taught)
    return make(LinearIntentClassifier, "load", together=["ask_hours", "greet", "thanks"])


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("les horaires et merci beaucoup", {"ask_hours", "thanks"}),
        ("bonjour / à quelle heure ça ferme", {"greet", "ask_hours"}),
        ("les horaires et je cherche un travail", None),  # a need beside it: the whole is read
        ("les horaires", None),
        ("merci beaucoup, un grand merci", None),  # one thing said twice
        ("merci, merci, bonjour, merci, merci", None),  # more than anybody asks
    ],
)
def test_facts_asked_for_together_are_listed(lists, monkeypatch: pytest.MonkeyPatch, text: str, asked: set[str] | None) -> None:
    monkeypatch.setattr("nlu.components.linear_intent_classifier._SURE", 0.3)  # four examples make nobody surer
    message = read_under_way(lists, text)
    assert set(message.get("asked_together") or ()) == (asked or set())
    assert not asked or message.get(INTENT)["name"] == message.get("asked_together")[0]
    assert read(lists, text).get("asked_together") is None, "a first message is a need"


def test_an_intent_already_set_is_left_alone(trained: Make) -> None:
    message = Message({TEXT: "merci beaucoup", INTENT: {"name": "emergency", "confidence": 0.9}})
    trained(LinearIntentClassifier).process([message])
    assert message.get(INTENT) == {"name": "emergency", "confidence": 0.9}


# Tokens.


@pytest.fixture
def tokenizer(untrained: Make) -> FrenchTokenizer:
    return untrained(FrenchTokenizer)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("j'ai froid", ["j'", "ai", "froid"]),
        ("aujourd'hui", ["aujourd'hui"]),
        ("l'école et l’église", ["l'", "école", "et", "l’", "église"]),
        ("  deux   mots  ", ["deux", "mots"]),
        ("", []),
    ],
)
def test_words_are_split_as_french_does(tokenizer: FrenchTokenizer, text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokenizer.tokenize(Message({TEXT: text}), TEXT)] == tokens


def test_tokens_carry_their_lemma_only_when_asked(tokenizer: FrenchTokenizer, make: Make) -> None:
    message = Message({TEXT: "les enfants"})
    assert tokenizer.tokenize(message, TEXT)[1].lemma == "enfant"
    assert make(FrenchTokenizer, lemmas=False).tokenize(message, TEXT)[1].lemma == "enfants"


def test_a_token_pattern_that_is_none_is_refused(make: Make) -> None:
    with pytest.raises(InvalidConfigException, match="token_pattern"):
        make(FrenchTokenizer, token_pattern="(")


def test_tokens_can_be_stored_whatever_the_text(tokenizer: FrenchTokenizer) -> None:
    tokens = tokenizer.tokenize(Message({TEXT: "bonjour \ud800 madame"}), TEXT)
    assert [token.text.encode() for token in tokens] == [b"bonjour", "\N{REPLACEMENT CHARACTER}".encode(), b"madame"]


def test_training_examples_are_tokenised(untrained: Make, taught: TrainingData) -> None:
    assert issubclass(FrenchTokenizer, Tokenizer)
    untrained(FrenchTokenizer).process_training_data(taught)
    assert all(example.get("text_tokens") for example in taught.training_examples)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_tokens_stand_where_they_say(tokenizer: FrenchTokenizer, text: str) -> None:
    tokens = tokenizer.tokenize(Message({TEXT: text}), TEXT)
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert all(one.end <= other.start for one, other in zip(tokens, tokens[1:], strict=False))


# Training data out of the directory.


def importer(folder: Path, **more: str) -> QuestionsImporter:
    (folder / "config.yml").write_text("recipe: default.v1\n", encoding="utf-8")
    return QuestionsImporter(config_file=str(folder / "config.yml"), training_data_paths=[], **more)


def test_phrasings_become_examples_of_a_need_and_outside_ones_of_out_of_scope(tmp_path: Path) -> None:
    data = tmp_path / "knowledge" / "data"
    (data / "organisations").mkdir(parents=True)
    action = {"id": "velo", "questions": {"resident": ["réparer mon vélo"], "teen": ["mon biclou"]}}
    files = {"organisations/club.yml": {"actions": [action]}, "outside.yml": {"outside": [{"id": "x", "questions": ["une recette"]}]}}
    for name, content in files.items():
        (data / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    examples = importer(tmp_path).get_nlu_data().intent_examples
    assert sorted((example.get(TEXT), example.get(INTENT)) for example in examples) == [
        ("mon biclou", "need"),
        ("réparer mon vélo", "need"),
        ("une recette", "out_of_scope"),
    ]


def test_the_shipped_directory_teaches_thousands_of_needs() -> None:
    examples = QuestionsImporter(config_file=str(ROOT / "config.yml"), training_data_paths=[]).get_nlu_data().intent_examples
    assert sum(example.get(INTENT) == "need" for example in examples) > 3000
    assert {example.get(INTENT) for example in examples} == {"need", "out_of_scope"}


def test_a_folder_without_the_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(RasaException, match="knowledge_path"):
        importer(tmp_path).get_nlu_data()
