"""Running Rasa's trained graph without a scheduler, and with what the conversation is about.

Rasa hands its graph to Dask for every message and again for every prediction of an action. A graph
of six nodes in a row needs no scheduler: the order is worked out once (docs/performance.md).
"""

import functools
from types import SimpleNamespace
from typing import Any

import rasa.core.processor
import rasa.shared.utils.common
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.engine.graph import ExecutionContext, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

_SPOKEN_OF = "current_action"
_EMERGENCY = "emergency"


class SequentialRunner(GraphRunner):
    """The nodes of a loaded graph, one after another."""

    def __init__(self, loaded: DaskGraphRunner) -> None:
        self._schema, self._nodes = loaded._graph_schema, loaded._instantiated_nodes
        self._orders: dict[tuple[str, ...], list[str]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> "SequentialRunner":
        return cls(DaskGraphRunner.create(graph_schema, model_storage, execution_context, hooks))

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Return the output of each target. What a node raises, this raises."""
        wanted = tuple(targets or self._schema.target_names)
        outputs = {name: (name, value) for name, value in (inputs or {}).items()}
        for name in self._order(wanted):
            outputs[name] = self._nodes[name](*(outputs.get(needed, needed) for needed in self._schema.nodes[name].needs.values()))
        return {name: outputs[name][1] for name in wanted}

    def _order(self, targets: tuple[str, ...]) -> list[str]:
        if targets not in self._orders:
            order: dict[str, None] = {}
            for target in targets:
                self._after_its_needs(target, order)
            self._orders[targets] = list(order)
        return self._orders[targets]

    def _after_its_needs(self, name: str, order: dict[str, None]) -> None:
        if name in self._schema.nodes and name not in order:
            for needed in self._schema.nodes[name].needs.values():
                self._after_its_needs(needed, order)
            order[name] = None


def run_lean(processor: MessageProcessor) -> None:
    """Let ``processor`` run its graph in sequence, and ask the rules once for each kind of turn.

    Every rule is one intent and one action, no slot influences them (tests/bot/test_rasa_engine.py
    holds both): what comes next depends on the last intent and the last action alone.
    """
    # Rasa walks all subclasses of an event to read one; no class is added after the start.
    rasa.shared.utils.common.all_subclasses = functools.cache(all_subclasses)
    # It copies what it would log at a level that is off (``quieten``).
    rasa.core.processor.copy = SimpleNamespace(deepcopy=lambda value: value)
    # It builds the whole domain anew, twice, to see whether there is one.
    empty = processor.domain.is_empty()
    processor.domain.is_empty = lambda: empty  # type: ignore[method-assign]
    assert isinstance(processor.graph_runner, DaskGraphRunner)
    processor.graph_runner = SequentialRunner(processor.graph_runner)
    predict, known = processor._predict_next_with_tracker, {}

    def predict_once(tracker: DialogueStateTracker) -> Any:
        intent = (tracker.latest_message.intent if tracker.latest_message else {}).get("name")
        if tracker.followup_action or tracker.active_loop_name or not intent:
            return predict(tracker)
        turn = intent, tracker.latest_action_name
        if turn not in known:
            known[turn] = predict(tracker)
        return known[turn]

    processor._predict_next_with_tracker = predict_once  # type: ignore[method-assign]


def read_in_context(processor: MessageProcessor) -> None:
    """Let the pipeline know, by the message's metadata, that an action is spoken of (``under_way``), or an emergency was (``alarmed``).

    Rasa's pipeline reads a message alone; the same few words are another intent in a conversation.
    """
    parse = processor.parse_message

    async def parse_with_context(
        message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> Any:
        spoken_of = tracker.get_slot(_SPOKEN_OF) if tracker and _SPOKEN_OF in tracker.slots else None
        alarmed = bool(tracker and tracker.latest_message and tracker.latest_message.intent.get("name") == _EMERGENCY)
        message.metadata = {**(message.metadata or {}), "under_way": bool(spoken_of), "alarmed": alarmed}
        return await parse(message, tracker, only_output_properties)

    processor.parse_message = parse_with_context  # type: ignore[method-assign]
