"""Tokens and lemmas of French by spaCy's blank pipeline: rules and look-up tables, no model to download."""

import re
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.message import Message

from nlu.components.config import refuse_unknown_keys

_TYPES: dict[str, Any] = {"intent_tokenization_flag": bool, "intent_split_symbol": str, "token_pattern": (str, type(None)), "lemmas": bool}

# Halves of a surrogate pair arrive in JSON; spaCy raises on them.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class FrenchTokenizer(Tokenizer):
    """Splits as French does (« j'ai » is two tokens, « aujourd'hui » one) and adds lemmas.

    Config: ``lemmas`` (bool), whether tokens carry their lemma.
    """

    @staticmethod
    def supported_languages() -> list[str]:
        return ["fr"]

    @staticmethod
    def required_packages() -> list[str]:
        return ["spacy", "spacy_lookups_data"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None, "lemmas": True}

    def __init__(self, config: dict[str, Any]) -> None:
        self.validate_config(config)
        super().__init__(config)
        self._nlp = spacy.blank("fr")
        if config["lemmas"]:
            self._nlp.add_pipe("lemmatizer", config={"mode": "lookup"})
            self._nlp.initialize()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        refuse_unknown_keys(cls, config)
        for key, kind in _TYPES.items():
            if not isinstance(config.get(key), kind):
                raise InvalidConfigException(f"{cls.__name__}: '{key}' cannot be {config.get(key)!r}")
        try:
            re.compile(config["token_pattern"] or "")
        except re.error as error:
            raise InvalidConfigException(f"{cls.__name__}: 'token_pattern' is not a regular expression: {error}") from error

    @classmethod
    def create(cls, config, model_storage, resource, execution_context):  # type: ignore[no-untyped-def]
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", message.get(attribute) or "")
        tokens = (token for token in self._nlp(text) if not token.is_space)
        found = [Token(token.text, token.idx, lemma=token.lemma_ or token.text) for token in tokens]
        return self._apply_token_pattern(found)
