"""A place in the visitor's own map application: by its coordinates where a source gives them, else by a search for its address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

# Android's way to say in a geo: address that there are no coordinates, only words to search for.
_NOWHERE = "0,0"
_OSM = "https://www.openstreetmap.org/search?query="


@dataclass(frozen=True)
class MapLink:
    """``text``: what is searched for; ``geo``: opens an application (RFC 5870); ``osm``: a page."""

    text: str
    geo: str
    osm: str


def map_links(places: Iterable[Mapping[str, Any]]) -> list[MapLink]:
    """Return a link for each of ``places`` (of a card) that says enough to be found."""
    return [link for place in places if (link := _link(place))]


def _link(place: Mapping[str, Any]) -> MapLink | None:
    town = " ".join(filter(None, [place["postal_code"], place["city"]]))
    # A name without a town may be anywhere.
    if not place["address"] and not town:
        return None
    text = ", ".join(filter(None, [place["address"] or place["name"], town]))
    both = place["latitude"] is not None and place["longitude"] is not None
    position = f"{place['latitude']},{place['longitude']}" if both else _NOWHERE
    return MapLink(text, f"geo:{position}?q={quote(text)}", f"{_OSM}{quote(text)}")
