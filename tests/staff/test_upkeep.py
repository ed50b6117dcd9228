"""Keeping the directory true in the console: forms, previews, conflicts, history, what to verify."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from reading import Values, text, tree, values, with_attribute

from api.staff import forms
from knowledge.rows import KINDS

JARDIN = "/staff/annuaire/actions/point-utile-jardin-partage"
CLUB = "/staff/annuaire/organisations/point-utile"
# An action that no broad need and no question of the orientation leads to.
MER = "/staff/annuaire/actions/acesm-journee-mer"


def filled(client: TestClient, path: str) -> Values:
    """The form of a page as a browser would send it."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    return fields(response.text)


def fields(page: str) -> Values:
    return values(with_attribute(tree(page), "id", "fiche")[0])


def saved(client: TestClient, path: str, **changes: object) -> None:
    response = send(client, path, filled(client, path), **changes)
    assert response.status_code == 303, errors(response.text)


def send(client: TestClient, path: str, form: dict, **changes: object):  # noqa: ANN201
    """Send ``form`` with ``changes``; a dot in a name is written ``__``."""
    given = {name.replace("__", "."): value for name, value in changes.items()}
    return client.post(path, data={**form, **given}, follow_redirects=False)


def errors(page: str) -> list[str]:
    return [text(e) for e in with_attribute(tree(page), "class", "problem")]


@pytest.mark.parametrize("kind", forms.layout()["kinds"])
def test_every_field_of_a_record_is_in_its_form(kind: str):
    """A new field of the directory cannot be forgotten."""
    shown = list(forms.field_ids(kind))
    assert len(shown) == len(set(shown))
    record = KINDS[kind].record.__fields__
    assert {name.split(".")[0] for name in shown} == set(record) - {"id"}
    assert set(shown) - set(forms.groups_of(kind)) == set(forms.columns(kind))


@pytest.mark.parametrize(
    "path",
    [JARDIN, CLUB, "/staff/annuaire/actions/pimms", "/staff/annuaire/sources/page-2021", "/staff/annuaire/numeros/samu-15",
     "/staff/annuaire/hors-annuaire/soutien-scolaire"],
)  # fmt: skip
def test_saving_a_form_as_it_is_changes_nothing(desk, path: str):
    client = desk()
    response = send(client, path, filled(client, path))
    assert response.status_code == 303 and response.headers["location"].endswith("fait=sheet.same")


@pytest.mark.slow
def test_every_form_shows_every_sheet_and_loses_nothing(desk, own_services):
    """All 54 actions: what the form sends back is what the directory holds."""
    client = desk()
    for entry in own_services.store.current().entries:
        path = f"/staff/annuaire/actions/{entry.id}"
        response = send(client, path, filled(client, path))
        assert response.headers["location"].endswith("fait=sheet.same"), path


def test_a_change_with_its_source_is_saved_and_shown_to_residents(desk):
    client = desk()
    saved(
        client,
        JARDIN,
        title="Le potager de Mirabeau",
        basis="new",
        new__kind="phone",
        new__told_by="Mme Petit",
        new__published="2026-03-02",
    )
    page = client.get("/annuaire/point-utile-jardin-partage").text
    assert "Le potager de Mirabeau" in page and "Information donnée par téléphone (Le Point utile), 2 mars 2026" in unescape(page)
    assert "Mme Petit" not in page


def test_without_a_source_nothing_is_saved_and_nothing_typed_is_lost(desk):
    client = desk()
    response = send(client, JARDIN, filled(client, JARDIN), title="Le potager", duration="Deux heures", reason="appel du club")
    assert response.status_code == 422
    again = fields(response.text)
    assert (again["title"], again["duration"], again["reason"]) == (["Le potager"], ["Deux heures"], ["appel du club"])
    assert any("d'où vient l'information" in error for error in errors(response.text))
    assert "Le potager" not in client.get("/annuaire/point-utile-jardin-partage").text


