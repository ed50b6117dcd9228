"""The one search: right doors, conditions, the person, the outside, and whatever people may type."""

import datetime as dt
import math
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.directory import Directory, Entry
from knowledge.errors import UnknownAction
from knowledge.schedules import PARIS, State, opening_of
from knowledge.schema import Audience
from knowledge.search import Filters, Kind, Result, Search, decide
from knowledge.search.filters import person_fit
from knowledge.search.index import examples_of
from nlu.french.person import Person

Edit = Callable[[str, str], str]
ALL = 1000  # as a limit: every action


def ids(result: Result) -> list[str]:
    return [hit.entry.id for hit in result.hits]


def best(search: Search, text: str, **more: object) -> str:
    return ids(search.find(text, **more))[0]


# Right doors.


@pytest.mark.parametrize(
    ("text", "action_id"),
    [
        ("remplir un dossier CAF", "pimms"),
        ("créer mon entreprise", "bge-citeslab"),
        ("passer le permis de conduire", "accv-mobilite"),
        ("du sport entre femmes", "ufolep-femmes-sport"),
        ("apprendre à coudre", "point-utile-hall-couture"),
        ("jardiner avec mes voisins", "point-utile-jardin-partage"),
        ("bricoler dans mon appartement", "compagnons-batisseurs-bricobus"),
        ("il y a du bruit la nuit dans le quartier", "quartiers-proximite-correspondants-de-nuit"),
        ("divorce, connaître mes droits", "cidff-permanence-droit"),
        ("je vien darrivé en france jveu aprandre le francé", "alire-primo-arrivants"),
        ("médiatrice santé pour trouver un médecin", "ons-mediation-sante"),
        ("c'est quoi le conseil citoyen", "faq-conseil-citoyen"),
        ("pas de quartier pour le chômage", "mission-locale-pas-de-quartier"),
        ("FIGAS", "afrik-consult-figas"),
    ],
)
def test_a_plain_need_reaches_its_door(real_search: Search, text: str, action_id: str) -> None:
    assert best(real_search, text) == action_id


@pytest.mark.parametrize("text", ["couture", "COUTURE", "Couture !!!", "  couture\n", "la  couture", "cou\u200bture", "ｃｏｕｔｕｒｅ"])
def test_case_spaces_and_disguise_do_not_matter(real_search: Search, text: str) -> None:
    assert best(real_search, text) == "point-utile-hall-couture"


def test_probabilities_of_all_actions_and_the_outside_sum_to_one(real_search: Search) -> None:
    for text in ("couture", "bonjour", "mon fils de 17 ans cherche un stage", "pizza"):
        result = real_search.find(text, limit=ALL)
        assert len(result.hits) == 54
        assert math.isclose(sum(hit.confidence for hit in result.hits) + result.outside, 1.0, abs_tol=1e-6)


def test_hits_come_best_first_and_no_more_than_asked(real_search: Search) -> None:
    result = real_search.find("un travail", limit=7)
    assert len(result.hits) == 7
    assert [hit.confidence for hit in result.hits] == sorted((hit.confidence for hit in result.hits), reverse=True)


def test_the_same_question_has_the_same_answer_from_any_thread(real_search: Search) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(ids(real_search.find("un cours de français")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({tuple(one) for one in found}) == 1


# The outside.


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("la piscine est ouverte quand ?", "piscine"),
        ("une recette de pizza", "recettes"),
        ("pronote ne marche pas", "emploi-du-temps-scolaire"),
    ],
)
def test_an_outside_need_is_outside_and_its_topic_named(real_search: Search, text: str, topic: str) -> None:
    result = real_search.find(text)
    assert decide(result).kind is Kind.outside
    assert result.topic is not None
    assert result.topic.id == topic


def test_a_covered_need_is_not_outside(real_search: Search) -> None:
    assert decide(real_search.find("du sport entre femmes")).kind is Kind.answer


# Conditions.


def found_with(search: Search, **conditions: object) -> set[str]:
    return set(ids(search.find("une activité", filters=Filters(**conditions), limit=ALL)))


def test_without_conditions_every_action_is_ranked(real_search: Search) -> None:
    assert len(found_with(real_search)) == 54


def test_a_theme_keeps_its_actions_only(real_search: Search, real_directory: Directory) -> None:
    assert found_with(real_search, theme="sport") == {e.id for e in real_directory.entries if "sport" in e.action.themes} != set()


def test_an_organisation_keeps_its_actions_only(real_search: Search) -> None:
    assert found_with(real_search, organisation="bge-ismer") == {"bge-boutik-ecole", "bge-citeslab"}


