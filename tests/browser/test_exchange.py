"""An editor takes the directory out and a file in, in a browser: looked at first, written once, refused with reasons."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from resident import DESK, PHONE, SMALL_PHONE, Page
from selenium.webdriver.common.keys import Keys

from knowledge.accounts import people
from knowledge.accounts import sessions as staff_sessions
from knowledge.accounts.models import Role
from knowledge.database import migrate, open_engine, sessions
from knowledge.directory import DirectoryStore
from knowledge.loader import load
from tests.conftest import serving

HEAD = "Organisation;Action;Nature;Valeur;À quoi il sert;Public;Source\n"
CONTACTS = HEAD + "ufolep;;courriel;sport@exemple.fr;Écrire à l'Ufolep;oui;page-2021\nufolep;;téléphone;02 54 43 86 65;;oui;page-2021\n"


@pytest.fixture
def editor(browser: Page, services, tmp_path: Path) -> Iterator[Page]:
    """A browser signed in as an editor over a directory of its own, so that what is imported is nobody else's."""
    from api.app import create_app

    settings = services.settings.copy(update={"var_dir": tmp_path})
    database = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    migrate(database)
    factory = sessions(database)
    load(factory)
    own = dataclasses.replace(
        services, settings=settings, database=database, sessions=factory, store=DirectoryStore(factory, fresh_seconds=0)
    )
    with factory.begin() as session:
        token = staff_sessions.begin(session, people.create(session, "Amina", "amina@pimms.example", Role.editor, None))
    with serving(create_app(settings, lambda _settings: own)) as address:
        page = Page(browser.driver, address)
        page.open("/staff/connexion")
        page.driver.add_cookie({"name": "passerelle_staff", "value": token, "path": "/staff"})
        page.complaints()
        yield page
    browser.driver.delete_all_cookies()


def send(page: Page, path: Path) -> None:
    """Choose the file and press Enter on the button, as from the keyboard."""
    page.open("/staff/echanges")
    page.one("#file").send_keys(str(path))
    page.one("main form button").send_keys(Keys.ENTER)
    page.until(lambda: "echanges/" in page.driver.current_url)


def text(page: Page) -> str:
    return page.one("main").text


def test_a_file_is_looked_at_then_written(editor: Page, tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text(CONTACTS, encoding="utf-8")
    editor.open("/staff/echanges")
    assert editor.accessibility_violations() == []
    send(editor, path)
    assert "Rien n'est encore écrit." in text(editor)
    assert "sport@exemple.fr" in text(editor)
    for size in (DESK, PHONE, SMALL_PHONE):
        editor.resize(size)
        assert editor.accessibility_violations() == []
    editor.driver.execute_script("document.querySelector('main form button').focus()")
    editor.driver.switch_to.active_element.send_keys(Keys.ENTER)
    editor.until(lambda: editor.all(".done"))
    assert "Le fichier est importé." in text(editor)
    editor.open("/annuaire/ufolep-femmes-sport")
    assert "sport@exemple.fr" in text(editor)
    assert editor.complaints() == []


def test_a_refused_file_says_where_and_why(editor: Page, tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text(HEAD + "ufolep;;téléphone;254438665;;oui;page-2021\n" * 60, encoding="utf-8")
    send(editor, path)
    assert "60 case(s) refusée(s)" in text(editor)
    assert "Le zéro du début est-il là ?" in text(editor)
    assert editor.accessibility_violations() == []
    editor.one("[rel=next]").send_keys(Keys.ENTER)
    editor.until(lambda: "Page 2 sur 2" in text(editor))
    assert not editor.all("[name=digest]")


@pytest.mark.soak  # layout, at three widths
def test_nothing_scrolls_sideways(editor: Page, tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text(CONTACTS.replace("sport@exemple.fr", "une.tres.longue.adresse." * 4 + "x@exemple.fr"), encoding="utf-8")
    send(editor, path)
    report = editor.driver.current_url.removeprefix(editor.base)
    for address in ("/staff/echanges", report):
        editor.open(address)
        for size in (DESK, PHONE, SMALL_PHONE):
            editor.resize(size)
            assert editor.script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (address, size)