def test_errors_stand_beside_their_fields_all_at_once(desk):
    client = desk()
    new = {"contacts.0.kind": "phone", "contacts.0.value": "douze", "contacts.0.public": "oui", "audience.age_min": "beaucoup"}
    response = send(client, JARDIN, {**filled(client, JARDIN), **new}, title="", basis="new", new__kind="visit")
    assert response.status_code == 422
    page = tree(response.text)
    wrong = {e.get("id") for e in with_attribute(page, "aria-invalid", "true")}
    assert wrong == {"title", "contacts.0.value", "audience.age_min", "new.told_by"}
    links = {a.get("href") for a in with_attribute(page, "role", "alert")[0].iter("a")}
    assert links == {f"#{name}" for name in wrong}
    described = {part for e in with_attribute(page, "aria-describedby") for part in e.get("aria-describedby").split()}
    assert described <= {e.get("id") for e in with_attribute(page, "id")}
    assert fields(response.text)["audience.age_min"] == ["beaucoup"]


def test_parts_are_added_and_removed_without_script_and_nothing_is_saved(desk):
    client = desk()
    form = filled(client, CLUB)
    assert "contacts.2.value" not in form
    added = send(client, CLUB, {**form, "name": "Le Point"}, do="add:contacts")
    page = fields(added.text)
    assert (page["contacts.2.value"], page["contacts.2.public"], page["name"]) == ([""], ["oui"], ["Le Point"])
    assert [e.get("id") for e in with_attribute(tree(added.text), "autofocus")] == ["contacts.2.kind"]
    removed = fields(send(client, CLUB, page, do="remove:contacts.0").text)
    assert (removed["contacts.0.value"], removed["name"]) == (form["contacts.1.value"], ["Le Point"])
    assert filled(client, CLUB) == form


def test_a_new_action_needs_little_and_is_found_by_its_link(desk):
    client = desk()
    path = "/staff/annuaire/actions/nouveau"
    empty = filled(client, f"{path}?organisation=point-utile")
    assert empty["organisation"] == ["point-utile"]
    sent = {**empty, "title": "Un café des parents", "summary": "On parle autour d'un café.", "themes": ["vie-de-quartier"]}
    told = {"basis": "new", "new.kind": "visit", "new.told_by": "M. Roux", "new.published": "2026-03-02"}
    response = send(client, path, {**sent, **told})
    assert response.status_code == 303, errors(response.text)
    assert response.headers["location"] == "/staff/annuaire/actions/un-cafe-des-parents?fait=sheet.saved", errors(response.text)
    assert "Un café des parents" in client.get("/annuaire/un-cafe-des-parents").text


def test_the_preview_is_the_residents_card_and_saves_nothing(desk):
    client = desk()
    response = send(client, JARDIN, filled(client, JARDIN), title="Aperçu du potager", do="preview")
    card = with_attribute(tree(response.text), "id", "apercu")[0].find(".//article")
    assert "Aperçu du potager" in text(card)
    assert "Aperçu du potager" not in client.get("/annuaire/point-utile-jardin-partage").text
    incomplete = send(client, JARDIN, filled(client, JARDIN), title="", do="preview")
    assert "pas encore assez complète" in incomplete.text


@pytest.mark.parametrize(
    ("osm", "told"),
    [
        ("Mo-Fr 09:00-12:30,13:30-17:00", "Du lundi au vendredi : de 9 h à 12 h 30 et de 13 h 30 à 17 h."),
        ("Mo-Fr 09:00-12:30,13:30-17:00", "Le samedi et le dimanche : fermé."),
        ("24/7", "Tous les jours : ouvert jour et nuit."),
        ("Mo 09:00-12:00; Sa unknown", "Le samedi : non connu."),
        ("Mo 09:00-12:00", "Les jours fériés : non connu."),
        ("Mo 09:00-12:00; PH off", "Les jours fériés sont dans l'expression."),
        ("Mo-", "n'est pas lisible"),
        ("SH Sa 08:00-23:00", "Les vacances scolaires (SH) ne peuvent pas être calculées."),
        ("", "« ouvert en ce moment » est non connu"),
    ],
)
def test_hours_are_read_back_in_french(desk, osm: str, told: str):
    client = desk()
    new = {"schedules.0.text": "Les horaires", "schedules.0.osm": osm, "schedules.0.confidence": "exact"}
    assert told in text(tree(send(client, JARDIN, {**filled(client, JARDIN), **new}, do="preview").text))


def choice(page: str) -> Values:
    return values(next(form for form in tree(page).iter("form") if form.get("action").endswith("/choisir")))


def test_two_editors_choose_field_by_field_and_nothing_is_lost(desk):
    first, second = desk("editor", "Amina"), desk("editor", "Basile")
    held = filled(second, JARDIN)
    saved(first, JARDIN, title="Le titre d'Amina", duration="Une heure", basis="page-2021")
    mine = {"title": "Le titre de Basile", "group_size": "Dix personnes", "basis": "page-2021"}
    response = send(second, JARDIN, held, **mine)
    assert response.status_code == 409
    page = tree(response.text)
    said = {text(f.find("legend")): text(f) for f in page.iter("fieldset")}
    assert len(said) == 3
    assert all(part in said["Titre (changé des deux côtés)"] for part in ("Le titre d'Amina", "Le titre de Basile"))
    assert "Dix personnes" in said["Taille du groupe"] and "Une heure" in said["Durée"]
    chosen = choice(response.text)
    assert (chosen["side.title"], chosen["side.group_size"], chosen["side.duration"]) == (["mine"], ["mine"], ["theirs"])
    again = second.post(f"{JARDIN}/choisir", data={**chosen, "do": "form"})
    assert (fields(again.text)["title"], fields(again.text)["duration"]) == (["Le titre de Basile"], ["Une heure"])
    done = second.post(f"{JARDIN}/choisir", data={**chosen, "side.title": "theirs", "do": "save"}, follow_redirects=False)
    assert done.status_code == 303
    now = filled(first, JARDIN)
    assert [now[name] for name in ("title", "duration", "group_size")] == [["Le titre d'Amina"], ["Une heure"], ["Dix personnes"]]


def test_a_choice_made_too_late_is_asked_again(desk):
    first, second = desk("editor", "Amina"), desk("editor", "Basile")
    held = filled(second, JARDIN)
    saved(first, JARDIN, title="Un", basis="page-2021")
    chosen = choice(send(second, JARDIN, held, title="Deux", basis="page-2021").text)
    saved(first, JARDIN, title="Trois", basis="page-2021")
    response = second.post(f"{JARDIN}/choisir", data={**chosen, "do": "save"})
    assert response.status_code == 409 and "Trois" in response.text and "Deux" in response.text


def test_who_edits_an_archived_sheet_reads_back_what_they_wrote(desk):
    first, second = desk("editor", "Amina"), desk("editor", "Basile")
    held = filled(second, MER)
    first.post(f"{MER}/archiver", data={"seen": "0", "reason": "fini"})
    response = send(second, MER, held, title="Mon titre", basis="page-2021")
    assert response.status_code == 409 and "archivée" in response.text and "Mon titre" in response.text


def test_an_archived_action_says_so_under_its_link_and_comes_back(desk):
    client = desk()
    assert client.post(f"{MER}/archiver", data={"seen": "0", "reason": "fini"}, follow_redirects=False).status_code == 303
    gone = client.get("/annuaire/acesm-journee-mer")
    assert gone.status_code == 410 and "plus dans l'annuaire" in unescape(gone.text)
    assert "Journée à la mer" not in client.get("/annuaire").text
    assert "Journée à la mer" in unescape(client.get("/staff/annuaire?archivees=1").text)
    history = unescape(client.get(MER).text)  # the link of the sheet leads to its history
    assert "Cette fiche est archivée" in history and "fini" in history
    client.post(f"{MER}/restaurer", data={"seen": "1", "number": "0"})
    assert client.get("/annuaire/acesm-journee-mer").status_code == 200


def test_what_others_need_cannot_be_archived_and_they_are_named(desk):
    client = desk()
    response = client.post(f"{CLUB}/archiver", data={"seen": "0"})
    assert response.status_code == 409 and "point-utile-jardin-partage" in response.text


def test_an_action_without_which_a_question_leads_nowhere_is_not_archived_and_the_ways_out_are_told(desk):
    client = desk()
    response = client.post("/staff/annuaire/actions/mission-locale-pas-de-quartier/archiver", data={"seen": "0"})
    told = text(tree(response.text))
    assert response.status_code == 409 and "Feuilles « Questions » et « Réponses » : « age-jeune »" in told
    assert "mettez son état à « terminé »" in told and "avec un tableur, dans les échanges" in told
    assert client.get("/annuaire/mission-locale-pas-de-quartier").status_code == 200


def test_an_action_that_broad_needs_and_questions_propose_is_archived_and_comes_back(desk, own_services):
    client = desk()

    def proposed() -> bool:
        return any("point-utile-jardin-partage" in need.actions for need in own_services.store.current().broad_needs)

    assert proposed() and client.post(f"{JARDIN}/archiver", data={"seen": "0"}, follow_redirects=False).status_code == 303
    assert client.get("/annuaire/point-utile-jardin-partage").status_code == 410 and not proposed()
    client.post(f"{JARDIN}/restaurer", data={"seen": "1", "number": "0"})
    assert client.get("/annuaire/point-utile-jardin-partage").status_code == 200 and proposed()


def test_the_counter_is_corrected_but_never_archived(desk):
    client = desk()
    response = client.post("/staff/annuaire/actions/pimms/archiver", data={"seen": "0"})
    assert response.status_code == 409 and "quand rien d'autre ne convient" in unescape(response.text)
    assert client.get("/annuaire/pimms").status_code == 200


def test_history_tells_what_changed_and_goes_back(desk):
    client = desk()
    saved(client, JARDIN, title="Le potager", basis="page-2021", reason="nom d'usage")
    told = text(tree(client.get(f"{JARDIN}/historique").text))
    assert "Amina a modifié la fiche" in told and "nom d'usage" in told
    assert "Titre Jardin partagé à l'Espace Mirabeau Le potager" in told
    client.post(f"{JARDIN}/restaurer", data={"seen": "1", "number": "0"})
    assert filled(client, JARDIN)["title"] == ["Jardin partagé à l'Espace Mirabeau"]


def rows(client: TestClient, path: str = "/staff/a-verifier") -> list:
    body = tree(client.get(path).text).find(".//tbody")
    return list(body.iter("tr")) if body is not None else []


def test_verified_today_takes_a_sheet_off_the_list(desk, own_services):
    client = desk("agent", "Amina")
    before = rows(client)
    form = before[0].find(".//form")
    path, sent = form.get("action"), values(form)
    assert client.post(path, data=sent, follow_redirects=False).status_code == 303
    assert len(rows(client)) == len(before) - 1
    action = own_services.store.current().by_id[path.rsplit("/", 1)[1]].action
    assert action.verified_by == "Amina" and action.verified_on is not None
    late = client.post(path, data=sent, follow_redirects=False)
    assert late.headers["location"].endswith("fait=sheet.changed")


def test_a_changed_fact_is_no_longer_verified_unless_the_editor_says_so(desk, own_services):
    client = desk()

    def verified_by() -> str | None:
        return own_services.store.current().entry("point-utile-jardin-partage").action.verified_by

    saved(client, JARDIN, duration="deux heures", basis="page-2021", whole="1")
    assert verified_by() == "Amina"
    saved(client, JARDIN, verified_on="2026-03-02")
    saved(client, JARDIN, summary="On jardine ensemble, chaque semaine.", basis="wording")
    assert verified_by() == "Amina"
    saved(client, JARDIN, duration="trois heures", basis="page-2021")
    assert verified_by() is None


def test_never_verified_stands_first_then_the_oldest(desk):
    client = desk()
    found = [text(row) for row in rows(client, "/staff/a-verifier?mois=1")]
    assert len(found) == 54 and all("jamais" in row for row in found)
    assert "sans date" in found[0]


def test_the_letter_says_what_we_hold_with_sources_and_what_we_do_not_know(desk):
    page = tree(desk().get("/staff/a-verifier/lettre/point-utile").text)
    letter = "".join(page.find(".//pre").itertext())
    held = ("Le Point utile", "06 59 53 14 57", "Place de la Laïcité", "source : Contrat de ville, les projets 2021")
    for part in (*held, "nous ne le savons pas", "Amina"):
        assert part in letter, part
    assert "Jardin partagé à l'Espace Mirabeau" in letter and "Blois (source : L'Espace Mirabeau" in letter, "plain text, not HTML"
    assert "\n\n\n" not in letter
    mailto = next(a.get("href") for a in page.iter("a") if a.get("href", "").startswith("mailto:"))
    assert unquote(mailto).startswith("mailto:lepointutile41@hotmail.com?subject=Vos informations")


@pytest.mark.parametrize("path", [JARDIN, f"{JARDIN}?x=1", "/staff/annuaire/actions/nouveau"])
def test_an_agent_reads_and_verifies_but_does_not_edit(desk, path: str):
    client = desk("agent", "Basile")
    assert client.get(path).status_code == 403
    assert client.post(path.split("?")[0], data={"title": "x"}).status_code == 403
    assert client.get(f"{JARDIN}/historique").status_code == 200


