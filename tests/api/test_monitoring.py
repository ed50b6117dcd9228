"""``/metrics``, request ids and log lines, asked as Prometheus and a proxy ask."""

import json
import logging
import re

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from api.logs import write_logs
from knowledge.delivery.models import OutgoingMessage
from knowledge.settings import ROOT, Settings

MONITORING = ROOT / "deploy/monitoring"
# What a metric is called in queries, by what its family ends in.
SERIES = re.compile(r"\bpasserelle_[a-z_]+")
SELECTED = re.compile(r"\b(passerelle_[a-z_]+)\{([^}]*)\}")
GROUPED = re.compile(r"\b(?:by|without) ?\(([^)]*)\)")
SECRET = "Nadia habite au 3 rue Haute"


def scraped(client, **headers: str) -> dict[tuple[str, frozenset], float]:
    text = client.get("/metrics", headers=headers)
    assert text.status_code == 200 and text.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(text.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(found: dict, metric: str, **labels: str) -> float:
    return found.get((metric, frozenset(labels.items())), 0.0)


def test_an_answer_counts_once_by_channel_and_outcome_with_its_time(client):
    counted = {"channel": "web", "outcome": "greet"}
    before = scraped(client)
    client.post("/api/chat", json={"message": "bonjour"})
    after = scraped(client)
    assert value(after, "passerelle_messages_total", **counted) == value(before, "passerelle_messages_total", **counted) + 1
    for name, labels in (("engine_seconds_count", {"channel": "web"}), ("http_request_seconds_count", {"route": "/api/chat"})):
        assert value(after, f"passerelle_{name}", **labels) == value(before, f"passerelle_{name}", **labels) + 1
    assert value(after, "passerelle_http_requests_total", method="POST", route="/api/chat", status="200") >= 1


def test_what_waits_what_is_old_and_what_answers_is_told(client, services):
    with services.sessions.begin() as session:
        letter = OutgoingMessage(key="monitoring", channel="sms", conversation="c", state="dead", reason="too_late")
        session.add(letter)
    try:
        found = scraped(client)
    finally:
        with services.sessions.begin() as session:
            session.delete(session.merge(letter))
    assert value(found, "passerelle_queue_messages", queue="dead_out") >= 1
    assert value(found, "passerelle_queue_oldest_seconds", queue="inbox") == 0
    directory = services.store.current()
    assert value(found, "passerelle_directory_version") == directory.version
    assert value(found, "passerelle_directory_actions") == 54
    assert value(found, "passerelle_stale_facts") > 100
    assert value(found, "passerelle_up", service="database") == 1
    assert value(found, "passerelle_model_info", name=services.models.serving) == 1


def test_no_label_says_what_was_asked(client):
    conversation = client.post("/api/chat", json={"message": SECRET}).json()["conversation_id"]
    client.delete(f"/api/conversations/{conversation}")
    client.get(f"/{conversation}")
    client.request("PROPFIND", "/annuaire/nadia")
    text = client.get("/metrics").text
    assert not re.search(r"nadia|rue haute", text, re.I) and conversation not in text
    assert 'route="/api/conversations/{conversation_id}"' in text and 'route="other"' in text and 'method="other"' in text


def test_metrics_are_for_this_machine_or_who_has_the_token(client, open_app):
    for proxied in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert client.get("/metrics", headers={proxied: "203.0.113.7"}).status_code == 403
    assert open_app().get("/metrics").status_code == 403  # the test client comes from elsewhere
    guarded = open_app(metrics_token=SecretStr("correct horse"))
    assert guarded.get("/metrics").status_code == 403
    assert guarded.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403
    assert guarded.get("/metrics", headers={"authorization": "Bearer correct horse"}).status_code == 200


def test_a_request_bears_an_id_which_only_a_trusted_proxy_chooses(client, open_app):
    one, other = (client.get("/healthz", headers={"x-request-id": "chosen-by-me"}).headers["x-request-id"] for _ in range(2))
    assert re.fullmatch(r"[0-9a-f]{32}", one) and one != other
    behind: TestClient = open_app(trusted_proxies=1)
    assert behind.get("/healthz", headers={"x-request-id": "from-nginx-1"}).headers["x-request-id"] == "from-nginx-1"
    for bad in ("short", "x" * 65, "a b\tc d e f"):
        assert behind.get("/healthz", headers={"x-request-id": bad}).headers["x-request-id"] != bad
    assert behind.get("/nulle-part").headers["x-request-id"]  # an error's too


@pytest.fixture
def logged(capsys):
    """Log as a server with these settings does; gives back the lines, and the logging of before."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in ("api", "bot", "actions", "knowledge", "nlu")]
    before = root.handlers, root.level, [one.level for one in ours]

    def read(**changes) -> list[str]:
        capsys.readouterr()
        write_logs(Settings(**changes))
        return capsys.readouterr().err.splitlines()

    yield read
    root.handlers = before[0]
    root.setLevel(before[1])
    for one, level in zip(ours, before[2], strict=True):
        one.setLevel(level)


def test_log_lines_of_a_request_bear_its_id_down_to_the_engine_and_no_words(logged, capsys, open_app, services, monkeypatch):
    async def fails(*_arguments):
        raise ValueError(SECRET)

    monkeypatch.setattr(services.engine._agent, "handle_message", fails)
    client = open_app(trusted_proxies=1)
    logged(log_format="json", log_level="info")
    client.post("/api/chat", json={"message": SECRET}, headers={"x-request-id": "from-nginx-2"})
    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    assert {line["logger"] for line in lines if line.get("request_id") == "from-nginx-2"} >= {"bot.rasa_engine", "api.observing"}
    assert any(line["event"].startswith("request: POST /api/chat 200") for line in lines)
    assert "Nadia" not in said


def test_an_exceptions_text_and_what_libraries_say_stay_out(logged, capsys):
    logged(log_format="text")
    with bound_contextvars(request_id="r"):
        for name in ("knowledge.search", "asyncio"):
            try:
                raise ValueError(SECRET)
            except ValueError:
                logging.getLogger(name).exception("it failed" if name != "asyncio" else SECRET)
        logging.getLogger("httpx").info(SECRET)
    said = capsys.readouterr().err
    assert "Nadia" not in said and "it failed" in said and "error=ValueError" in said and "request_id=r" in said


def queries() -> list[str]:
    """Every expression of the alarms and the dashboard."""
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
    alarms = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    return alarms + [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]


def known() -> dict[str, set[str]]:
    """Every series that Passerelle may export, with its labels."""
    from api.state_metrics import LABELS
    from knowledge import metrics

    found = {name: set(labels) for name, labels in LABELS.items()}
    for one in vars(metrics).values():
        if hasattr(one, "_labelnames"):
            endings = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}[one._type]
            for ending in endings:
                found[one._name + ending] = set(one._labelnames) | ({"le"} if ending == "_bucket" else set())
    return found


def test_alarms_and_dashboard_name_metrics_and_labels_that_exist():
    series, asked = known(), queries()
    assert len(asked) > 25
    for query in asked:
        named = set(SERIES.findall(query))
        assert named and named <= set(series), (query, named - set(series))
        for name, selector in SELECTED.findall(query):
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)) <= series[name] | {"job", "instance"}, query
        grouped = {label.strip() for labels in GROUPED.findall(query) for label in labels.split(",") if label.strip()}
        assert grouped <= set().union(*(series[name] for name in named)) | {"job", "instance"}, query


def test_every_alarm_is_explained_to_the_citys_it():
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("page", "ticket")
            assert f"`{rule['alert']}`" in guide, rule["alert"]


def test_what_is_exported_is_what_is_declared(client):
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    from api.state_metrics import LABELS

    optional = {"passerelle_sms_segments_spent"}  # nothing was sent yet
    for name, labels in LABELS.items():
        if name not in optional or name in families:
            assert all(set(sample.labels) == set(labels) for sample in families[name].samples), name
