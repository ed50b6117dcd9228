"""docs/privacy.md and its French twin name all that is kept, and nothing else: tables, columns, files, keys, cookies, log lines."""

import ast
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from knowledge.database import migrate, open_engine
from knowledge.retention import RULES
from knowledge.settings import ROOT

ENGLISH, FRENCH = ROOT / "docs/privacy.md", ROOT / "docs/rgpd/donnees.md"
CODE = {
    path: path.read_text(encoding="utf-8")
    for package in ("api", "bot", "actions", "knowledge", "nlu")
    for path in (ROOT / package).rglob("*.py")
}
SCRIPTS = [*(ROOT / "api/web").rglob("*.js"), *(ROOT / "api/web/templates").rglob("*.html")]
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
# How long, in days, as the two documents write it; None: as the settings say.
TIMES = {
    None: ("R", "R"),
    365: ("1 year", "1 an"),
    2: ("2 days", "2 jours"),
    0.5: ("12 hours", "12 heures"),
    15 / 1440: ("15 minutes", "15 minutes"),
}


def tables(document: Path) -> dict[str, list[list[str]]]:
    """The rows of the tables under each heading, cell by cell."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in document.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|") and not re.match(r"\|[-|]+$", line):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return {heading: rows[1:] for heading, rows in found.items()}


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def stores(document: Path) -> dict[str, list[str]]:
    """Tables of the database by name, with the cells of their row."""
    parts = [rows for heading, rows in tables(document).items() if heading.startswith("Tables ")]
    return {name: row for rows in parts for row in rows for name in named(row[0])}


def first_cells(heading: str) -> set[str]:
    return {name for row in tables(ENGLISH)[heading] for name in named(row[0])}


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> dict[str, set[str]]:
    """Tables and columns as they are in a database, Rasa's and Alembic's too."""
    database = open_engine(f"sqlite:///{tmp_path_factory.mktemp('schema') / 'passerelle.db'}")
    migrate(database)
    inspector = sa.inspect(database)
    found = {table: {column["name"] for column in inspector.get_columns(table)} for table in inspector.get_table_names()}
    database.dispose()
    return found


@pytest.mark.parametrize("document", [ENGLISH, FRENCH], ids=["english", "french"])
def test_every_table_is_named_with_its_time_and_no_other(document: Path, schema) -> None:
    kept = stores(document)
    assert set(kept) == set(schema)
    times: dict[str, list[str]] = {}
    for rule in RULES:
        days = rule.older_than and rule.older_than.total_seconds() / 86400
        times.setdefault(rule.table.name, []).append(TIMES[days][document is FRENCH])
    short = {
        name: [time for time in {pair[document is FRENCH] for pair in TIMES.values()} if re.search(rf"\b{time}\b", _kept(row))]
        for name, row in kept.items()
    }
    assert {name: sorted(said) for name, said in short.items() if said} == {name: sorted(of) for name, of in times.items()}


def _kept(row: list[str]) -> str:
    """The cell that says how long: before the last in a table of six, the last in one of three."""
    return row[4] if len(row) == 6 else row[2]


def test_every_column_is_named_and_no_other(schema) -> None:
    assert {named(row[0])[0]: set(named(row[1])) for row in tables(ENGLISH)["Columns"]} == schema


def test_every_file_is_named(settings) -> None:
    """Those that are named in the code, and those that this run has written so far."""
    named_files = first_cells("Files under `var/`")
    there = {path.name + "/" * path.is_dir() for path in settings.var_dir.iterdir()}
    asked = {name for text in CODE.values() for name in re.findall(r'var_dir(?:\.resolve\(\))? / "([\w.]+)"', text)}
    assert there - named_files == set()
    assert {name for name in asked if not {name, f"{name}/"} & named_files} == set()


def test_every_cookie_is_named_and_no_other() -> None:
    setting = [text for text in CODE.values() if ".set_cookie(" in text]
    found = {name for text in setting for name in re.findall(r'^\w*(?:COOKIE|NAME) = "(passerelle_\w+)"', text, re.M)}
    assert len(found) >= sum(bool(re.search(r"\bCOOKIE = |_COOKIE = |_NAME = ", text)) for text in setting) > 0
    assert found == first_cells("Cookies")


def test_every_key_in_the_browser_is_named_and_no_other() -> None:
    ours = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS if "htmx.min" not in path.name)
    used = set(re.findall(r"\b(sessionStorage|localStorage|indexedDB|document\.cookie|caches)\b\.?", ours))
    row, _htmx = tables(ENGLISH)["Storage of the browser"]  # the second is a library's: tests/browser sees it
    assert used == {named(row[0])[0]} and set(re.findall(r'KEY = "(\w+)"', ours)) == {named(row[1])[0]}
    assert set(re.findall(r"sessionStorage\.\w+\((\w+)", ours)) == {"KEY"}
    assert '"historyCacheSize": 0' in ours  # htmx would keep pages of the console


def test_every_key_in_redis_is_named_and_goes_by_itself(needs_redis, settings) -> None:
    import redis

    from api.limits import RateLimit
    from api.staff.throttle import SignInThrottle
    from bot.rasa_shared_locks import SharedTickets

    url = f"{needs_redis}/9"
    shared = settings.copy(update={"redis_url": url, "rate_limit_chat": 5, "rate_limit_sign_in": 5})
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        SharedTickets(url).issue("c" * 24)
        RateLimit(None, shared)._seconds_to_wait("a" * 32)
        SignInThrottle(shared).seconds_to_wait("anne@pimms.example", "192.0.2.1")
        keys = {key.decode(): server.ttl(key) for key in server.scan_iter()}
        server.flushdb()
    starts = sorted(first_cells("Redis"))
    assert {next((start for start in reversed(starts) if key.startswith(start)), key) for key in keys} == set(starts)
    assert all(0 < seconds <= 3600 for seconds in keys.values()), keys
    assert not any(person in key for key in keys for person in ("anne", "192.0.2"))


def log_lines() -> list[tuple[str, set[str]]]:
    """What each log line of ours begins with, and the last names of the values that are put into it."""
    found = []
    for text in CODE.values():
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS):
                continue
            if "log" not in ast.unparse(node.func.value).lower() or not node.args:
                continue
            line, *values = node.args
            assert isinstance(line, ast.Constant), ast.unparse(node)  # no f-string: a value could slip in unseen
            given = [*values, *(keyword.value for keyword in node.keywords)]
            found.append(
                (
                    line.value.split(":")[0],
                    {re.split(r"\W", ast.unparse(value).rstrip("()"))[-1] for value in given if not ast.unparse(value).startswith("len(")},
                )
            )
    return found


def test_every_log_line_is_named_and_holds_nobodys_words() -> None:
    lines = log_lines()
    assert {kind for kind, _ in lines} == first_cells("Log lines")
    personal = {
        "text", "said", "message", "sender", "recipient", "body", "phone", "address", "email", "conversation", "conversation_id", "comment",
        "words", "subject", "payload", "first_name", "asked", "request", "reply", "error", "client", "number", "note", "headers", "url",
    }  # fmt: skip
    # What stops a start is of settings and files; it comes before anybody writes.
    assert [line for line in lines if line[1] & personal and line != ("start", {"error"})] == []
