"""The OpenAPI document says what the contract says."""

import pytest

from bot.engine import OUTCOMES


@pytest.fixture(scope="module")
def document(app) -> dict:
    return app.openapi()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/chat"),
        ("delete", "/api/conversations/{conversation_id}"),
        ("post", "/api/feedback"),
        ("get", "/api/actions"),
        ("get", "/api/actions/{action_id}"),
        ("get", "/api/search"),
        ("get", "/healthz"),
        ("get", "/readyz"),
    ],
)
def test_every_address_of_the_contract_is_described(document: dict, method: str, path: str):
    operation = document["paths"][path][method]
    assert operation["description"].endswith(".")


def test_outcomes_are_those_of_the_engine(document: dict):
    assert document["components"]["schemas"]["ChatAnswer"]["properties"]["outcome"]["enum"] == list(OUTCOMES)


def test_filters_are_those_of_the_contract(document: dict):
    names = {parameter["name"] for parameter in document["paths"]["/api/actions"]["get"]["parameters"]}
    assert names >= {"q", "theme", "audience", "quarter", "age", "open_at", "status", "cursor"}


def test_errors_are_described_in_their_one_shape(document: dict):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status in ("422", "429", "503"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith("/ErrorAnswer"), path


def test_examples_are_answered(client, document: dict):
    example = document["components"]["schemas"]["ChatRequest"]["properties"]["message"]["example"]
    assert client.post("/api/chat", json={"message": example}).json()["actions"]


def test_no_page_is_in_it(document: dict):
    assert all(path.startswith(("/api/", "/channels/", "/healthz", "/readyz")) for path in document["paths"])
