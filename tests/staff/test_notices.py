"""What administrators, and nobody else, read on top of every page."""

import uuid

from reading import text, tree

from knowledge.delivery import abuse, spending
from knowledge.delivery.models import IncomingMessage
from knowledge.schedules import now_in_paris


def test_an_alarm_of_spending_is_told_to_administrators_with_what_to_do(desk, own_services):
    most, today = own_services.settings.sms_daily_segments, now_in_paris().date()
    with own_services.sessions.begin() as session:
        assert spending.spend(session, today, "sms", int(most * 0.9), most) and spending.alarm(session, today, "sms", most)
    told = text(tree(desk("administrator", "Zoé").get("/staff/comptes").text))
    assert f"{int(most * 0.9)} des {most} SMS du jour" in told and "PASSERELLE_SMS_DAILY_SEGMENTS" in told
    assert "PASSERELLE" not in text(tree(desk("editor", "Amina").get("/staff/compte").text))
    with own_services.sessions.begin() as session:
        assert spending.spend(session, today, "sms", int(most * 0.1), most)
    assert "la limite du jour" in text(tree(desk("administrator", "Yann").get("/staff/comptes").text))


def test_messages_of_numbers_that_are_not_answered_are_told_when_they_are_many(desk, own_services):
    client = desk("administrator", "Zoé")
    for count in (4, 1):
        assert "numéro court" not in text(tree(client.get("/staff/comptes").text))
        with own_services.sessions.begin() as session:
            for _ in range(count):
                name = uuid.uuid4().hex
                session.add(
                    IncomingMessage(channel="sms", provider_id=name, conversation=name, digest="", kind=abuse.REFUSED, state="done")
                )
    assert "5 messages n'ont pas eu de réponse" in text(tree(client.get("/staff/comptes").text))
