"""The exchange pages: download, send, look, confirm once; who may; what is too large; what is noted."""

import io
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from reading import text, tree

from api.wiring import Services
from knowledge.audit import AuditEntry
from knowledge.editing.history import history
from knowledge.exchange import archive, csv_files, waiting
from knowledge.exchange.formats import FORMATS
from knowledge.exchange.models import WaitingImport
from knowledge.records import select_all

PAGE = "/staff/echanges"
HEAD = "Organisation;Action;Nature;Valeur;À quoi il sert;Public;Source\n"
CONTACT = HEAD + "ufolep;;courriel;sport@exemple.fr;;oui;page-2021\nufolep;;téléphone;02 54 43 86 65;;oui;page-2021\n"

Desk = Callable[..., TestClient]


def send(client: TestClient, content: bytes | str, name: str = "contacts.csv", **fields: str) -> str:
    """Send a file; returns the address of its report."""
    data = content.encode() if isinstance(content, str) else content
    response = client.post(PAGE, files={"fichier": (name, data)}, data=fields, follow_redirects=False)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def confirm(client: TestClient, report: str, page: str):
    digest = re.search(r'name="digest" value="(\w+)"', page)[1]
    return client.post(f"{report}/confirmer", data={"digest": digest}, follow_redirects=False)


def contacts(services: Services) -> list[str]:
    entry = services.store.current().entry("ufolep-femmes-sport")
    return [contact.value for contact in entry.organisation.contacts]


def noted(services: Services) -> list[AuditEntry]:
    with services.sessions() as session:
        return [e for e in session.execute(sa.select(AuditEntry)).scalars() if e.what.startswith("directory.")]


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_downloaded_and_noted(desk: Desk, own_services: Services, name: str) -> None:
    client = desk()
    assert f"{PAGE}/exporter/{name}" in client.get(PAGE).text
    response = client.get(f"{PAGE}/exporter/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(FORMATS[name].media_type)
    assert re.fullmatch(
        rf'attachment; filename="passerelle-{name}-\d{{4}}-\d\d-\d\d{FORMATS[name].suffix}"', response.headers["content-disposition"]
    )
    report = client.get(send(client, response.content, "annuaire")).text
    assert "Ce fichier ne change rien." in report
    assert [(entry.what, entry.subject, entry.name) for entry in noted(own_services)] == [("directory.exported", name, "Amina")]


def test_the_models_to_fill_in_are_downloaded(desk: Desk) -> None:
    client = desk()
    assert load_workbook(io.BytesIO(client.get(f"{PAGE}/modele/xlsx").content)).sheetnames[0] == "Mode d'emploi"
    assert client.get(f"{PAGE}/modele/csv").content == csv_files.template()
    for path in ("modele/archive", "modele/rien", "exporter/rien"):
        assert client.get(f"{PAGE}/{path}").status_code == 404


def test_a_file_is_looked_at_first_and_written_once_on_demand(desk: Desk, own_services: Services) -> None:
    client = desk("editor", "Amina")
    version = own_services.store.current().version
    report = send(client, CONTACT)
    page = client.get(report).text
    assert "sport@exemple.fr" in page
    sums = [text(part) for part in tree(page).find(".//dl")]
    assert sums[:4] == ["Ajoutées 1", "Modifiées 0", "Retirées 0", "Ordres changés 0"]
    assert contacts(own_services) == ["02 54 43 86 65"]

    done = confirm(client, report, page)
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?fait=directory.imported")
    assert "Le fichier est importé." in client.get(done.headers["location"]).text
    assert contacts(own_services) == ["sport@exemple.fr", "02 54 43 86 65"]
    assert own_services.store.current().version == version + 1

    assert confirm(client, report, page).status_code == 404  # once
    [entry] = noted(own_services)
    assert (entry.what, entry.subject, entry.details["format"], entry.details["added"]) == ("directory.imported", "contacts.csv", "csv", 1)
    with own_services.sessions() as session:
        [revision] = history(session, "organisation", "ufolep")
        assert (revision.change, revision.by) == ("import", "Amina")
        assert session.execute(sa.select(WaitingImport)).all() == []


def test_what_changed_meanwhile_is_looked_at_again(desk: Desk, own_services: Services) -> None:
    client, other = desk("editor", "Amina"), desk("editor", "Bilal")
    report, theirs = send(client, CONTACT), send(other, CONTACT.replace("sport@", "autre@"))
    page = client.get(report).text
    assert confirm(other, theirs, other.get(theirs).text).status_code == 303
    again = confirm(client, report, page)
    assert again.status_code == 409
    assert "L'annuaire a changé pendant ce temps." in text(tree(again.text))
    assert "autre@exemple.fr" in again.text
    assert contacts(own_services)[0] == "autre@exemple.fr"
    assert confirm(client, report, again.text).status_code == 303
    assert contacts(own_services)[0] == "sport@exemple.fr"


def test_another_content_than_the_one_looked_at_is_not_written(desk: Desk, own_services: Services) -> None:
    client = desk()
    report = send(client, CONTACT)
    assert client.post(f"{report}/confirmer", data={"digest": waiting.digest(b"other")}).status_code == 409
    assert client.post(f"{report}/confirmer").status_code == 409
    assert contacts(own_services) == ["02 54 43 86 65"]


def test_refused_cells_are_listed_by_page_and_nothing_can_be_confirmed(desk: Desk, own_services: Services) -> None:
    client = desk()
    report = send(client, HEAD + "ufolep;;téléphone;254438665;;oui;page-2021\n" * 120)
    first, last = client.get(report), client.get(f"{report}?page=99")
    assert first.status_code == 422
    assert "120 case(s) refusée(s). Rien n'a été changé." in text(tree(first.text))
    assert "Page 1 sur 3" in text(tree(first.text)) and "Page 3 sur 3" in text(tree(last.text))
    rows = [[text(cell) for cell in row] for row in tree(last.text).iter("tr")]
    assert rows[-1][:4] == ["Contacts", "121", "Valeur", "254438665"] and "zéro" in rows[-1][4]
    assert "confirmer" not in first.text
    assert client.post(f"{report}/confirmer", data={"digest": waiting.digest(b"")}).status_code in (409, 422)
    with own_services.sessions() as session:
        [kept] = session.execute(sa.select(WaitingImport)).scalars()
    crafted = client.post(f"{report}/confirmer", data={"digest": waiting.digest(kept.content)}, follow_redirects=False)
    assert (crafted.status_code, crafted.headers["location"]) == (303, report)
    assert contacts(own_services) == ["02 54 43 86 65"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 nothing", "pas une archive zip lisible"),
        (b'{"a": 1}', "ni du data·inclusion ni du HSDS"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"<script>alert(1)</script>", "aucune feuille"),
    ],
)
def test_a_file_that_is_nothing_of_ours_is_refused_in_a_sentence(desk: Desk, content: bytes, said: str) -> None:
    client = desk()
    page = client.get(send(client, content, '<b>"x"</b>.csv'))
    assert page.status_code == 422
    assert said in text(tree(page.text))
    assert "<b>" not in page.text


