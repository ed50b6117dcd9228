"""Who to reach, as a vCard 3.0 (RFC 2426), for a visitor's own address book."""

import vobject
from vobject.vcard import Address, Name

from knowledge.cards import newest_first, told_by
from knowledge.directory import Directory, Entry
from knowledge.schema import Contact, Place


def vcard(directory: Directory, entry: Entry, address: str) -> str | None:
    """Return the public contacts and the place of ``entry``; None when there is no way to reach it.

    ``address``: the page of the action, where sources and dates are.
    """
    places = [place for place in newest_first(directory, entry.places) if place.address]
    if not entry.contacts and not places:
        return None
    card = vobject.vCard()
    # An explanation is no door: what it leads to is the organisation.
    name = entry.action.title if entry.action.kind == "action" else entry.organisation.name
    card.add("fn").value = name
    card.add("n").value = Name(family=name)
    card.add("org").value = [entry.organisation.full_name or entry.organisation.name]
    for contact in entry.contacts:
        _contact(card, contact)
    for place in places[:1]:
        _address(card, place)
    sources = dict.fromkeys([*(contact.source for contact in entry.contacts), *(place.source for place in places[:1])])
    card.add("note").value = " ".join(told_by(directory, source) for source in sources)
    card.add("source").value = address
    return card.serialize()


def _contact(card: vobject.base.Component, contact: Contact) -> None:
    name = {"phone": "tel", "email": "email"}.get(contact.kind, "url")
    line = card.add(name)
    line.value = contact.value
    if contact.kind == "phone":
        line.type_param = ["WORK", "VOICE"]


def _address(card: vobject.base.Component, place: Place) -> None:
    line = card.add("adr")
    line.value = Address(street=place.address or "", city=place.city or "", code=place.postal_code or "")
    line.type_param = "WORK"
