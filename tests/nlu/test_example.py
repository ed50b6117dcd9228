"""An ``Example`` is a ``Message`` of Rasa's in everything but the time it takes."""

import copy

from rasa.shared.nlu.training_data.message import Message

from nlu.components.example import Example


def _message() -> Message:
    return Message.build(text="j'ai besoin d'aide", intent="need", example_metadata={"leads_to": "pimms"})


def test_it_is_the_message_that_it_was_made_of():
    example = Example.of(_message())
    assert example == _message()
    assert hash(example) == hash(_message())
    assert example.as_dict() == _message().as_dict()


def test_what_is_set_changes_it_and_what_is_set_again_does_not():
    example = Example.of(_message())
    before = example.fingerprint()
    example.set("intent", "need")
    assert example.fingerprint() == before
    example.set("intent", "thanks")
    changed = _message()
    changed.set("intent", "thanks")
    assert example.fingerprint() == changed.fingerprint() != before


def test_a_copy_goes_its_own_way():
    example = Example.of(_message())
    example.fingerprint()
    copied = copy.deepcopy(example)
    copied.set("text", "merci", add_to_output=True)
    copied.features.append("a feature")
    assert example == _message()
    assert (example.get("text"), example.features) == ("j'ai besoin d'aide", [])
    assert copied != example
