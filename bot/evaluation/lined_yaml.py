"""YAML whose mappings know the line they start on, so that a reader's complaint can name it."""

from typing import Any

import yaml


class Lined(dict):
    """A mapping that knows the line it starts on."""

    line = 0


class _Loader(yaml.SafeLoader):
    """Refuses keys given twice, keeps lines, and leaves times as they are written."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Lined:
    loader.flatten_mapping(node)
    found = Lined()
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str) or key in found:
            reason = f"« {key} » is there twice" if isinstance(key, str) else "a key must be a word"
            raise yaml.constructor.ConstructorError(None, None, reason, key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    found.line = node.start_mark.line + 1
    return found


def _as_written(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


def read_lined(text: str) -> Any:
    """Return the content of ``text``, mappings as ``Lined``. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader
