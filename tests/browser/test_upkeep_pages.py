"""Keeping the directory true, in browsers and by keyboard alone: forms, previews, two editors at once, history, letters."""

import re
from collections.abc import Callable

import pytest
from resident import DESK, SMALL_PHONE, Page
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

PASSWORD = "un vélo bleu dans la cour"
JARDIN = "/staff/annuaire/actions/point-utile-jardin-partage"
CLUB = "/staff/annuaire/organisations/point-utile"
WHERE = """const e = document.activeElement; return e.id || e.value || e.textContent.trim().replace(/\\s+/g, ' ');"""


# How many stops of Tab lie between the focus and what has this id, value or text, the last ones aside: a guess that never overshoots.
STOPS = """
const what = (e) => e.id || e.value || e.textContent.trim().replace(/\\s+/g, ' ');
const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((e) => e.checkVisibility() && e.type !== 'radio' && e.type !== 'hidden');
const from = all.indexOf(document.activeElement), to = all.findIndex((e, n) => n > from && what(e) === arguments[0]);
return Math.max(0, to - from - 3);"""


def press(page: Page, *keys: str) -> None:
    ActionChains(page.driver).send_keys(*keys).perform()


def tab_to(page: Page, where: str) -> None:
    """Press Tab until what has the focus has this id, value or text."""
    if stops := page.script(STOPS, where):
        press(page, Keys.TAB * int(stops))
    for _ in range(100):
        if page.script(WHERE) == where:
            return
        press(page, Keys.TAB)
    raise AssertionError(f"Tab never reaches {where}")


def fill(page: Page, field: str, text: str) -> None:
    """Go to ``field`` by Tab and write ``text`` in the place of what is there, or choose it from a list."""
    tab_to(page, field)
    if page.script("return document.activeElement.matches('input, textarea')"):
        ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
    press(page, text)


def follow(page: Page, where: str) -> None:
    """Go to a link or button by Tab, press Enter, and wait for the next page."""
    tab_to(page, where)
    leave(page, lambda: press(page, Keys.ENTER))


def leave(page: Page, act: Callable[[], object]) -> None:
    """Do what leads to another page, and wait for it."""
    page.script("window.before = true")
    act()
    page.until(lambda: page.script("return !window.before && document.readyState === 'complete'"))


def save(page: Page) -> None:
    """Enter in a field saves."""
    leave(page, lambda: press(page, Keys.ENTER))


def sign_in(page: Page, email: str) -> None:
    """Fill in the log-in page that is open."""
    page.until(lambda: page.all("#email"))
    page.one("#email").send_keys(email)
    page.one("#password").send_keys(PASSWORD, Keys.ENTER)
    page.until(lambda: page.all(".who"))


def done(page: Page) -> str:
    return page.one(".done").text


def shown(page: Page, field: str) -> str:
    return page.one(f"[id='{field}']").get_attribute("value")


def test_a_new_action_answers_residents_at_their_next_message(console, browser: Page):
    """From the list to the answer, then archived: no longer answered."""
    editor = console("editor").open("/staff/annuaire")
    follow(editor, "Nouvelle action")
    fill(editor, "basis", "Une nouvelle source")
    tab_to(editor, "Nouvelle source : qui l'a dit, ou quelle page, et quand")
    press(editor, Keys.ENTER)
    for field, text in {
        "new.kind": "téléphone", "new.told_by": "Mme Petit, présidente", "new.published": "28/11/2026",
        "organisation": "Le Point utile", "title": "Réparer une horloge comtoise", "summary": "On répare ensemble les horloges comtoises.",
    }.items():  # fmt: skip
        fill(editor, field, text)
    tab_to(editor, "vie-de-quartier")
    press(editor, Keys.SPACE)
    fill(editor, "questions.resident", "mon horloge comtoise ne marche plus")
    fill(editor, "verified_by", "")  # Enter in a line saves; in a box of several lines it makes one
    save(editor)
    assert "dès leur prochain message" in done(editor)
    path = editor.driver.current_url.split("?")[0].removeprefix(editor.base)
    assert path == "/staff/annuaire/actions/reparer-une-horloge-comtoise"

    answer = browser.open().ask("mon horloge comtoise est cassée, qui peut la réparer").text
    assert "Réparer une horloge comtoise" in answer and "28 novembre 2026" in answer
    assert "Mme Petit" not in answer

    tab_to(editor, "Archiver cette fiche")
    press(editor, Keys.ENTER)
    fill(editor, "archive-reason", "essai")
    save(editor)
    assert done(editor) == "La fiche est archivée."
    assert "Réparer une horloge comtoise" not in browser.open().ask("mon horloge comtoise est cassée, qui peut la réparer").text


