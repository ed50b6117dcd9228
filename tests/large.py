"""Directories as large as a whole region would bring: the real one, and generated services of many towns around it.

The generated ones are like what data.inclusion brings: a title, two sentences, a place, a phone, hours, and no phrasings.
Every combination of kind, public and town is there once, so that there is one right service for words that say all three.
"""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

from knowledge.directory import Directory
from knowledge.files import DirectoryFiles, read_directory
from knowledge.schema import Action, Audience, Contact, Organisation, OrganisationFile, Place, Price, Schedule, Source

SOURCE = Source(id="genere", title="Fichier généré pour mesurer", published="2026-11-01", published_note=None, url=None, told_by=None)
_PER_TOWN = 40
_AN_ORGANISATION = 5

_FIRST = """Saint-Aubin Villeneuve Montreuil Beaumont Châteauneuf Fontaine Marolles Saint-Lubin Chailles Orchaise Candé Seillac Averdon
Villebarou Landes Herbault Coulanges Monteaux Veuzain Mesland Onzain Cheverny Cormeray Fougères Pontlevoy Vallières Thenay Sambin
Montrichard Selles Romilly Oisly Couddes Choussy Contres Soings Mur Bracieux Neuvy Thoury Crouy Dhuizon Maslives Muides Avaray
Lestiou Talcy Séris Josnes Concriers Lorges Briou Vievy Ouzouer Binas Moisy Verdes Tripleville Charsonville Épieds""".split()  # noqa: SIM905
_SECOND = """sur-Cisse sur-Loire sur-Cher sur-Indre sur-Vienne sur-Creuse sur-Sarthe sur-Mayenne sur-Huisne sur-Braye sur-Conie
sur-Beuvron sur-Cosson sur-Sauldre sur-Yèvre sur-Arnon sur-Théols sur-Claise sur-Brenne sur-Manse la-Forêt le-Château les-Bains
en-Sologne en-Beauce en-Perche en-Brenne en-Touraine en-Berry en-Anjou les-Bois les-Vignes la-Vallée la-Rivière le-Vieux le-Neuf
l'Abbaye l'Église la-Chapelle le-Moulin les-Granges la-Plaine le-Plessis la-Croix les-Ormes les-Tilleuls""".split()  # noqa: SIM905
_QUARTERS = [
    "des Tilleuls", "du Vieux Bourg", "de la Gare", "des Écoles", "du Moulin", "des Provinces", "de la Plaine", "Saint-Exupéry",
    "Jean-Moulin",
]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What is offered: its title, what is done there, the theme, and words that an agent types."""

    title: str
    summary: str
    theme: str
    keywords: tuple[str, ...]


_KINDS = [
    Kind(row["title"], row["summary"], row["theme"], tuple(row["keywords"].split(", ")))
    for row in csv.DictReader(Path(__file__).with_name("large_kinds.csv").read_text(encoding="utf-8").splitlines())
]
# How a title says whom it is for, the public, ages.
_PUBLICS = [
    ("pour les jeunes", "jeunes", 16, 25),
    ("pour les seniors", "seniors", 60, None),
    ("pour les femmes", "femmes", None, None),
    ("pour les familles", "familles", None, None),
    ("pour les demandeurs d'emploi", "demandeurs-emploi", 18, None),
    ("pour tous", "tous-publics", None, None),
]
_RUN_BY = [
    "CCAS", "Centre social", "Maison des services", "Association Entraide", "Mission locale", "Régie de quartier", "Foyer rural",
    "Espace famille",
]  # fmt: skip
# What a generated service does not say.
_UNKNOWN = {name: field.get_default() for name, field in Action.__fields__.items()}
_DAYS = ["Mo-Fr 09:00-12:00,14:00-17:00", "Tu,Th 14:00-18:00", "We 09:00-12:00", "Mo-Fr 08:30-12:30", "Sa 10:00-12:00", None, None]


def directory_of(services: int, files: DirectoryFiles | None = None) -> Directory:
    """A directory of so many services, the real ones first."""
    return Directory.from_records(1, files_of(services, files))


def files_of(services: int, files: DirectoryFiles | None = None) -> DirectoryFiles:
    """The same as files, for loading: read again where none are given."""
    files = files or read_directory()
    missing = services - sum(1 for _ in files.actions())
    organisations = list(files.organisations)
    for organisation, offered in islice(_organisations(), -(-missing // _AN_ORGANISATION)):
        organisations.append(OrganisationFile.construct(organisation=organisation, actions=offered[:missing]))
        missing -= len(offered)
    return DirectoryFiles([*files.sources, SOURCE], organisations, files.help_numbers, files.outside, files.broad_needs, files.orientation)


def _organisations() -> Iterator[tuple[Organisation, list[Action]]]:
    """Organisations without end, eight to a town, each with the actions that it offers."""
    chance = random.Random(41)
    towns = [f"{first}-{second}" for first, second in product(_FIRST, _SECOND)]
    chance.shuffle(towns)
    for number, town in enumerate(towns):
        offered = chance.sample(list(product(_KINDS, _PUBLICS)), _PER_TOWN)
        for at, name in enumerate(_RUN_BY):
            own = offered[at * _AN_ORGANISATION : (at + 1) * _AN_ORGANISATION]
            yield (
                _organisation(f"org-{number}-{at}", name, town, number, chance),
                [_action(f"service-{number}-{at}-{i}", kind, public, town, number, chance) for i, (kind, public) in enumerate(own)],
            )


def _organisation(slug: str, name: str, town: str, number: int, chance: random.Random) -> Organisation:
    contact = Contact.construct(kind="phone", value=_phone(chance), label=None, public=True, source=SOURCE.id)
    return Organisation.construct(
        id=slug, name=f"{name} de {town}", full_name=None, aliases=[], description=None, places=[_place(town, number, chance)],
        contacts=[contact], schedules=[], source=SOURCE.id, further_sources=[],
    )  # fmt: skip


def _action(slug: str, kind: Kind, public: tuple, town: str, number: int, chance: random.Random) -> Action:
    said, code, youngest, oldest = public
    hours = chance.choice(_DAYS)
    audience = Audience.construct(
        text=f"C'est {said}.", publics=[code], age_min=youngest, age_max=oldest, gender="femmes" if code == "femmes" else None,
        quarters=[], conditions=None, referral=None,
    )  # fmt: skip
    text = "Sur rendez-vous." if hours is None else "Aux heures d'ouverture."
    schedule = Schedule.construct(
        text=text, osm=hours, confidence="exact" if hours else "vague", exceptions=None, valid_from=None, valid_to=None, source=SOURCE.id
    )
    values = _UNKNOWN | {
        "id": slug, "title": f"{kind.title} {said}", "summary": f"{kind.summary} À {town}, {said}.",
        "audience": audience, "places": [_place(town, number, chance)], "schedules": [schedule], "themes": [kind.theme],
        "contacts": [Contact.construct(kind="phone", value=_phone(chance), label=None, public=True, source=SOURCE.id)],
        "keywords": list(kind.keywords), "source": SOURCE.id,
        "price": Price.construct(frais="gratuit", text="Gratuit.", source=SOURCE.id) if chance.random() < 0.3 else None,
    }  # fmt: skip
    return Action.construct(**values)


def _place(town: str, number: int, chance: random.Random) -> Place:
    quarter = chance.choice(_QUARTERS)
    return Place.construct(
        name=f"Quartier {quarter}", address=f"{chance.randint(1, 99)} rue {quarter}", city=town, postal_code=f"{41000 + number % 900:05d}",
        quarter=None, latitude=47.0 + number % 97 / 100, longitude=1.0 + number % 89 / 100, note=None, source=SOURCE.id,
    )  # fmt: skip


def _phone(chance: random.Random) -> str:
    return "02 " + " ".join(f"{chance.randint(0, 99):02d}" for _ in range(4))
