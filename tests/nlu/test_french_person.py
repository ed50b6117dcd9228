"""Who a message is about, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.french.person import Person, read_person

AGES = {
    "mon fils de 17 ans cherche un stage": 17,
    "g 19 ans": 19,
    "j'ai 72 ans": 72,
    "j'ai 72": 72,
    "elle a 15": 15,
    "âgée de 14 ans": 14,
    "soixante-dix ans": 70,
    "vingt-deux ans": 22,
    "quatre-vingt-quinze ans": 95,
    "soixante et onze ans": 71,
    "ma fille de neuf ans": 9,
    "I am 30 years": 30,
    "mes enfants de 6 et 8 ans": 8,
    "j'habite ici depuis 10 ans, j'ai 40 ans": 40,
    "j'habite ici depuis 10 ans": None,
    "en France depuis dix ans": None,
    "il y a 3 ans j'ai eu le permis": None,
    "dans 2 ans je serai à la retraite": None,
    "pendant vingt-deux ans j'ai travaillé": None,
    "pour les moins de 26 ans": None,
    "plus de 60 ans": None,
    "5 ans d'expérience en cuisine": None,
    "j'ai deux ans de retard de loyer": None,
    "j'ai 200 ans": None,
    "mon bébé de 10 mois": None,
    "je cherche un travail": None,
}
GENDERS = {
    "je suis une femme seule": "femmes",
    "pour ma mère": "femmes",
    "sa fille est perdue": "femmes",
    "du sport entre meufs": "femmes",
    "une femme enceinte et son mari": "femmes",
    "un monsieur attend à l'accueil": "hommes",
    "mon mari ne travaille pas": "hommes",
    "mon reuf veut un stage": "hommes",
    "mes enfants": None,
    "je cherche un travail": None,
}
RELATIONS = {
    "mon fils de 17 ans": "child",
    "ma petite fille": "child",
    "nos enfants": "child",
    "usager venu pour sa fille": "child",
    "ma daronne veut apprendre": "parent",
    "mes parents sont âgés": "parent",
    "mon mari": "spouse",
    "ma voisine est malade": "other",
    "une usagère à l'accueil": "other",
    "je veux apprendre": None,
}
QUARTERS = {
    "j'habite à la kiniere": "quiniere",
    "quinière": "quiniere",
    "QUINIERE": "quiniere",
    "les kornillettes": "cornillettes",
    "la cornillete": "cornillettes",
    "place coti": "coty",
    "René-Coty": "coty",
    "kennedi": "kennedy",
    "maison de bégon": "begon",
    "espace mirabo": "mirabeau",
    "la croix-chevalier": "croix-chevalier",
    "quartiers Nord": "quartiers-nord",
    "je suis de la zup": "quartiers-nord",
    "à côté de chez moi": None,
    "au centre-ville": None,
}
PUBLICS = {
    "je suis au chômage": {"demandeurs-emploi"},
    "demandeuse d'emploi au RSA": {"demandeurs-emploi", "beneficiaires-des-minimas-sociaux"},
    "activité pour les ados": {"jeunes"},
    "une personne âgée": {"seniors"},
    "un atelier entre femmes": {"femmes"},
    "maman solo": {"familles"},
    "je viens d'arriver, j'ai une carte de séjour": {"personnes-exilees"},
    "mon fils est en fauteuil": {"personnes-en-situation-de-handicap"},
    "jeune suivi par la PJJ": {"jeunes", "personnes-en-situation-juridique-specifique"},
    "étudiante à la fac": {"etudiants"},
    "bonjour": set(),
}
MOMENTS = {
    "mercredi après-midi": (("We",), "afternoon", None),
    "le samedi ou le dimanche matin": (("Sa", "Su"), "morning", None),
    "c'est ouvert ce soir ?": ((), "evening", "today"),
    "demain matin": ((), "morning", "tomorrow"),
    "ouvert maintenant ?": ((), None, "now"),
    "ce week-end": ((), None, "weekend"),
    "tous les jeudis": (("Th",), None, None),
    "bonjour": ((), None, None),
}


@pytest.mark.parametrize("text", AGES)
def test_the_age_is_read_and_durations_are_no_ages(text: str) -> None:
    assert read_person(text).age == AGES[text]


@pytest.mark.parametrize("text", GENDERS)
def test_the_gender_of_the_person_concerned_is_read(text: str) -> None:
    assert read_person(text).gender == GENDERS[text]


@pytest.mark.parametrize("text", RELATIONS)
def test_the_relation_is_read(text: str) -> None:
    assert read_person(text).relation == RELATIONS[text]


@pytest.mark.parametrize("text", QUARTERS)
def test_the_quarter_is_read_however_it_is_spelt(text: str) -> None:
    assert read_person(text).quarter == QUARTERS[text]


@pytest.mark.parametrize("text", PUBLICS)
def test_the_situation_is_read(text: str) -> None:
    assert set(read_person(text).publics) == PUBLICS[text]


@pytest.mark.parametrize("text", MOMENTS)
def test_days_and_times_are_read(text: str) -> None:
    person = read_person(text)
    assert (person.days, person.part, person.relative) == MOMENTS[text]


@pytest.mark.parametrize(
    ("text", "free"), [("c'est gratuit ?", True), ("sans payer", True), ("j'ai pas d'argent", True), ("combien ça coûte", None)]
)
def test_the_wish_for_something_free_is_read(text: str, free: bool | None) -> None:
    assert read_person(text).free is free


def test_one_message_says_many_things() -> None:
    assert read_person("ma fille de 16 ans, à Mirabeau, cherche un truc gratuit le mercredi après-midi") == Person(
        age=16, gender="femmes", relation="child", quarter="mirabeau", days=("We",), part="afternoon", free=True
    )


def test_nothing_said_is_nothing_known() -> None:
    assert not read_person("bonjour").said()
    assert read_person("j'ai 17 ans").said()


# What is known over several messages.

PERSONS = st.builds(
    Person,
    age=st.none() | st.integers(0, 110),
    gender=st.none() | st.sampled_from(["femmes", "hommes"]),
    relation=st.none() | st.sampled_from(["child", "parent", "spouse", "other"]),
    quarter=st.none() | st.sampled_from(["coty", "begon"]),
    days=st.sampled_from([(), ("Mo",), ("Sa", "Su")]),
)


def test_a_newer_message_corrects_and_completes() -> None:
    assert Person(age=17, quarter="coty").merged(Person(age=18, gender="femmes")) == Person(age=18, quarter="coty", gender="femmes")


def test_another_person_starts_afresh_but_lives_in_the_same_quarter() -> None:
    writer = Person(age=45, gender="hommes", quarter="coty", publics=("demandeurs-emploi",))
    assert writer.merged(Person(age=16, relation="child")) == Person(age=16, relation="child", quarter="coty")


def test_the_same_person_is_kept() -> None:
    assert Person(age=16, relation="child").merged(Person(relation="child", free=True)).age == 16


@given(known=PERSONS)
def test_saying_nothing_changes_nothing(known: Person) -> None:
    assert known.merged(Person()) == known


@given(known=PERSONS, newer=PERSONS)
def test_what_is_said_last_is_what_is_known(known: Person, newer: Person) -> None:
    merged = known.merged(newer)
    assert merged.merged(newer) == merged
    assert newer.age in (None, merged.age)
    assert newer.days in ((), merged.days)
