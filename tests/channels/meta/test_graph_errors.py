"""Errors of the Graph API by kind, in the shape that it documents."""

import json

import pytest

from api.channels.meta.graph import failure
from api.channels.port import GiveUp, TryLater, Unsubscribed


def answered(status: int, code: int, subcode: int | None = None, headers: dict[str, str] | None = None, **more):
    error = {"message": f"(#{code}) …", "type": "OAuthException", "code": code, "fbtrace_id": "BLBz/WZt8dN", **more}
    return failure(status, json.dumps({"error": error | ({"error_subcode": subcode} if subcode else {})}).encode(), headers or {})


@pytest.mark.parametrize(
    ("status", "code", "subcode"),
    [
        (500, 1, None),
        (400, 1, 99),
        (500, 2, None),
        (503, 2, 2018344),
        (400, 4, 2018022),
        (403, 4, None),
        (400, 17, None),
        (400, 32, None),
        (400, 613, None),
        (400, 80007, None),
        (400, 1200, None),
        (429, 130429, None),
        (400, 131056, None),
        (400, 131000, None),
        (503, 131016, None),
        (503, 133004, None),
        (500, 131026, 7),
        (429, 99, None),
    ],
)
def test_what_passes_is_tried_later(status, code, subcode):
    found = answered(status, code, subcode)
    assert isinstance(found, TryLater)
    assert found.reason.startswith(f"graph_{code}")


@pytest.mark.parametrize(
    ("status", "code", "in_doubt"),
    [
        *[(500, code, True) for code in (1, 2, 1200, 131000, 131016, 4711)],
        *[(400, code, False) for code in (1, 2, 1200, 131000, 131016)],
        *[(503, code, False) for code in (4, 613, 130429, 131057, 133004)],
        (429, 99, False),
    ],
)
def test_after_a_failure_of_its_own_it_is_not_known_whether_it_took_the_message(status, code, in_doubt):
    assert answered(status, code).maybe_sent is in_doubt


def test_what_says_that_it_passes_is_tried_later():
    assert isinstance(answered(400, 4711, is_transient=True), TryLater)


@pytest.mark.parametrize(
    ("code", "subcode", "reason"),
    [
        (100, None, "graph_100"),
        (100, 2018001, "graph_100_2018001"),
        (10, None, "graph_10"),
        (10, 2018278, "window"),
        (10, 2018065, "window"),
        (200, 2018028, "graph_200_2018028"),
        (131026, None, "graph_131026"),
        (131047, None, "window"),
        (131051, None, "graph_131051"),
        (4711, None, "graph_4711"),
    ],
)
def test_what_is_for_good_is_given_up_under_a_reason(code, subcode, reason):
    found = answered(400, code, subcode)
    assert isinstance(found, GiveUp) and found.reason == reason
    assert len(found.reason) <= 60


@pytest.mark.parametrize(("code", "subcode"), [(551, None), (551, 1545041), (200, 1545041), (10, 2018108), (131050, None)])
def test_who_wants_no_messages_gets_none(code, subcode):
    assert isinstance(answered(400, code, subcode), Unsubscribed)


@pytest.mark.parametrize(("status", "code"), [(401, 190), (400, 102), (401, 0)])
def test_a_token_that_is_refused_is_for_the_operator_to_mend(status, code, caplog):
    found = answered(status, code)
    assert isinstance(found, TryLater) and found.after == 300
    assert "access token" in caplog.text


def test_the_pause_is_the_one_that_is_told():
    usage = {"1906385232743451": [{"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": 7}], "x": [None], "y": 3}
    assert answered(400, 80007, headers={"x-business-use-case-usage": json.dumps(usage)}).after == 420
    assert answered(429, 4, headers={"retry-after": "30"}).after == 30
    assert answered(429, 4, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}).after is None
    assert answered(429, 4, headers={"x-business-use-case-usage": "{"}).after is None


@pytest.mark.parametrize("content", [b"", b"<html>Bad Gateway</html>", b"[]", b'{"error": 7}', b'{"error": {"code": "x"}}', b"[" * 100_000])
def test_other_answers_are_read_by_their_status(content):
    gateway, limited, other = (failure(status, content, {}) for status in (502, 429, 404))
    assert isinstance(gateway, TryLater) and gateway.maybe_sent
    assert isinstance(limited, TryLater) and not limited.maybe_sent
    assert isinstance(other, GiveUp) and other.reason == "graph_http_404"
