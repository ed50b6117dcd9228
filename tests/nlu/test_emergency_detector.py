"""What the emergency detector announces, and what it leaves alone."""

import math

import pytest
from component import Make, read, read_under_way
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.emergency_detector import EmergencyDetector


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("il y a de la fumée et des flammes dans l'escalier", "fire"),
        ("elle est tombée, elle saigne de la tête et ne bouge plus", "medical"),
        ("un homme me menace devant ma porte avec une barre", "violence"),
    ],
)
def test_an_emergency_is_recognised_with_its_kind(trained: Make, text: str, kind: str) -> None:
    message = read(trained(EmergencyDetector), text)
    assert message.get(INTENT)["name"] == "emergency"
    assert [(entity["entity"], entity["value"]) for entity in message.get(ENTITIES)] == [("emergency_kind", kind)]


@pytest.mark.parametrize("text", ["bonjour", "je cherche un travail", "c'est ouvert quand", "merci beaucoup", "je suis mort de rire"])
def test_a_calm_message_is_no_emergency(trained: Make, text: str) -> None:
    message = read(trained(EmergencyDetector), text)
    assert not message.get(INTENT)
    assert not message.get(ENTITIES)


def test_an_unmistakable_emergency_is_recognised_even_untrained(untrained: Make) -> None:
    message = read(untrained(EmergencyDetector), "vite elle respire plus")
    assert message.get(INTENT) == {"name": "emergency", "confidence": 1.0}


def test_a_lower_margin_announces_more(trained: Make) -> None:
    text = "je cherche mon vélo"
    assert not read(trained(EmergencyDetector, margin=-0.2), text).get(INTENT)
    assert read(trained(EmergencyDetector, margin=-2.0, floor=-2.0), text).get(INTENT)


def test_the_nearest_examples_have_a_say(trained: Make) -> None:
    text = "je cherche mon vélo"
    assert read(trained(EmergencyDetector, margin=-2.0, floor=-2.0), text).get(INTENT)
    assert not read(trained(EmergencyDetector, margin=-2.0, floor=-2.0, likeness=20), text).get(INTENT)  # they speak of bicycles


def test_a_question_while_an_action_is_spoken_of_must_say_more(trained: Make) -> None:
    detector = trained(EmergencyDetector, margin=-2.0, floor=-2.0, under_way=2.0)
    assert read(detector, "je cherche mon vélo").get(INTENT)
    assert read_under_way(detector, "je cherche mon vélo").get(INTENT)  # not asked, but said
    assert not read_under_way(detector, "je cherche mon vélo ?").get(INTENT)
    assert read_under_way(detector, "vite elle respire plus").get(INTENT)  # beyond doubt, whatever was spoken of


def test_relief_after_an_emergency_alarms_no_more_and_what_is_asked_is_read(trained: Make) -> None:
    detector, text = trained(EmergencyDetector, margin=-2.0, floor=-2.0), "Les pompiers sont là. Et pour mon vélo, merci beaucoup"

    def read_alarmed(text: str) -> Message:
        [message] = detector.process([Message({TEXT: text, "metadata": {"alarmed": True}})])
        return message

    assert not read_alarmed("le samu est là").get(INTENT)
    assert read(detector, "le samu est là").get(INTENT)  # nothing was announced before
    still = read_alarmed("le samu arrive mais elle respire plus")
    assert still.get(INTENT) == {"name": "emergency", "confidence": 1.0}
    asked = read_alarmed(text)
    assert [(e["entity"], e["value"]) for e in asked.get(ENTITIES)][:1] == [("asked", "Et pour mon vélo, merci beaucoup")]


@pytest.mark.parametrize("margin", [-2.1, 2.1, True, "0", None, math.inf])
def test_a_margin_out_of_range_is_refused(make: Make, margin: object) -> None:
    with pytest.raises(InvalidConfigException, match="margin"):
        make(EmergencyDetector, margin=margin)


@pytest.mark.parametrize("likeness", [-0.1, 20.1, "6"])
def test_a_likeness_out_of_range_is_refused(make: Make, likeness: object) -> None:
    with pytest.raises(InvalidConfigException, match="'likeness' must lie between 0 and 20"):
        make(EmergencyDetector, likeness=likeness)


def test_an_emergency_without_its_kind_stops_the_training(make: Make, taught: TrainingData) -> None:
    with pytest.raises(InvalidConfigException, match="kind"):
        make(EmergencyDetector).train(taught.merge(TrainingData([Message.build(text="au feu", intent="emergency")])))


def test_other_entities_are_kept_beside_the_emergency(untrained: Make) -> None:
    message = Message({TEXT: "vite elle respire plus", ENTITIES: [{"entity": "age", "value": 80}]})
    untrained(EmergencyDetector).process([message])
    assert [entity["entity"] for entity in message.get(ENTITIES)] == ["age", "emergency_kind"]
