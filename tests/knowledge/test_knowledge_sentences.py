"""The sentence of a record that answers a question which no field of it does."""

import pytest

from knowledge.search.sentences import closest_sentence


@pytest.mark.parametrize(
    ("action", "question", "said"),
    [
        ("faq-cite-educative", "c depuis quand", "septembre 2019"),
        ("faq-financement", "combien de projets ca fait", "84 projets"),
        ("faq-contrat-de-ville", "sa dure jusqua quand", "2022"),
        ("alire-jeunes-pjj", "certifs visées", "certificat"),
        ("faq-politique-de-la-ville", "quels quartiers à Blois", "Cornillettes"),
        ("maison-emploi-clauses-insertion", "% heures mini", "5 %"),
    ],
)
def test_the_sentence_that_speaks_of_it_is_found(directory, action, question, said):
    found = closest_sentence(directory.by_id[action], question)
    assert found and said in found


@pytest.mark.parametrize("question", ["on garde les légumes ?", "vous avez un chien ?", "et du coup ?", "c'est combien ?", ""])
def test_what_the_record_does_not_say_stays_unknown(directory, question):
    assert closest_sentence(directory.by_id["accv-mobilite"], question) is None
