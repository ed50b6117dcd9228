"""A training example that is cheap to pass along.

Rasa's importers merge the training data six times in one training, each time with a deep copy and the fingerprint of every
example: a quarter of the time that 30,000 examples take.
"""

from typing import Any

from rasa.shared.nlu.training_data.message import Message


class Example(Message):
    """A ``Message`` whose copies share what it was read from, and whose fingerprint is computed once while nothing changes."""

    _cached_fingerprint: str | None

    @classmethod
    def of(cls, message: Message) -> "Example":
        """The same example as ``message``."""
        return cls(message.data, set(message.output_properties), message.time, list(message.features))

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        fingerprint = self._cached_fingerprint if prop in self.data and self.data[prop] == info else None
        super().set(prop, info, add_to_output)
        self._cached_fingerprint = fingerprint

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Example":
        copied = Example.of(self)
        copied._cached_fingerprint = self._cached_fingerprint
        return copied