@pytest.mark.parametrize(
    "path", ["/staff/annuaire/voitures/x", "/staff/annuaire/actions/nulle-part", "/staff/annuaire/actions/nulle-part/historique"]
)
def test_what_is_not_there_is_said(desk, path: str):
    assert desk().get(path).status_code == 404


def test_everything_is_audited(desk, own_services):
    from knowledge.audit import entries

    client = desk()
    saved(client, MER, title="Un jour à la mer", basis="page-2021")
    client.post(f"{MER}/archiver", data={"seen": "1"})
    with own_services.sessions() as session:
        done = [(entry.name, entry.what, entry.subject) for entry in entries(session)][:2]
    assert done == [("Amina", f"sheet.{what}", "action acesm-journee-mer") for what in ("archive", "edit")]


def test_every_link_of_an_agents_pages_leads_somewhere(desk):
    client = desk("agent", "Basile")
    for page in ("/staff/annuaire", "/staff/a-verifier"):
        links = {a.get("href") for a in tree(client.get(page).text).iter("a") if a.get("href", "").startswith("/staff/")}
        assert len(links) > 60
        for link in links:
            assert client.get(link).status_code == 200, link


def test_verified_today_is_on_the_sheet_itself(desk, own_services):
    client = desk("agent", "Basile")
    page = tree(client.get("/staff/action/pimms").text)
    form = next(form for form in page.iter("form") if form.get("action") == "/staff/a-verifier/pimms")
    done = client.post(form.get("action"), data=values(form), follow_redirects=False)
    assert done.headers["location"] == "/staff/action/pimms?fait=sheet.verify"
    assert own_services.store.current().by_id["pimms"].action.verified_by == "Basile"


def test_what_was_verified_today_is_no_longer_to_be_verified_before_coming(desk):
    client = desk("agent", "Basile")
    assert "À vérifier avant de venir" in unescape(client.get("/annuaire/cria-bilans").text)
    client.post("/staff/a-verifier/cria-bilans", data={"seen": "0"})
    page = unescape(client.get("/annuaire/cria-bilans").text)
    assert "À vérifier avant de venir" not in page and "Vérifié le" in page


def test_a_number_given_in_emergencies_is_corrected_but_never_archived(desk):
    client = desk()
    response = client.post("/staff/annuaire/numeros/samu-15/archiver", data={"seen": "0"})
    assert response.status_code == 409 and "en cas d'urgence" in unescape(response.text)
    assert client.get("/staff/annuaire/numeros/samu-15").status_code == 200


def test_numbers_and_days_are_taken_as_people_write_them(desk):
    client = desk()
    form = filled(client, CLUB)
    told = {"basis": "new", "new.kind": "phone", "new.told_by": "Mme Petit"}
    wrong = send(client, CLUB, {**form, **told, "contacts.0.value": "06.59.53.14.58"}, new__published="31/02/2026")
    assert wrong.status_code == 422 and "Nouvelle source, Date de la source : Cette date n'existe pas" in errors(wrong.text)[0]
    done = send(client, CLUB, {**form, **told, "contacts.0.value": "06.59.53.14.58"}, new__published="2/3/2026")
    assert done.status_code == 303, errors(done.text)
    page = unescape(client.get("/annuaire/point-utile-jardin-partage").text)
    assert "06 59 53 14 58" in page and "2 mars 2026" in page


def test_the_preview_shows_the_source_that_is_named(desk):
    client = desk()
    new = {"schedules.0.text": "Le lundi matin", "schedules.0.confidence": "vague"}
    told = {"basis": "new", "new.kind": "visit", "new.told_by": "M. Roux", "new.published": "2026-03-02"}
    page = tree(send(client, JARDIN, {**filled(client, JARDIN), **new, **told}, do="preview").text)
    assert "Information donnée sur place (Le Point utile), 2 mars 2026" in text(with_attribute(page, "id", "apercu")[0])


def test_an_organisation_is_previewed_on_its_first_action(desk):
    client = desk()
    page = tree(send(client, CLUB, filled(client, CLUB), name="Le Point très utile", do="preview").text)
    shown = text(with_attribute(page, "id", "apercu")[0])
    assert "Jardin partagé" in shown and "Le Point très utile" in shown


def test_the_consoles_words_are_given_once():
    """A second table of the same name would silently take the place of the first."""
    source = (Path(forms.__file__).parents[1] / "web/templates/staff/words.html").read_text(encoding="utf-8")
    names = re.findall(r"{% set (\w+)", source)
    assert len(names) == len(set(names))
