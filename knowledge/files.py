"""Reading and validating the YAML files of ``knowledge/data/``.

Every problem is reported with its file, line and field, all of them in one pass; the caller
decides what to do. PyYAML's node tree is kept beside the values because pydantic knows fields and
only the tree knows lines.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml
from opening_hours import ParserError  # type: ignore[attr-defined]  # missing from its stubs
from pydantic import BaseModel, ValidationError

from knowledge.schedules import guessed, parse
from knowledge.schema import (
    MOST_QUESTIONS,
    Action,
    BroadNeed,
    BroadNeedsFile,
    Choice,
    HelpNumber,
    HelpNumbersFile,
    Organisation,
    OrganisationFile,
    OrientationFile,
    OrientationQuestion,
    OutsideFile,
    OutsideTopic,
    Source,
    SourcesFile,
)

DATA = Path(__file__).parent / "data"
MAX_FILE_BYTES = 2_000_000
# PyYAML's C code overflows the stack on deep nesting; our own files stay below 10.
_MAX_DEPTH = 50

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One refused value. ``code`` and ``context`` name the reason for who words it in French (knowledge/exchange)."""

    file: str
    line: int
    field: str
    message: str
    code: str = dataclasses.field(default="", compare=False)
    context: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


@dataclass
class DirectoryFiles:
    """What the files say, validated. ``problems`` is empty exactly when all of it may be loaded."""

    sources: list[Source] = field(default_factory=list)
    organisations: list[OrganisationFile] = field(default_factory=list)
    help_numbers: list[HelpNumber] = field(default_factory=list)
    outside: list[OutsideTopic] = field(default_factory=list)
    broad_needs: list[BroadNeed] = field(default_factory=list)
    orientation: list[OrientationQuestion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def actions(self) -> Iterator[tuple[Organisation, Action]]:
        for file in self.organisations:
            for action in file.actions:
                yield file.organisation, action


class Located(Protocol):
    """A validated document that knows where each of its values was written."""

    name: str
    value: Any

    def problem(self, path: tuple, message: str, code: str, context: Mapping[str, Any]) -> Any:
        """Say that the value at ``path`` is refused."""


def read_directory(data: Path = DATA, most_bytes: int = MAX_FILE_BYTES) -> DirectoryFiles:
    """Read every file below ``data``, each of ``most_bytes`` at most, and return records and problems.

    Never raises for bad content.
    """
    result = DirectoryFiles()
    located = list(_parse_all(data, result, most_bytes))
    result.problems += check_references(result, located)
    return result


def _parse_all(data: Path, result: DirectoryFiles, most_bytes: int) -> Iterator["_LocatedFile"]:
    read = partial(_read, data=data, problems=result.problems, most_bytes=most_bytes)
    if sources := read(data / "sources.yml", SourcesFile):
        result.sources = sources.value.sources
        yield sources
    if numbers := read(data / "help_numbers.yml", HelpNumbersFile):
        result.help_numbers = numbers.value.help_numbers
        yield numbers
    if outside := read(data / "outside.yml", OutsideFile):
        result.outside = outside.value.outside
        yield outside
    if (data / "broad_needs.yml").exists() and (broad := read(data / "broad_needs.yml", BroadNeedsFile)):
        result.broad_needs = broad.value.broad_needs
        yield broad
    if (data / "orientation.yml").exists() and (asked := read(data / "orientation.yml", OrientationFile)):
        result.orientation = asked.value.orientation
        yield asked
    paths = sorted((data / "organisations").glob("*.yml"))
    if not paths:
        result.problems.append(Problem("organisations/", 1, "-", "no organisation file was found"))
    for path in paths:
        if located := read(path, OrganisationFile):
            result.organisations.append(located.value)
            yield located


@dataclass
class _LocatedFile:
    """A validated file, with the tree that knows its lines."""

    name: str
    value: Any
    tree: yaml.Node

    def problem(self, path: tuple, message: str, code: str, context: Mapping[str, Any]) -> Problem:
        return Problem(self.name, _line(self.tree, path), ".".join(map(str, path)) or "-", message, code, context)


def _read(path: Path, model: type[Model], data: Path, problems: list[Problem], most_bytes: int) -> _LocatedFile | None:
    name = str(path.relative_to(data))
    try:
        raw = path.read_bytes()
        if len(raw) > most_bytes:
            raise ValueError(f"larger than {most_bytes} bytes")
        text = raw.decode("utf-8")
        _refuse_deep_nesting(text)
        tree, content = _parsed(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append(Problem(name, line, "-", f"not valid YAML: {error.problem}"))
        return None
    except Exception as error:  # noqa: BLE001 - PyYAML lets IndexError, KeyError… through on ill-formed tagged values
        problems.append(Problem(name, 1, "-", f"cannot be read: {error}"))
        return None
    if tree is None or not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        problems.append(Problem(name, 1, "-", "the file must hold a mapping of names to values"))
        return None
    problems.extend(Problem(name, line, key, "this key stands twice; only the last would count") for line, key in _duplicate_keys(tree))
    problems.extend(
        Problem(name, node.start_mark.line + 1, "-", "the character U+0000 cannot be stored")
        for node in _nodes(tree)
        if isinstance(node, yaml.ScalarNode) and "\0" in node.value
    )
    try:
        return _LocatedFile(name, model.parse_obj(content), tree)
    except ValidationError as error:
        for e in error.errors():
            place = tuple(part for part in e["loc"] if part != "__root__")
            problems.append(_LocatedFile(name, None, tree).problem(place, e["msg"], e["type"], e.get("ctx", {})))
        return None


def _parsed(text: str) -> tuple[yaml.Node | None, Any]:
    """The tree, which knows its lines, and the values, from one reading."""
    loader = yaml.CSafeLoader(text)
    try:
        tree = loader.get_single_node()
        return tree, None if tree is None else loader.construct_document(tree)
    finally:
        loader.dispose()


def _refuse_deep_nesting(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")


def _nodes(tree: yaml.Node) -> Iterator[yaml.Node]:
    """Every value of the tree once, although aliases may make it a graph."""
    stack, seen = [tree], set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            stack.extend(value for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)


def _duplicate_keys(tree: yaml.Node) -> Iterator[tuple[int, str]]:
    for node in _nodes(tree):
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        yield key.start_mark.line + 1, key.value
                    seen.add(key.value)


def _line(node: yaml.Node, path: tuple) -> int:
    """Line (1-based) of the deepest part of ``path`` that the tree has."""
    line = node.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == part), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def check_references(result: DirectoryFiles, documents: Iterable[Located]) -> list:
    """What one document alone cannot show: unknown sources, ids used twice, hours that do not parse.

    Returns what ``Located.problem`` makes of each.
    """
    known = {source.id for source in result.sources}
    actions = {action.id for _, action in result.actions()}
    questions = {question.id: question for question in result.orientation}
    seen: dict[str, str] = {}
    problems = []
    for located in documents:
        for path, record in _records(located.value):
            source = getattr(record, "source", None)
            if source is not None and source not in known:
                problems.append(
                    located.problem((*path, "source"), f"« {source} » is not in sources.yml", "unknown_source", {"value": source})
                )
            for i, further in enumerate(getattr(record, "further_sources", [])):
                if further not in known:
                    message = f"« {further} » is not in sources.yml"
                    problems.append(located.problem((*path, "further_sources", i), message, "unknown_source", {"value": further}))
            for name in ("actions", "unsure") if isinstance(record, (BroadNeed, Choice, OrientationQuestion)) else ():
                missing = [(i, action_id) for i, action_id in enumerate(getattr(record, name, [])) if action_id not in actions]
                problems += [
                    located.problem((*path, name, i), f"no action is called « {called} »", "unknown_action", {"value": called})
                    for i, called in missing
                ]
            if isinstance(record, OrientationQuestion) and _longest(record.id, questions) > MOST_QUESTIONS:
                longest = f"more than {MOST_QUESTIONS} questions follow each other from here, or one that does not exist"
                problems.append(located.problem((*path, "choices"), longest, "orientation_too_long", {"limit": MOST_QUESTIONS}))
            osm = getattr(record, "osm", None)
            if osm:
                try:
                    parse(osm)
                except ParserError as error:
                    reason = str(error).splitlines()[-1].strip(" =")
                    problems.append(located.problem((*path, "osm"), f"not an opening_hours expression: {reason}", "osm_unreadable", {}))
                else:
                    if code := guessed(osm):
                        message = f"nobody can compute what it means ({code}): say it in text"
                        problems.append(located.problem((*path, "osm"), message, code, {}))
            identifier = getattr(record, "id", None)
            if identifier is not None:
                key = f"{type(record).__name__} {identifier}"
                if key in seen:
                    message = f"« {identifier} » is already used in {seen[key]}"
                    problems.append(located.problem((*path, "id"), message, "id_used", {"value": identifier}))
                seen.setdefault(key, located.name)
    return problems


def _longest(question_id: str, questions: dict[str, OrientationQuestion], before: int = 0) -> int:
    """How many questions a person answers from this one on; too many where one is missing or comes back."""
    if before > MOST_QUESTIONS or question_id not in questions:
        return MOST_QUESTIONS + 1
    nexts = [choice.next for choice in questions[question_id].choices if choice.next]
    return 1 + max((_longest(following, questions, before + 1) for following in nexts), default=0)


def _records(value: Any, path: tuple = ()) -> Iterator[tuple[tuple, BaseModel]]:
    if isinstance(value, BaseModel):
        yield path, value
        for name in value.__fields__:
            yield from _records(getattr(value, name), (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _records(item, (*path, index))
