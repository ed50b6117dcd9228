"""All actions, made with the services they are given."""

import importlib
import inspect
import pkgutil

import actions
from actions.base import DirectoryAction
from actions.services import Services


def all_actions(services: Services) -> list[DirectoryAction]:
    """Return one instance of every action in this package."""
    found: dict[str, DirectoryAction] = {}
    for module in pkgutil.iter_modules(actions.__path__):
        for _, cls in inspect.getmembers(importlib.import_module(f"actions.{module.name}"), inspect.isclass):
            if issubclass(cls, DirectoryAction) and cls.action_name:
                found[cls.action_name] = cls(services)
    return list(found.values())
