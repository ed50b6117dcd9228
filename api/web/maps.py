"""Places in the visitor's own map application: by coordinates where a source gives them, else by a search for the address.

A link leads somebody on their way. So a quarter, « dehors » or a hall that is not named has none, nor has an address
of which no source says the town: every town has a rue Sainte-Anne.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from nlu.french.text import fold, words

# Android's way to say in a geo: address that there are no coordinates, only words to search for.
_NOWHERE = "0,0"
_OSM = "https://www.openstreetmap.org/search?query="
# A town of the post's alone: letters go there, people do not.
_LETTERS_ONLY = "cedex"

Place = Mapping[str, Any]


@dataclass(frozen=True)
class MapLink:
    """``text``: what is searched for; ``geo``: opens an application (RFC 5870); ``osm``: a page."""

    text: str
    geo: str
    osm: str


def map_links(card: Mapping[str, Any]) -> list[MapLink]:
    """Return a link for each place of an action (``knowledge.cards``) that can be gone to and found.

    An explanation takes place nowhere, and nobody is sent to what is over.
    """
    if card["kind"] != "action" or card["status"] == "finished":
        return []
    links = (_link(place, _town(place, card["organisation_places"])) for place in card["places"])
    return [link for link in links if link]


def _link(place: Place, town: str) -> MapLink | None:
    pinned = place["latitude"] is not None and place["longitude"] is not None
    # A name alone may be of a quarter; with coordinates it is a building.
    if not town or not (place["address"] or pinned):
        return None
    text = f"{place['address'] or place['name']}, {town}"
    position = f"{place['latitude']},{place['longitude']}" if pinned else _NOWHERE
    return MapLink(text, f"geo:{position}?q={quote(text)}", f"{_OSM}{quote(text)}")


def _town(place: Place, known: list[Place]) -> str:
    """The town that is printed with ``place``, or with the same address among the organisation's ``known`` places."""
    same = (one for one in known if place["address"] and words(one["address"]) == words(place["address"]))
    towns = (" ".join(filter(None, [one["postal_code"], one["city"]])) for one in (place, *same) if one["city"])
    return next((town for town in towns if _LETTERS_ONLY not in fold(town)), "")
