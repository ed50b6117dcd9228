"""Stock Rasa 3.6 doing Passerelle's job: its default pipeline and policies on the same data.

Everything that a Rasa developer writes is the same on both sides: the phrasings, the domain, the
rules, the actions and the wording. What differs is what Rasa brings along: pipeline, policies,
tracker store, an action server behind HTTP, and the REST channel.
"""

import random
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tests.bench.data import ROOT, training_data

_STORIES, _STORY_LENGTH = 30, 5
STOCK_EPOCHS = 100


def write_project(folder: Path, epochs: int) -> None:
    """Write a stock Rasa project into ``folder``: config, NLU data, rules, stories."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data/nlu.yml").write_text(training_data().nlu_as_yaml(), encoding="utf-8")
    rules = (ROOT / "bot/rules/rules.yml").read_text(encoding="utf-8")
    (folder / "data/rules.yml").write_text(rules, encoding="utf-8")
    _dump(folder / "data/stories.yml", {"version": "3.1", "stories": _stories(yaml.safe_load(rules)["rules"])})
    _dump(folder / "config.yml", stock_config(epochs))


def write_server_files(folder: Path, action_port: int) -> None:
    """Write what ``rasa run`` reads: the REST channel, the action server, and Passerelle's wording.

    The wording runs inside Rasa's server, which is the fastest of the ways that Rasa offers.
    """
    _dump(folder / "credentials.yml", {"rest": None})
    action_endpoint = {"url": f"http://127.0.0.1:{action_port}/webhook"}
    _dump(folder / "endpoints.yml", {"action_endpoint": action_endpoint, "nlg": {"type": "bot.rasa_engine.JinjaResponses"}})


def stock_config(epochs: int) -> dict[str, Any]:
    """Return the configuration that Rasa writes when a project names none, from Rasa's own file."""
    config = yaml.safe_load((files("rasa.engine.recipes.config_files") / "default_config.yml").read_text(encoding="utf-8"))
    config |= {"assistant_id": "stock-rasa", "language": "fr"}
    for part in [*config["pipeline"], *config["policies"]]:
        if "epochs" in part:
            assert part["epochs"] == STOCK_EPOCHS, "Rasa's defaults are not those that the report describes"
            part["epochs"] = epochs
    return config


def _stories(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Conversations for TED to learn from: the rules' turns, chained in a fixed random order."""
    chance = random.Random(0)
    turns = [rule["steps"] for rule in rules]
    chains = [chance.sample(turns, _STORY_LENGTH) for _ in range(_STORIES)]
    return [{"story": f"conversation {n}", "steps": [step for turn in chain for step in turn]} for n, chain in enumerate(chains)]


def train_command(folder: Path, out: Path, name: str) -> list[str]:
    """``rasa train`` as its manual says."""
    paths = ["--config", str(folder / "config.yml"), "--domain", str(ROOT / "bot/domain"), "--data", str(folder / "data")]
    return [*_rasa("train"), *paths, "--out", str(out), "--fixed-model-name", name]


def server_command(folder: Path, model: Path, port: int) -> list[str]:
    """``rasa run`` with the REST channel and the HTTP API, on the loopback interface."""
    files = ["--endpoints", str(folder / "endpoints.yml"), "--credentials", str(folder / "credentials.yml")]
    return [*_rasa("run"), "--enable-api", "--model", str(model), *files, "--interface", "127.0.0.1", "--port", str(port)]


def action_server_command(port: int) -> list[str]:
    """``rasa run actions``; its interface comes from the environment (``SANIC_HOST``)."""
    return [*_rasa("run"), "actions", "--actions", "actions", "--port", str(port)]


def _rasa(command: str) -> list[str]:
    return [sys.executable, "-m", "rasa", command]


def _dump(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