def test_a_status_keeps_its_actions_only(real_search: Search, real_directory: Directory) -> None:
    assert found_with(real_search, status="active") == {"pimms"}
    assert found_with(real_search, status="finished") == {e.id for e in real_directory.entries if e.action.status == "finished"} != set()


def test_a_public_keeps_what_is_for_it_or_for_all(real_search: Search) -> None:
    found = found_with(real_search, public="femmes")
    assert {"ufolep-femmes-sport", "pimms"} <= found
    assert not {"alire-primo-arrivants", "acesm-chantiers-educatifs"} & found


def test_a_quarter_keeps_its_actions_and_those_for_all_of_the_north(real_search: Search) -> None:
    found = found_with(real_search, quarter="coty")
    assert {"acesm-journee-mer", "bge-citeslab", "pimms"} <= found
    assert "cultures-du-coeur-portrait-quiniere" not in found
    assert "bge-citeslab" not in found_with(real_search, quarter="quiniere")


@pytest.mark.parametrize(("age", "inside"), [(13, False), (14, True), (29, True), (30, False), (0, False)])
def test_an_age_excludes_only_where_a_limit_is_known(real_search: Search, age: int, inside: bool) -> None:
    found = found_with(real_search, age=age)
    assert ("mission-locale-pas-de-quartier" in found) is inside
    assert "pimms" in found


def test_a_gender_excludes_what_is_reserved_to_the_other(real_search: Search) -> None:
    assert {"ufolep-femmes-sport", "cidff-accompagnement-femmes"} & found_with(real_search, gender="hommes") == set()
    assert "ufolep-femmes-sport" in found_with(real_search, gender="femmes")


def test_free_promises_only_what_a_source_says_is_free(real_search: Search) -> None:
    assert found_with(real_search, free=True) == {"begon-programmation", "cidff-permanence-droit"}


def test_open_at_promises_only_what_is_known_to_be_open(real_search: Search, real_directory: Directory) -> None:
    moment = dt.datetime(2026, 11, 26, 15, tzinfo=PARIS)
    found = found_with(real_search, open_at=moment)
    assert "pimms" in found
    assert found == {e.id for e in real_directory.entries if opening_of(e.schedules, moment).state is State.open}
    assert found_with(real_search, open_at=dt.datetime(2026, 12, 25, 15, tzinfo=PARIS)) == set()


def test_conditions_add_up(real_search: Search) -> None:
    assert found_with(real_search, theme="femmes", public="femmes", gender="femmes", quarter="kennedy", age=40) >= {"ufolep-femmes-sport"}
    assert found_with(real_search, organisation="bge-ismer", status="active") == set()


def test_a_search_among_given_actions_finds_no_other(real_search: Search) -> None:
    assert ids(real_search.find("couture", among=["pimms", "accv-mobilite"], limit=ALL)) != []
    assert set(ids(real_search.find("couture", among=["pimms", "accv-mobilite"], limit=ALL))) == {"pimms", "accv-mobilite"}
    assert real_search.find("couture", among=[]).hits == ()


# The person.


def margin(search: Search, text: str, action_id: str, person: Person | None = None) -> float:
    return next(hit.margin for hit in search.find(text, person, limit=ALL).hits if hit.entry.id == action_id)


def test_an_action_closed_to_the_person_gives_way_to_the_next(real_search: Search) -> None:
    text = "chantier pour se faire un peu d'argent"
    assert best(real_search, text) == "acesm-chantiers-educatifs"
    assert best(real_search, text, person=Person(age=17)) == "acesm-chantiers-educatifs"
    assert best(real_search, text, person=Person(age=45)) == "compagnons-batisseurs-bricobus"


def test_what_the_message_says_corrects_what_was_known(real_search: Search) -> None:
    known = Person(age=45, quarter="coty")
    result = real_search.find("j'ai 17 ans, je cherche un stage", known)
    assert (result.person.age, result.person.quarter) == (17, "coty")
    fits = {hit.entry.id: {fit.reason: fit.shift for fit in hit.fits} for hit in result.hits}
    assert fits["cma-parcours-decouverte"]["age"] > 0