def test_a_session_that_ends_leaves_the_editor_with_what_was_typed(launch, add_account):
    account = add_account("editor", PASSWORD)
    page = launch().open("/staff/connexion")
    sign_in(page, account.email)
    page.open(JARDIN)
    fill(page, "basis", "Je corrige seulement")
    page.driver.delete_cookie("passerelle_staff")
    tab_to(page, "title")
    press(page, Keys.END, "x")
    page.until(lambda: page.one("[data-session-ended]").is_displayed())
    assert page.driver.current_url.endswith(JARDIN) and shown(page, "title").endswith("x")
    assert page.accessibility_violations() == []

    form = page.driver.current_window_handle
    page.one("[data-session-ended] a").click()
    page.until(lambda: len(page.driver.window_handles) == 2)
    page.driver.switch_to.window(next(one for one in page.driver.window_handles if one != form))
    sign_in(page, account.email)
    page.driver.close()
    page.driver.switch_to.window(form)

    fill(page, "title", shown(page, "title")[:-1])
    page.until(lambda: not page.one("[data-session-ended]").is_displayed())
    save(page)
    assert done(page) == "Rien n'a changé."  # the new session's token was taken: nothing was refused


def test_two_editors_of_one_sheet_never_overwrite_each_other_silently(desk):
    amina, basile = desk("Amina").open(JARDIN), desk("Basile").open(JARDIN)
    for page, title in ((amina, "Le jardin d'Amina"), (basile, "Le jardin de Basile")):
        fill(page, "basis", "Je corrige seulement")
        fill(page, "title", title)
    fill(amina, "duration", "Une heure")
    save(amina)
    assert "enregistrée" in done(amina)
    fill(basile, "group_size", "Dix personnes")
    save(basile)

    assert basile.one("h1").text == "Amina a changé cette fiche pendant que vous écriviez"
    said = {part.text.splitlines()[0]: part.text for part in basile.all("fieldset")}
    assert set(said) == {"Titre (changé des deux côtés)", "Durée", "Taille du groupe"}
    assert "Le jardin d'Amina" in said["Titre (changé des deux côtés)"] and "Le jardin de Basile" in said["Titre (changé des deux côtés)"]
    assert basile.accessibility_violations() == []
    assert "Le jardin d'Amina" in amina.open("/annuaire/point-utile-jardin-partage").one("h1").text, "nothing is overwritten meanwhile"

    # Amina's title, Basile's size of the group: an arrow chooses, Enter on the button saves.
    tab_to(basile, "mine")
    press(basile, Keys.ARROW_UP)
    save(basile)
    assert "enregistrée" in done(basile)
    now = {name: shown(basile, name) for name in ("title", "duration", "group_size")}
    assert now == {"title": "Le jardin d'Amina", "duration": "Une heure", "group_size": "Dix personnes"}

    follow(basile, "Historique")
    told = [entry.text for entry in basile.all(".history > li")]
    assert "Basile a modifié la fiche" in told[0] and "Dix personnes" in told[0]
    assert "Amina a modifié la fiche" in told[1] and "Le jardin d'Amina" in told[1]
    follow(basile, "Revenir à cet état")
    assert "revenue" in done(basile)


