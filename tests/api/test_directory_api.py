"""The directory and the search over HTTP."""

import uuid

import pytest

from knowledge.models import stable_id

ALL = 54


def everything(client, limit: int = 7, **filters: object) -> list[dict]:
    """Follow the cursor to the end."""
    items, cursor = [], None
    while True:
        page = client.get("/api/actions", params={**filters, "limit": limit, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["items"]) <= limit
        items, cursor = items + page["items"], page["next"]
        assert page["total"] >= len(items)
        if cursor is None:
            assert page["total"] == len(items)
            return items


@pytest.mark.parametrize("limit", [1, 7, 54, 100])
def test_all_pages_together_are_the_whole_directory_once(client, services, limit: int):
    ids = [item["id"] for item in everything(client, limit)]
    assert ids == [entry.id for entry in services.store.current().entries]
    assert len(ids) == len(set(ids)) == ALL


def test_without_a_limit_a_page_is_small(client):
    page = client.get("/api/actions").json()
    assert (len(page["items"]), page["total"]) == (20, ALL) and page["next"]


def test_a_query_ranks_the_list_and_pages_too(client):
    ids = [item["id"] for item in everything(client, 20, q="créer mon entreprise")]
    assert len(ids) == len(set(ids)) == ALL
    assert ids[0] == client.get("/api/search", params={"q": "créer mon entreprise"}).json()["hits"][0]["action"]["id"]


@pytest.mark.parametrize(
    ("name", "value", "holds"),
    [
        ("theme", "francais", lambda card: "francais" in card["themes"]),
        ("audience", "jeunes", lambda card: not card["audience"] or {"jeunes", "tous-publics"} & set(card["audience"])),
        ("status", "finished", lambda card: card["status"] == "finished"),
        ("age", 8, lambda card: (card["age_min"] or 0) <= 8 <= (card["age_max"] or 120)),
        ("quarter", "quiniere", lambda card: True),
        ("open_at", "2026-11-24T10:00:00", lambda card: any(schedule["osm"] for schedule in card["schedules"])),
    ],
)
def test_a_filter_keeps_what_fits_and_leaves_the_rest_out(client, name: str, value: object, holds):
    kept = everything(client, 20, **{name: value})
    assert 0 < len(kept) < ALL
    assert all(holds(card) for card in kept)


def test_filters_add_up(client):
    both = {card["id"] for card in everything(client, theme="emploi", audience="jeunes")}
    assert both == {card["id"] for card in everything(client, theme="emploi")} & {
        card["id"] for card in everything(client, audience="jeunes")
    }


def test_nothing_is_open_at_night(client):
    assert everything(client, open_at="2026-11-25T03:00:00") == []


def test_a_moment_with_a_zone_is_the_same_moment(client):
    paris, universal = (everything(client, open_at=moment) for moment in ("2026-11-24T10:00:00", "2026-11-24T09:00:00Z"))
    assert [card["id"] for card in paris] == [card["id"] for card in universal]


@pytest.mark.parametrize(
    "filters",
    [
        {"theme": "inconnu"},
        {"theme": ""},
        {"audience": "martiens"},
        {"quarter": "paris"},
        {"status": "ouvert"},
        {"age": -1},
        {"age": 121},
        {"age": "dix"},
        {"limit": 0},
        {"limit": 101},
        {"open_at": "demain"},
        {"cursor": "n'importe quoi"},
        {"cursor": "é"},
        {"cursor": "LTE"},  # -1
        {"cursor": "x" * 101},
        {"q": "é" * 1001},
    ],
)
def test_an_unknown_value_is_refused(client, refused, filters: dict):
    refused(client.get("/api/actions", params=filters), 422, "invalid_request")


def test_one_action_by_its_slug_or_its_uuid(client):
    by_slug = client.get("/api/actions/pimms").json()
    by_uuid = client.get(f"/api/actions/{stable_id('action', 'pimms')}").json()
    assert by_slug["id"] == by_uuid["id"] == "pimms"
    assert str(uuid.UUID(by_slug["uuid"])) == by_slug["uuid"] == by_uuid["uuid"]
    assert by_slug["contacts"] == by_uuid["contacts"]


@pytest.mark.parametrize("unknown", ["nulle-part", "00000000-0000-4000-8000-000000000000", "PIMMS", "..", "pimms'--", "%00", "é" * 300])
def test_an_unknown_action_is_404(client, refused, unknown: str):
    refused(client.get(f"/api/actions/{unknown}"), 404, "not_found")


def test_every_action_can_be_asked_for_and_bears_its_sources(client):
    for item in everything(client, 100):
        card = client.get(f"/api/actions/{item['id']}").json()
        assert card["id"] == item["id"] and card["summary"] and card["sources"]
        for fact in [*card["contacts"], *card["places"], *card["schedules"], *card["events"], *([card["price"]] if card["price"] else [])]:
            assert fact["source"]["title"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("xxxxqzx", None),
        ("!!!", None),
        ("carte grise", None),
        ("couture", "point-utile-hall-couture"),
        ("logement", "compagnons-batisseurs-bricobus"),
    ],
)
def test_the_page_says_so_when_nothing_is_near(client, said: str, found: str | None):
    page = client.get("/annuaire", params={"q": said}, headers={"accept": "text/html"}).text
    assert ("Rien n'a été trouvé pour" in page) == (found is None) == ("<h3>" not in page)
    assert found is None or f'<h3><a href="/annuaire/{found}"' in page


def test_a_search_gives_its_evidence(client):
    found = client.get("/api/search", params={"q": "jarive pa a lire le courié", "limit": 3}).json()
    assert set(found) == {"query", "decision", "outside", "hits"}
    assert found["decision"] in ("answer", "clarify", "unclear", "outside") and 0 <= found["outside"] <= 1
    assert len(found["hits"]) == 3
    confidences = [hit["confidence"] for hit in found["hits"]]
    assert confidences == sorted(confidences, reverse=True) and all(0 <= c <= 1 for c in confidences)
    for hit in found["hits"]:
        assert set(hit["evidence"]) == {"words", "phrasing", "likeness", "fits"}
    best = found["hits"][0]["evidence"]
    assert best["words"] and best["phrasing"]


def test_a_search_says_why_the_person_fits(client):
    hits = client.get("/api/search", params={"q": "mon fils de 17 ans cherche un métier", "limit": 10}).json()["hits"]
    fits = [fit for hit in hits for fit in hit["evidence"]["fits"]]
    assert "age" in {fit["reason"] for fit in fits}


@pytest.mark.parametrize("query", ["???", "   ", "\u200b", "👍"])
def test_a_search_without_words_finds_nothing(client, query: str):
    found = client.get("/api/search", params={"q": query}).json()
    assert found["hits"] == []


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": "é" * 1001}, {"q": "a", "limit": 0}, {"q": "a", "limit": 21}])
def test_a_search_of_another_shape_is_refused(client, refused, params: dict):
    refused(client.get("/api/search", params=params), 422, "invalid_request")
