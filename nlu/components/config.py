"""What every component's configuration is checked for, beside its own values."""

from typing import Any

from rasa.shared.exceptions import InvalidConfigException


def refuse_unknown_keys(component: Any, config: dict[str, Any]) -> None:
    """Raise InvalidConfigException naming the first key that ``component`` does not know: Rasa ignores misspelt ones."""
    known = component.get_default_config()
    for key in config:
        if key not in known:
            raise InvalidConfigException(f"{component.__name__}: '{key}' is not a setting; known are {', '.join(known)}")