@pytest.mark.parametrize(
    ("person", "action_id", "better"),
    [
        (Person(age=17), "cma-parcours-decouverte", True),
        (Person(age=60), "cma-parcours-decouverte", False),
        (Person(gender="femmes"), "ufolep-femmes-sport", True),
        (Person(gender="hommes"), "ufolep-femmes-sport", False),
        (Person(quarter="coty"), "acesm-journee-mer", True),
        (Person(quarter="quiniere"), "acesm-journee-mer", False),
        (Person(publics=("demandeurs-emploi",)), "alire-apph", True),
        (Person(free=True), "cidff-permanence-droit", True),
    ],
)
def test_the_person_moves_an_action_up_or_down(real_search: Search, person: Person, action_id: str, better: bool) -> None:
    shift = margin(real_search, "une activité", action_id, person) - margin(real_search, "une activité", action_id)
    assert shift > 0 if better else shift < 0


def test_nothing_known_of_the_audience_means_no_shift(real_directory: Directory) -> None:
    everybody = Person(age=30, gender="hommes", quarter="coty", publics=("femmes",), free=True)
    assert person_fit(real_directory.entry("faq-contrat-de-ville"), everybody) == []
    assert person_fit(real_directory.entry("pimms"), Person()) == []


def test_exclusion_weighs_more_than_all_agreements_together() -> None:
    entry = Entry.__new__(Entry)
    audience = Audience(text="t", publics=["femmes", "jeunes"], age_min=16, age_max=25, gender="femmes", quarters=["coty"])
    object.__setattr__(entry, "action", type("A", (), {"audience": audience, "price": None}))
    person = Person(age=40, gender="femmes", quarter="coty", publics=("femmes", "jeunes"))
    assert sum(fit.shift for fit in person_fit(entry, person)) < 0


# Evidence.


def test_the_evidence_gives_words_of_the_message_and_the_nearest_phrasing(real_search: Search, real_directory: Directory) -> None:
    evidence = real_search.explain("je voudrais apprendre la couture à la machine", "point-utile-hall-couture")
    assert "couture" in evidence.words[0][0]
    assert all(weight > 0 for _, weight in evidence.words)
    assert evidence.phrasing in examples_of(real_directory.entry("point-utile-hall-couture"))
    assert 0.2 < evidence.likeness <= 1.0


def test_the_evidence_of_a_known_phrasing_is_that_phrasing(real_search: Search, real_directory: Directory) -> None:
    _, text = real_directory.entry("pimms").action.questions.all()[0]
    evidence = real_search.explain(text, "pimms")
    assert evidence.phrasing == text
    assert evidence.likeness == pytest.approx(1.0, abs=1e-5)


def test_the_evidence_tells_what_the_person_adds(real_search: Search) -> None:
    assert [fit.reason for fit in real_search.explain("ma fille de 17 ans", "cma-parcours-decouverte").fits] == ["age"]


def test_evidence_for_an_unknown_action_is_refused(real_search: Search) -> None:
    with pytest.raises(UnknownAction):
        real_search.explain("couture", "nowhere")


# Whatever people may type.


@pytest.mark.parametrize("text", ["", " ", "\n\t", "???", "...!!!", "😀😀", "\x00\x07", "\u202e\u200b", "'", "_" * 50])
def test_a_text_without_words_finds_nothing(real_search: Search, text: str) -> None:
    result = real_search.find(text)
    assert (result.hits, result.outside, result.best) == ((), 1.0, None)
    assert decide(result).kind is Kind.outside


HOSTILE = {
    "ten thousand characters": "couture " * 1250,
    "one word of ten thousand letters": "a" * 10_000,
    "control characters": "cou\x00ture\x1b[31m \x07\x08",
    "emoji": "👩🏽‍🌾 jardin 🍅",
    "accents upon accents": "c" + "\u0301" * 3000 + "outure",
    "another script": "أريد أن أتعلم الفرنسية",
    "lone surrogate": "couture \ud800",
    "markup": "<script>alert(1)</script> {{7*7}} ${x} '; drop table actions;--",
    "right to left": "\u202ecouture",
    "pattern": "(a+)+$ [[[ \\b \\d{1000}",
    "digits": "9" * 5000,
    "ages": "j'ai 999999999999999999999 ans",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_texts_are_searched_like_any_other(real_search: Search, case: str) -> None:
    result = real_search.find(HOSTILE[case], limit=ALL)
    assert len(result.hits) == 54
    assert all(math.isfinite(hit.margin) and 0 <= hit.confidence <= 1 for hit in result.hits)
    assert real_search.explain(HOSTILE[case], "pimms").likeness >= 0


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters()))
def test_no_text_raises(real_search: Search, text: str) -> None:
    result = real_search.find(text)
    assert 0 <= result.outside <= 1
    assert decide(result).kind in Kind
