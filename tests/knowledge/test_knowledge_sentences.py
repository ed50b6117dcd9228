"""The sentence of a record that answers a question which no field of it does."""

import pytest

from knowledge.search.sentences import clearly_closest, closest_sentence, named_in_closest, which_ones


@pytest.mark.parametrize(
    ("action", "question", "said"),
    [
        ("faq-cite-educative", "c depuis quand", "septembre 2019"),
        ("faq-financement", "combien de projets ca fait", "84 projets"),
        ("faq-contrat-de-ville", "sa dure jusqua quand", "2022"),
        ("alire-jeunes-pjj", "certifs visées", "certificat"),
        ("faq-politique-de-la-ville", "quels quartiers à Blois", "Cornillettes"),
        ("maison-emploi-clauses-insertion", "% heures mini", "5 %"),
        ("faq-financement", "montant total ?", "1 132 366"),
        ("alire-jeunes-pjj", "ils préparent quel certificat ?", "CFG"),
        ("cidff-accompagnement-femmes", "combien de temps ils me suivent après ?", "6 mois"),  # by its meaning: no word in common
        ("cidff-accompagnement-femmes", "on la suit encore après la fin ?", "6 mois"),
        ("faq-financement", "les HLM paient aussi il paraît, lesquels ?", "Terres de Loire Habitat"),
        ("faq-financement", "ça fait quelle somme en tout ?", "1 132 366"),  # a sum is no name
        ("faq-appel-a-projets", "et pour les sous, dossier quand ?", "octobre"),
    ],
)
def test_the_sentence_that_speaks_of_it_is_found(directory, action, question, said):
    found = closest_sentence(directory.by_id[action], question)
    assert found and said in found


@pytest.mark.parametrize("question", ["on garde les légumes ?", "vous avez un chien ?", "et du coup ?", "c'est combien ?", ""])
def test_what_the_record_does_not_say_stays_unknown(directory, question):
    assert closest_sentence(directory.by_id["accv-mobilite"], question) is None


@pytest.mark.parametrize(
    ("action", "question", "said"),
    [
        ("accv-mobilite", "il y a un simulateur ?", "simulateur"),
        ("compagnons-batisseurs-bricobus", "vous prêtez les outils ?", "prête"),
        ("alire-jeunes-pjj", "ils préparent quel certificat ?", "CFG"),
        ("cidff-permanence-droit", "la permanence, elle marche au mois d'août ?", "août"),
    ],
)
def test_a_question_that_is_surely_about_one_sentence_is_told_from_others(directory, action, question, said):
    assert said in (clearly_closest(directory.by_id[action], question) or "")


@pytest.mark.parametrize("question", ["comment ça se passe ?", "ça dure combien de temps ?", "c'est encore en cours ?", "un parking ?", ""])
def test_a_general_question_is_not_answered_by_one_sentence(directory, question):
    assert clearly_closest(directory.by_id["accv-mobilite"], question) is None


@pytest.mark.parametrize(
    ("action", "question", "said"),
    [
        ("alire-jeunes-pjj", "et l'oral ?? ça me stresse", "oral"),
        ("faq-financement", "3F i donne ossi ?", "3F"),
        ("biosolidaire-micro-jardin", "et c'est avec quel bailleur ?", "bailleur"),
        ("biosolidaire-micro-jardin", "le micro jardin c'est avec quel bailleur", "Terres de Loire Habitat"),
        ("rdv-histoire-laicite", "Combien de conférences sont prévues ?", "dix conférences"),
    ],
)
def test_what_a_question_names_is_found(directory, action, question, said):
    assert said in (named_in_closest(directory.by_id[action], question) or "")


@pytest.mark.parametrize("question", ["qui peut m'envoyer là-bas ?", "c'est pour qui ?", "le permis, c'est qui ?", "un parking ?", ""])
def test_what_names_nothing_of_one_sentence_is_left_to_the_field(directory, question):
    assert named_in_closest(directory.by_id["accv-mobilite"], question) is None


def test_names_are_said_beside_a_subject_when_names_are_asked_for(directory):
    entry = directory.by_id["faq-financement"]
    assert "Terres de Loire Habitat" in (which_ones(entry, "Quels bailleurs participent au financement ?") or "")
    assert which_ones(entry, "quelle somme en tout ?") is None and which_ones(entry, "combien de projets en 2021") is None
