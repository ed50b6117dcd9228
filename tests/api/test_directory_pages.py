"""The directory's pages without script: narrowed, revalidated, published for machines, and reported wrong."""

import dataclasses
import datetime as dt
import html
import json
import re
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import unquote
from xml.etree import ElementTree

import icalendar
import pytest
import sqlalchemy as sa
import vobject
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import sessionmaker

from api import directory_pages, errors, pages, report_page, sitemap
from api.web.maps import map_links
from knowledge import reports
from knowledge.cards import card
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import Directory
from knowledge.schedules import PARIS
from knowledge.schema import Place, Status
from knowledge.search import Filters

SITE = "https://passerelle.example"
OPEN = dt.datetime(2026, 12, 1, 10, 0, tzinfo=PARIS)  # a Tuesday
CLOSED = dt.datetime(2026, 12, 6, 10, 0, tzinfo=PARIS)  # a Sunday


class _Store:
    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def current(self) -> Directory:
        return self.directory


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sessionmaker]:
    database = open_engine(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'passerelle.db'}")
    migrate(database)
    yield sessions(database)
    database.dispose()


@pytest.fixture
def services(directory: Directory, factory: sessionmaker) -> Iterator[SimpleNamespace]:
    settings = SimpleNamespace(retention_days=12, public_url=f"{SITE}/")
    yield SimpleNamespace(store=_Store(directory), settings=settings, sessions=factory)
    with factory.begin() as session:
        session.execute(sa.delete(reports.SheetReport))


