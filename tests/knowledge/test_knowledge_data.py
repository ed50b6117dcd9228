"""The data that the project ships."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from knowledge.files import DATA, DirectoryFiles
from knowledge.schema import Questions
from nlu.french.text import words

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "actions.csv"
IDS = [
    "bge-boutik-ecole",
    "bge-citeslab",
    "alire-apph",
    "alire-jeunes-pjj",
    "cidff-accompagnement-femmes",
    "chasseurs-de-talents",
    "alire-fle-integration",
    "alire-primo-arrivants",
    "begon-ateliers-sociolinguistiques",
    "cria-bilans",
    "cria-benevoles-numeriques",
    "accv-mobilite",
    "parenthese-estime-de-soi",
    "quartiers-proximite-ateliers",
    "mission-locale-pas-de-quartier",
    "cma-parcours-decouverte",
    "cma-artisanat-city-tour",
    "acesm-chantiers-educatifs",
    "maison-emploi-clauses-insertion",
    "biosolidaire-micro-jardin",
    "begon-programmation",
    "begon-pratiques-artistiques",
    "fete-des-habitants",
    "begon-actions-culturelles",
    "afrik-consult-figas",
    "cultures-du-coeur-cultur-hall",
    "cultures-du-coeur-portrait-quiniere",
    "halle-aux-grains-anatolie",
    "rers-echanges-savoirs",
    "begon-animation-sociale",
    "quiniere-s-decale",
    "ludo-s-decale",
    "acesm-journee-mer",
    "point-utile-jardin-partage",
    "point-utile-bibliotheque-humaine",
    "point-utile-hall-couture",
    "quartiers-proximite-correspondants-de-nuit",
    "pimms",
    "quartiers-proximite-mediation-jour",
    "begon-semaine-droits-femmes",
    "cidff-permanence-droit",
    "compagnons-batisseurs-bricobus",
    "point-utile-8-mars",
    "ons-mediation-sante",
    "planning-familial-groupes-parole",
    "ufolep-femmes-sport",
    "rdv-histoire-laicite",
    "faq-politique-de-la-ville",
    "faq-contrat-de-ville",
    "faq-conseil-citoyen",
    "faq-appel-a-projets",
    "faq-priorites-2021",
    "faq-financement",
    "faq-cite-educative",
]


def test_the_shipped_files_are_valid(real_files: DirectoryFiles) -> None:
    assert [str(problem) for problem in real_files.problems] == []


def test_every_id_of_the_contract_is_there_and_no_other(real_files: DirectoryFiles) -> None:
    assert sorted(action.id for _, action in real_files.actions()) == sorted(IDS)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference list is not beside this checkout")
def test_the_ids_are_those_of_the_reference() -> None:
    with REFERENCE.open(encoding="utf-8", newline="") as handle:
        assert sorted(row["id"] for row in csv.DictReader(handle)) == sorted(IDS)


def test_the_seven_explanations_are_faq_entries_and_the_rest_are_actions(real_files: DirectoryFiles) -> None:
    assert {action.id for _, action in real_files.actions() if action.kind == "faq"} == {i for i in IDS if i.startswith("faq-")}


def test_each_file_bears_the_name_of_its_organisation(real_files: DirectoryFiles) -> None:
    assert sorted(file.organisation.id for file in real_files.organisations) == sorted(
        p.stem for p in (DATA / "organisations").glob("*.yml")
    )


@pytest.mark.parametrize("action_id", IDS)
def test_an_action_has_sixty_phrasings_in_all_five_voices(real_files: DirectoryFiles, action_id: str) -> None:
    questions = next(action.questions for _, action in real_files.actions() if action.id == action_id)
    assert len({tuple(words(text)) for _, text in questions.all()}) >= 60
    assert {voice for voice, _ in questions.all()} == set(Questions.__fields__)


def test_no_phrasing_stands_in_two_places(real_files: DirectoryFiles) -> None:
    places = defaultdict(set)
    for _, action in real_files.actions():
        for _, text in action.questions.all():
            places[tuple(words(text))].add(action.id)
    for topic in real_files.outside:
        for text in topic.questions:
            places[tuple(words(text))].add(f"outside: {topic.id}")
    assert {" ".join(text): where for text, where in places.items() if len(where) > 1} == {}


def test_a_status_that_a_source_settles_is_explained_in_words(real_files: DirectoryFiles) -> None:
    for _, action in real_files.actions():
        if action.status in ("active", "finished"):
            assert action.status_text, action.id


def test_the_city_page_is_the_one_primary_source(real_files: DirectoryFiles) -> None:
    assert [source.id for source in real_files.sources if source.primary] == ["page-2021"]
