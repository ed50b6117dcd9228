"""The role that each route of the console needs: by this table, in the application's own words, and over HTTP."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.staff import guard
from knowledge.accounts.models import Role
from tests.staff.test_guard import PUBLIC, address

EVERYBODY_INSIDE = """
POST /staff/deconnexion · POST /staff/deconnexion-partout · GET /staff · GET /staff/action/{action_id} ·
GET /staff/action/{action_id}/imprimer · GET /staff/liste · GET /staff/liste/imprimer · POST /staff/liste · POST /staff/essai ·
GET /staff/rappels · POST /staff/rappels/{request_id}/prendre · POST /staff/rappels/{request_id}/noter ·
POST /staff/rappels/{request_id}/clore · POST /staff/rappels/{request_id}/rouvrir · POST /staff/rappels/{request_id}/ouvrir ·
GET /staff/conversations/{request_id} · GET /staff/conversations/{request_id}/suite · POST /staff/conversations/{request_id} ·
POST /staff/conversations/{request_id}/fermer · GET /staff/chiffres · GET /staff/chiffres.csv · GET /staff/questions ·
GET /staff/annuaire · GET /staff/annuaire/{path}/{slug}/historique · GET /staff/a-verifier · POST /staff/a-verifier/{slug} ·
GET /staff/a-verifier/lettre/{organisation_id} · GET /staff/compte · POST /staff/compte/mot-de-passe · GET /staff/compte/double ·
POST /staff/compte/double · POST /staff/compte/double/retirer
"""
# What residents are told, and what leaves or enters as files.
EDITORS = """
POST /staff/questions/action · POST /staff/questions/hors-sujet · POST /staff/questions/a-creer · POST /staff/questions/ignorer ·
POST /staff/questions/reprendre · GET /staff/messages · POST /staff/messages/{way}/{number}/recommencer ·
POST /staff/messages/{way}/{number}/effacer · GET /staff/annuaire/{path}/nouveau · POST /staff/annuaire/{path}/nouveau ·
GET /staff/annuaire/{path}/{slug} · POST /staff/annuaire/{path}/{slug} · POST /staff/annuaire/{path}/{slug}/restaurer ·
POST /staff/annuaire/{path}/{slug}/archiver · POST /staff/annuaire/{path}/{slug}/choisir · GET /staff/signalements ·
POST /staff/signalements/{report_id} · GET /staff/echanges · GET /staff/echanges/exporter/{name} · GET /staff/echanges/modele/{name} ·
POST /staff/echanges · GET /staff/echanges/{waiting_id} · POST /staff/echanges/{waiting_id}/confirmer ·
POST /staff/echanges/{waiting_id}/abandonner
"""
# Who may come in, and which model answers.
ADMINISTRATORS = """
GET /staff/modele · POST /staff/modele/entrainer · POST /staff/modele/activer · GET /staff/comptes · POST /staff/comptes ·
POST /staff/comptes/{account_id} · POST /staff/comptes/{account_id}/invitation · POST /staff/comptes/{account_id}/sessions ·
GET /staff/journal
"""
TABLE = {
    tuple(one.split()): role
    for role, rows in ((Role.agent, EVERYBODY_INSIDE), (Role.editor, EDITORS), (Role.administrator, ADMINISTRATORS))
    for one in rows.split("·")
}


def asked(dependant: Dependant) -> set[Role]:
    """The roles that a route's dependencies ask for, however deep they stand."""
    named = {role for role in Role if dependant.call is guard.require(role.value)}
    return named.union(*(asked(one) for one in dependant.dependencies))


def test_every_route_asks_for_the_role_of_the_table(app: FastAPI):
    found = {}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path.startswith("/staff") and route.path not in PUBLIC:
            roles = asked(route.dependant)
            for method in route.methods - {"HEAD"}:
                found[method, route.path] = max(roles, key=list(Role).index, default=None)
    assert found == TABLE


@pytest.mark.parametrize("role", [Role.agent, Role.editor])
def test_a_lower_role_is_refused_whatever_it_sends(staff, role: Role):
    client: httpx.Client = staff(role.value)
    above = [route for route, needed in TABLE.items() if not role.includes(needed)]
    assert above
    for method, path in above:
        # An address that exists gives no more away than one that does not.
        assert client.request(method, address(path)).status_code == 403, (method, path)
