"""What the tests of the exchange formats share: a directory full of difficult texts, and an emptied database."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from knowledge import models
from knowledge.editing.revisions import Revision
from knowledge.files import DirectoryFiles, read_directory
from knowledge.records import Records, select_all
from knowledge.rows import delete_all

# What spreadsheets, separators and quotes have trouble with, as YAML scalars.
DIFFICULT = """
"=HYPERLINK(\\"http://exemple.fr\\")", '+33 2', '-1', '@accueil', "'=déjà", "''+deux", '007', '2021', 'oui', '1e5',
"deux\\nlignes", 'a;b,c', '"guillemets"', "fin'", 'C:\\nouveau', 'une\\\\n', 'été, œuvre, ½', 'VRAI', '01/02/2024'
""".strip()

CLUB = f"""\
organisation:
  id: club
  name: "=Le Club"
  full_name: "-Le Club"
  aliases: [{DIFFICULT}]
  description: "@Le club\\nde Blois"
  places:
    - name: La salle
      address: 1 rue du Test
      city: Blois
      postal_code: "01000"
      quarter: coty
      latitude: 47.59411
      longitude: -1.309648
      note: "+ au fond"
      source: page
  contacts:
    - kind: phone
      value: 02 54 00 00 00
      source: page
    - kind: phone
      value: "3919"
      label: "=1+1"
      public: false
      source: liste
  source: page
  further_sources: [liste]

actions:
  - id: jardin
    title: Un jardin
    summary: On jardine ensemble.
    description: [{DIFFICULT}]
    steps: ["-un", "deux"]
    themes: [vie-de-quartier, culture]
    audience:
      text: Pour tous.
      publics: [tous-publics]
      age_min: 0
      age_max: 120
      gender: femmes
      quarters: [coty, kennedy]
    price: {{frais: gratuit, text: C'est gratuit., source: liste}}
    schedules:
      - text: Le lundi de 9 h à 12 h.
        osm: "Mo 09:00-12:00"
        confidence: exact
        valid_from: 2021-01-01
        valid_to: 2021-12-31
        source: page
      - text: Le mardi.
        confidence: partial
        source: liste
    events:
      - {{title: "=Fête", start: 1899-12-31, end: 2021-06-02, text: Une fête., source: page}}
    status: finished
    volet: 1
    section: "2.10"
    programme_year: 2021
    verified_on: 2024-02-29
    verified_by: Ali
    source: page
    questions:
      resident: [planter des tomates, "=SOMME(A1)"]
      phonetic: [un potagé]
  - id: velo
    title: Un atelier vélo
    summary: On répare son vélo.
    themes: [mobilite]
    source: page
"""
BROAD_NEEDS = """\
broad_needs:
  - {id: dehors, actions: [velo, jardin], questions: ["=prendre l'air"]}
"""
ORIENTATION = """\
orientation:
  - id: debut
    ask: Que cherchez-vous ?
    unsure: [jardin]
    choices: [{say: -Dehors, next: suite}, {say: Rouler, actions: [velo]}]
  - id: suite
    ask: Et puis ?
    unsure: [velo]
    choices: [{say: Un, actions: [velo, jardin]}, {say: Deux, actions: [jardin]}]
"""


def difficult_data(data: Path) -> Path:
    """``data`` (the fixture) with the difficult organisation, and records of every kind."""
    (data / "organisations" / "club.yml").write_text(CLUB, encoding="utf-8")
    (data / "organisations" / "club-b.yml").write_text(
        "organisation: {id: club-b, name: Club B, source: page}\nactions: []\n", encoding="utf-8"
    )
    (data / "broad_needs.yml").write_text(BROAD_NEEDS, encoding="utf-8")
    (data / "orientation.yml").write_text(ORIENTATION, encoding="utf-8")
    return data


def difficult(data: Path) -> DirectoryFiles:
    """The difficult directory, valid."""
    files = read_directory(difficult_data(data))
    assert files.problems == [], [str(problem) for problem in files.problems]
    return files


def stored(factory: sessionmaker) -> Records:
    """The directory in the database."""
    with factory() as session:
        return select_all(session)


def version(factory: sessionmaker) -> int:
    with factory() as session:
        return session.execute(sa.select(models.DirectoryVersion.version)).scalar_one_or_none() or 0


def empty(session: Session) -> None:
    """Make the database as new."""
    delete_all(session)
    session.execute(sa.delete(models.DirectoryVersion))
    session.execute(sa.delete(Revision))