@pytest.fixture
def client(services: SimpleNamespace) -> TestClient:
    app = FastAPI()
    app.state.services = services
    errors.install(app)
    for group in (pages, directory_pages, sitemap, report_page):
        app.include_router(group.router)
    return TestClient(app, headers={"accept": "text/html"})


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Set the clock of the pages."""

    def put(now: dt.datetime) -> None:
        class Fixed(dt.datetime):
            @classmethod
            def now(cls, tz=None):  # type: ignore[no-untyped-def]
                return now.astimezone(tz)

        monkeypatch.setattr("api.views.dt", SimpleNamespace(datetime=Fixed))
        monkeypatch.setattr(directory_pages, "now_in_paris", lambda: now)

    return put


def linked(page: str) -> list[str]:
    return re.findall(r'<h3><a href="/annuaire/([\w-]+)"', page)


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ({"theme": "sport"}, Filters(theme="sport")),
        ({"public": "femmes"}, Filters(public="femmes")),
        ({"quartier": "quiniere"}, Filters(quarter="quiniere")),
        ({"theme": "culture", "public": "jeunes", "quartier": "coty"}, Filters(theme="culture", public="jeunes", quarter="coty")),
        ({"ouvert": "1"}, Filters(open_at=OPEN)),
    ],
)
def test_the_directory_narrows_by_need_public_quarter_and_open_now(
    client: TestClient, directory: Directory, at, query: dict, filters: Filters
) -> None:
    at(OPEN)
    found = linked(client.get("/annuaire", params=query).text)
    assert sorted(found) == sorted(entry.id for entry in directory.entries if filters.accepts(entry))
    assert 0 < len(found) < len(directory.entries)


def test_nothing_is_open_on_a_sunday(client: TestClient, at) -> None:
    at(CLOSED)
    assert linked(client.get("/annuaire?ouvert=1").text) == []


@pytest.mark.parametrize("path", ["/annuaire", "/annuaire/pimms", "/annuaire/pimms/imprimer", "/annuaire/pimms/agenda.ics", "/sitemap.xml"])
def test_a_page_is_asked_for_again_only_when_it_changed(client: TestClient, services: SimpleNamespace, at, path: str) -> None:
    at(OPEN)
    first = client.get(path)
    tag = first.headers["etag"]
    assert first.status_code == 200 and first.headers["cache-control"] == "public, no-cache"
    same = client.get(path, headers={"if-none-match": f'"other", W/{tag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    services.store.directory = dataclasses.replace(services.store.directory, version=2)
    assert client.get(path, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/annuaire", "/annuaire/pimms"])
def test_a_page_changes_when_what_is_open_now_does(client: TestClient, at, path: str) -> None:
    at(OPEN)
    tag = client.get(path).headers["etag"]
    at(OPEN + dt.timedelta(minutes=1))
    assert client.get(path, headers={"if-none-match": tag}).status_code == 304
    at(CLOSED)
    assert client.get(path, headers={"if-none-match": tag}).status_code == 200


# The properties that schema.org (29.x) gives these types, of those that we use; and the type of what they hold.
TEXT, NUMBER, URL, DATE = "text", "number", "url", "date"
VOCABULARY = {
    "WebPage": {
        "url": URL, "name": TEXT, "description": TEXT, "inLanguage": TEXT, "isPartOf": "WebSite", "lastReviewed": DATE,
        "mainEntity": "Service", "citation": "CreativeWork",
    },
    "WebSite": {"name": TEXT, "url": URL},
    "CreativeWork": {"name": TEXT, "url": URL, "datePublished": DATE},
    "Service": {
        "name": TEXT, "alternateName": TEXT, "description": TEXT, "provider": "Organization", "audience": "PeopleAudience",
        "offers": "Offer", "hoursAvailable": "OpeningHoursSpecification", "availableChannel": "ServiceChannel", "subjectOf": "Event",
    },
    "Organization": {"name": TEXT, "url": URL},
    "PeopleAudience": {"audienceType": TEXT, "suggestedGender": TEXT, "suggestedMinAge": NUMBER, "suggestedMaxAge": NUMBER},
    "Offer": {"description": TEXT, "price": NUMBER, "priceCurrency": TEXT},
    "OpeningHoursSpecification": {"dayOfWeek": URL, "opens": TEXT, "closes": TEXT, "validFrom": DATE, "validThrough": DATE},
    "ServiceChannel": {"servicePhone": "ContactPoint", "serviceLocation": "Place"},
    "ContactPoint": {"telephone": TEXT, "name": TEXT},
    "Place": {"name": TEXT, "address": "PostalAddress", "geo": "GeoCoordinates"},
    "PostalAddress": {"streetAddress": TEXT, "postalCode": TEXT, "addressLocality": TEXT},
    "GeoCoordinates": {"latitude": NUMBER, "longitude": NUMBER},
    "Event": {"name": TEXT, "description": TEXT, "startDate": DATE, "endDate": DATE},
}  # fmt: skip


def check_node(node: dict, expected: str) -> Iterator[object]:
    """Check a node against the vocabulary; yield its plain values."""
    assert node["@type"] == expected
    for name, value in node.items():
        if name.startswith("@"):
            continue
        kind = VOCABULARY[expected][name]
        for one in value if isinstance(value, list) else [value]:
            if kind in VOCABULARY:
                yield from check_node(one, kind)
                continue
            assert isinstance(one, (int, float) if kind == NUMBER else str) and one != "", name
            if kind == URL:
                assert re.match(r"https?://\S+$", one), name
            if kind == DATE:
                assert re.match(r"\d{4}(-\d\d(-\d\d)?)?$", one), name
            yield one


def test_every_page_says_its_facts_in_schema_org_and_no_other(client: TestClient, directory: Directory) -> None:
    with_hours = []
    for entry in directory.entries:
        page = client.get(f"/annuaire/{entry.id}").text
        (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
        data = json.loads(block)
        assert data.pop("@context") == "https://schema.org"
        canonical = f"{SITE}/annuaire/{entry.id}"
        assert data["@id"] == data["url"] == canonical
        assert f'<link rel="canonical" href="{canonical}">' in page
        facts = json.dumps(json.loads(entry.action.json()) | {"of": json.loads(entry.organisation.json())}, ensure_ascii=False)
        facts += "".join(source.json(ensure_ascii=False) for source in directory.sources.values())
        if "hoursAvailable" in data.get("mainEntity", {}):
            with_hours.append(entry.id)
        for event in data.get("mainEntity", {}).get("subjectOf", []):
            days = [date[len("2021-07-") :] for date in (event.get("startDate", ""), event.get("endDate", ""))]
            assert {int(day) for day in days if day} <= {int(number) for number in re.findall(r"\d+", event["description"])}, event
        own = {canonical, f"{SITE}/", "Passerelle", "fr", "EUR", "female", "male", 0}
        for value in check_node(data, "WebPage"):
            if value in own or str(value).startswith("https://schema.org/") or re.match(r"\d\d:\d\d$", str(value)):
                continue
            assert (json.dumps(value, ensure_ascii=False).strip('"')) in facts, (entry.id, value)
    assert with_hours == ["pimms"]


def test_a_place_is_opened_by_its_address_in_any_map_application(client: TestClient, directory: Directory) -> None:
    page = client.get("/annuaire/pimms").text
    assert [unquote(found) for found in re.findall(r'href="geo:([^"]+)"', page)] == [
        "47.59411,1.309648?q=133 Rue Michel Bégon, 41000 Blois",
        "0,0?q=place Coty, Blois",
    ]
    found = re.findall(r'href="https://www.openstreetmap.org/search\?query=([^"]+)"', page)
    assert [unquote(one) for one in found] == ["133 Rue Michel Bégon, 41000 Blois", "place Coty, Blois"]
    assert not re.search(r'src="(https?:)?//', page)


def test_every_map_link_leads_to_an_address_in_its_town(client: TestClient, directory: Directory) -> None:
    leading: dict[str, list[str]] = {}
    for entry in directory.entries:
        page = client.get(f"/annuaire/{entry.id}").text
        texts = [unquote(found) for found in re.findall(r'href="geo:[^"?]+\?q=([^"]+)"', page)]
        assert ("Y aller" in page) == bool(texts), entry.id
        addresses = {place.address for place in entry.places if place.address}
        for text in texts:
            address, _, town = text.rpartition(", ")
            assert address in addresses and re.fullmatch(r"(41\d{3} )?Blois", town), (entry.id, text)
        if texts:
            assert (entry.action.kind, entry.action.status is Status.finished) == ("action", False), entry.id
            leading[entry.id] = texts
    assert len(leading) > 10
    # The organisation's page prints the same address with its town; of the PJJ's nobody says it.
    assert leading["acesm-chantiers-educatifs"] == ["12 rue Sainte-Anne, 41000 Blois"]
    assert not leading.keys() & {"alire-jeunes-pjj", "quiniere-s-decale", "planning-familial-groupes-parole", "afrik-consult-figas"}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (Place(name="Maison verte", city="Blois", source="page-2021"), None),
        (Place(name="Maison verte", city="Blois", latitude=47.5, longitude=1.3, source="page-2021"), "47.5,1.3?q=Maison verte, Blois"),
        (Place(address="1 rue Haute", source="page-2021"), None),
        (Place(address="1 rue Haute", city="Blois cedex", postal_code="41012", source="page-2021"), None),
        (Place(address="1 rue Haute", city="Vendôme", source="page-2021"), "0,0?q=1 rue Haute, Vendôme"),
    ],
)
def test_what_can_be_gone_to_is_an_address_or_a_point_with_its_town(directory: Directory, place: Place, found: str | None) -> None:
    known = directory.entry("pimms")
    entry = dataclasses.replace(known, action=known.action.copy(update={"places": [place]}))
    assert [unquote(link.geo.removeprefix("geo:")) for link in map_links(card(directory, entry, OPEN))] == ([found] if found else [])


def test_contacts_are_read_back_as_a_vcard(client: TestClient, directory: Directory) -> None:
    response = client.get("/annuaire/pimms/contact.vcf")
    assert response.headers["content-type"] == "text/vcard; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="pimms.vcf"'
    card = vobject.readOne(response.text)
    assert (card.fn.value, card.tel.value, card.email.value) == (
        "PIMMS, maison France services", "02 54 45 34 54", "blois@pimmsmediation.fr",
    )  # fmt: skip
    assert (card.adr.value.street, card.adr.value.code, card.adr.value.city) == ("133 Rue Michel Bégon", "41000", "Blois")
    assert "2024-08-01" in card.note.value and card.source.value == f"{SITE}/annuaire/pimms"
    for entry in directory.entries:
        response = client.get(f"/annuaire/{entry.id}/contact.vcf")
        linked = "contact.vcf" in client.get(f"/annuaire/{entry.id}").text
        assert (response.status_code == 200) == linked == bool(entry.contacts or any(p.address for p in entry.places)), entry.id
        if linked:
            told = {line.value for line in vobject.readOne(response.text).getChildren() if isinstance(line.value, str)}
            assert {contact.value for contact in entry.contacts} <= told


def test_a_calendar_is_offered_only_where_hours_or_days_are_known(client: TestClient, directory: Directory, at) -> None:
    at(OPEN)
    offered = [entry.id for entry in directory.entries if "agenda.ics" in client.get(f"/annuaire/{entry.id}").text]
    assert offered == ["pimms"]
    response = client.get("/annuaire/pimms/agenda.ics")
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    assert icalendar.Calendar.from_ical(response.text).walk("VEVENT")
    assert client.get("/annuaire/figas/agenda.ics").status_code == 404


def test_the_print_sheet_leads_back_to_the_page(client: TestClient) -> None:
    page = client.get("/annuaire/pimms/imprimer").text
    assert f"{SITE}/annuaire/pimms" in page and 'href="/annuaire/pimms"' in page and "02 54 45 34 54" in page


def test_what_a_search_engine_may_know(client: TestClient, directory: Directory) -> None:
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    listed = {one.text for one in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    assert listed >= {f"{SITE}/annuaire/{entry.id}" for entry in directory.entries}
    assert all(client.get(address.removeprefix(SITE)).status_code == 200 for address in listed)
    robots = client.get("/robots.txt").text
    assert f"Sitemap: {SITE}/sitemap.xml" in robots and "Disallow: /staff" in robots


def test_a_sitemap_too_long_for_one_file_is_a_list_of_files_that_hold_each_page_once(
    client: TestClient, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "_IN_A_FILE", 20)

    def addresses(path: str) -> list[str]:
        root = ElementTree.fromstring(client.get(path).content)
        return [one.text or "" for one in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]

    files = [address.removeprefix(SITE) for address in addresses("/sitemap.xml")]
    listed = [address for file in files for address in addresses(file)]
    assert files == [f"/sitemap-{number}.xml" for number in range(1, len(files) + 1)] and all(len(addresses(file)) <= 20 for file in files)
    assert len(listed) == len(set(listed)) and set(listed) >= {f"{SITE}/annuaire/{entry.id}" for entry in directory.entries}
    assert [client.get(f"/sitemap-{number}.xml").status_code for number in (0, len(files) + 1)] == [404, 404]


@pytest.mark.parametrize("conditions", ["", "theme=emploi", "public=jeunes&quartier=coty"])
def test_a_long_directory_comes_in_pages_that_show_each_entry_once(
    client: TestClient, directory: Directory, monkeypatch: pytest.MonkeyPatch, conditions: str
) -> None:
    def shown(page: str) -> list[str]:
        return [action_id for action_id in re.findall(r'href="/annuaire/([a-z0-9-]+)"', page) if action_id in directory.by_id]

    whole = shown(client.get(f"/annuaire?{conditions}").text)
    monkeypatch.setattr(directory_pages, "_LISTED", 2)
    path, pages, found = f"/annuaire?{conditions}", 0, list[str]()
    while path:
        page = client.get(path).text
        pages, found = pages + 1, found + shown(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = html.unescape(following[1]) if following else ""
    assert pages > 1 and sorted(found) == sorted(whole)
    assert client.get("/annuaire?suite=9999999").status_code == 200


@pytest.fixture
def left(services: SimpleNamespace):
    def read() -> list[tuple[str, str, str]]:
        with services.sessions() as session:
            return [(one.action, one.subject, one.text) for one in reports.waiting(session)]

    return read


def test_an_error_is_reported_once_and_without_a_name(client: TestClient, left) -> None:
    page = client.get("/signaler?fiche=pimms").text
    fields = set(re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', page))
    assert fields == {"subject", "text", "fiche", "report_id"}
    form = {"fiche": "pimms", "subject": "contact", "text": " <b>C'est le 02 54 00 00 00</b> ", "report_id": str(uuid.uuid4())}
    for _ in range(2):
        assert "Merci" in client.post("/signaler", data=form).text
    assert left() == [("pimms", "contact", "<b>C'est le 02 54 00 00 00</b>")]
    assert client.get("/signaler?fiche=pimms").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subject": ""}, "Choisissez"),
        ({"subject": "nom"}, "Choisissez"),
        ({"text": " "}, "en quelques mots"),
        ({"text": "é" * 501}, "trop long"),
    ],
)
def test_a_report_that_says_too_little_is_explained_and_kept(client: TestClient, left, changed: dict, said: str) -> None:
    form = {"fiche": "pimms", "subject": "place", "text": "au 12 bis", "report_id": "no id"} | changed
    page = client.post("/signaler", data=form)
    assert page.status_code == 422 and said in page.text and left() == []
    assert f"{form['text']}</textarea>" in page.text


def test_a_report_about_nothing_is_refused(client: TestClient, left) -> None:
    assert client.get("/signaler?fiche=rien").status_code == 404
    assert client.post("/signaler", data={"fiche": "rien", "subject": "over"}).status_code == 404
    assert "Merci" in client.post("/signaler", data={"fiche": "pimms", "subject": "over"}).text
    assert left() == [("pimms", "over", "")]