def test_no_file_is_a_sentence(desk: Desk) -> None:
    client = desk()
    response = client.post(PAGE, files={"fichier": ("x.csv", b"")})
    assert response.status_code == 422
    assert "Choisissez un fichier" in response.text


def test_removing_what_is_not_there_is_asked_for(desk: Desk, own_services: Services) -> None:
    client = desk()
    assert "Retirées</dt> <dd>0" in client.get(send(client, CONTACT)).text
    page = client.get(send(client, CONTACT, retirer="true")).text
    assert int(re.search(r"Retirées</dt> <dd>(\d+)", page)[1]) > 20
    assert "avec retrait de ce qui n'y est pas" in page


def test_a_file_is_forgotten_on_demand_and_when_another_is_sent(desk: Desk, own_services: Services) -> None:
    client = desk()
    first, second = send(client, CONTACT), send(client, CONTACT)
    assert client.get(first).status_code == 404
    assert client.post(f"{second}/abandonner", follow_redirects=False).headers["location"] == f"{PAGE}?fait=import.dropped"
    assert client.get(second).status_code == 404


def test_the_file_of_another_is_not_there(desk: Desk) -> None:
    report = send(desk("editor", "Amina"), CONTACT)
    other = desk("administrator", "Bilal")
    assert other.get(report).status_code == 404
    assert other.post(f"{report}/confirmer", data={"digest": "x"}).status_code == 404


def test_agents_neither_see_nor_use_it(desk: Desk) -> None:
    client = desk("agent", "Zoé")
    assert PAGE not in client.get("/staff/annuaire").text
    for path in (PAGE, f"{PAGE}/exporter/archive", f"{PAGE}/modele/xlsx", f"{PAGE}/x"):
        assert client.get(path).status_code == 403
    assert client.post(PAGE, files={"fichier": ("x.csv", CONTACT.encode())}).status_code == 403


def test_a_file_that_is_too_large_is_refused(desk: Desk, own_services: Services) -> None:
    client = desk()
    assert client.post(PAGE, files={"fichier": ("x.csv", b"x" * 10_000_001)}).status_code == 413


def test_an_archive_restores_what_was_changed(desk: Desk, own_services: Services) -> None:
    client = desk()
    with own_services.sessions() as session:
        kept = archive.export(select_all(session), 1)
    report = send(client, CONTACT)
    confirm(client, report, client.get(report).text)
    report = send(client, kept, "annuaire.zip")
    assert confirm(client, report, client.get(report).text).status_code == 303
    assert contacts(own_services) == ["02 54 43 86 65"]
    with own_services.sessions() as session:
        assert archive.export(select_all(session), 1) == kept