def test_hours_card_and_sms_are_shown_while_one_types_and_nothing_is_saved(desk):
    page = desk("Amina").open(JARDIN)
    tab_to(page, "add:schedules")
    leave(page, lambda: press(page, Keys.ENTER))
    assert page.focused == "schedules.0.text", "the new part is ready to be written in"
    fill(page, "schedules.0.text", "Le lundi matin et le jeudi")
    fill(page, "schedules.0.osm", "Mo 09:00-12:00; Th 14:00-17:30")
    fill(page, "schedules.0.confidence", "exact")
    page.until(lambda: "Le jeudi : de 14 h à 17 h 30." in page.one("#apercu").text)
    preview = page.one("#apercu").text
    assert "Le lundi : de 9 h à 12 h." in preview and "Les jours fériés : non connu." in preview
    assert "Le lundi matin et le jeudi" in page.one("#apercu .card").text and "Le lundi matin et le jeudi" in page.one(".sms").text
    spans = [(rect.get_attribute("x"), rect.get_attribute("width")) for rect in page.all(".week .open")]
    assert spans == [("540", "180"), ("840", "210")], "the week's picture, in minutes"
    assert page.focused == "schedules.0.confidence", "the focus stays where one types"
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    fill(page, "schedules.0.osm", "Mo 9h")
    page.until(lambda: "n'est pas lisible" in page.one("#apercu").text)
    assert page.complaints() == []
    assert "jeudi" not in page.open("/annuaire/point-utile-jardin-partage").one("main").text


def test_a_refused_form_says_what_and_where_and_keeps_what_was_typed(desk):
    page = desk("Amina").open(CLUB)
    fill(page, "full_name", "L'association du Point utile")
    fill(page, "contacts.0.value", "douze")
    save(page)
    assert (
        "3 points à corriger" in page.driver.switch_to.active_element.text
        or "2 points à corriger" in page.driver.switch_to.active_element.text
    )
    follow_up = [link.text for link in page.all("[role=alert] a")]
    assert "Contacts 1, Valeur" in follow_up
    tab_to(page, "Contacts 1, Valeur")
    press(page, Keys.ENTER, Keys.TAB)
    assert page.focused.startswith("contacts.0."), "the link leads to the field"
    assert (shown(page, "full_name"), shown(page, "contacts.0.value")) == ("L'association du Point utile", "douze")
    assert page.accessibility_violations() == []
    leaving = "const e = new Event('beforeunload', {cancelable: true}); dispatchEvent(e); return e.defaultPrevented"
    assert page.script(leaving), "leaving would lose what was typed: the browser asks"
    assert not page.open(CLUB).script(leaving)


def test_verified_today_is_one_click_and_a_letter_is_written(desk):
    page = desk("Dora", "agent").open("/staff/a-verifier")
    before = len(page.all("tbody tr"))
    title = page.one("tbody th").text
    follow(page, f"Vérifié aujourd'hui : {title}")
    assert "vérifiée aujourd'hui" in done(page) and len(page.all("tbody tr")) == before - 1
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"origin": page.base, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    page.open("/staff/a-verifier/lettre/point-utile")
    tab_to(page, "Copier le texte")
    press(page, Keys.ENTER)
    page.until(lambda: page.one("[data-copied]").text == "Copié")
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[arguments.length - 1])")
    assert copied.startswith("Bonjour,") and "l'Espace Mirabeau" in copied and "&#" not in copied
    assert page.complaints() == []


@pytest.mark.parametrize("path", [JARDIN, "/staff/annuaire/numeros/samu-15", f"{JARDIN}/historique"])
def test_on_a_small_phone_nothing_is_cut(desk, path: str):
    page = desk("Amina").open(path, SMALL_PHONE)
    assert page.script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    widths = page.script("return [...document.querySelectorAll('.datum :is(input[type=text], textarea, select)')].map(e => e.offsetWidth)")
    assert all(width == 0 or width >= 190 for width in widths), "a field is as wide as the phone allows; those folded away have no width"
    page.open(path, DESK)
    assert not re.search(r"None|undefined|\{\{", page.one("main").text)
