"""Importing Rasa without what our server never uses: half of a start (docs/adr/0007-lean-start.md).

Rasa's agent imports, whatever is configured, the parts of every policy, channel and store that it
ships: TensorFlow, six chat platforms, two other databases. None of them has a part in our pipeline.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_LEFT_OUT = frozenset(
    {
        # Components on TensorFlow, which config.yml does not name, and TensorFlow.
        "rasa.core.policies.ted_policy",
        "rasa.core.policies.unexpected_intent_policy",
        "rasa.nlu.classifiers.diet_classifier",
        "rasa.nlu.featurizers.dense_featurizer.convert_featurizer",
        "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
        "rasa.nlu.selectors.response_selector",
        "tensorflow",
        # Rasa's own channels.
        "aiogram",
        "fbmessenger",
        "google",
        "mattermostwrapper",
        "rocketchat_API",
        "slack_sdk",
        "twilio",
        "webexteamssdk",
        # Stores of conversations and models other than SQL and files.
        "boto3",
        "botocore",
        "pymongo",
        # Plots and questions of the `rasa` command.
        "matplotlib",
        "prompt_toolkit",
        "questionary",
    }
)


@contextmanager
def lean_imports() -> Iterator[None]:
    """Within, the modules left out import as stand-ins that raise ImportError when anything is made of them.

    A module that is imported already stays as it is, and after the block all can be imported.
    """
    finder = _StandIns(_LEFT_OUT - sys.modules.keys())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]:
            del sys.modules[name]


class _LeftOut(type):
    """The type of all that a stand-in holds: it can be a base class or an annotation, not a value."""

    def __getattr__(cls, name: str) -> "_LeftOut":
        return _named(f"{cls.__name__}.{name}", name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise ImportError(f"{cls.__name__} is left out of this process: take its module out of the list in bot/lean_imports.py.")


def _named(qualified: str, name: str) -> _LeftOut:
    if name.startswith("__"):
        raise AttributeError(name)
    return _LeftOut(qualified, (), {})


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> _LeftOut:
        return _named(f"{self.__name__}.{name}", name)


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        parts = fullname.split(".")
        if not any(".".join(parts[:length]) in self._names for length in range(1, len(parts) + 1)):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: a stand-in is empty."""
