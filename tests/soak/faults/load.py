"""People who write while something breaks: every message that was acknowledged is accounted for afterwards."""

import base64
import hashlib
import hmac
import itertools
import json
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import httpx
import sqlalchemy as sa

from tests.channels.fakes import FakeTwilio
from tests.soak.faults.town import PUBLIC, TOKEN

WEB, SMS = 6, 3
# A follow-up shows that the conversation is known.
TALK = ["j'ai besoin d'aide pour mes papiers de la caf", "et leur numéro ?", "c'est où ?", "c'est gratuit ?", "quels horaires ?"]
PAUSE, SMS_PAUSE = 0.4, 2.0
# Who writes more within half a minute, or the same again and again, is taken for a robot and gets no answer.
SMS_EACH = 3
_senders = itertools.count(1)
# Longer is no answer as people know it.
NORMAL_SECONDS = 2.0
PATIENCE_SECONDS = 90.0


@dataclass
class Said:
    """One acknowledged message of the web chat."""

    text: str
    began: float
    ended: float
    tries: int
    context: bool


@dataclass
class Load:
    """Runs between ``start`` and ``stop`` against the addresses, which people change when one does not answer."""

    addresses: list[str]
    twilio: FakeTwilio
    web: dict[str, list[Said]] = field(default_factory=dict)
    sms: list[tuple[str, float]] = field(default_factory=list)  # id and when it was acknowledged
    refusals: Counter = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def start(self) -> None:
        self._stopping = threading.Event()
        self._sent_before = len(self.twilio.created)
        people = [threading.Thread(target=self._write, args=(n,)) for n in range(WEB)]
        self._threads = people + [threading.Thread(target=self._text, args=(n,)) for n in range(SMS)]
        self._gate = threading.Lock()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody has their last answer."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        first_of, client = {}, None
        try:
            for turn in itertools.count():
                if self._stopping.wait(PAUSE):
                    return
                text = TALK[turn % len(TALK)]
                if turn % (4 * len(TALK)) == 0:
                    conversation = None
                body = {"message": text, "conversation_id": conversation, "request_id": str(uuid.uuid4())}
                began, tries, at = time.monotonic(), 0, number
                while True:
                    tries += 1
                    client = client or httpx.Client(base_url=self.addresses[at % len(self.addresses)], timeout=20)
                    try:
                        answer = client.post("/api/chat", json=body)
                        status = str(answer.status_code)
                    except httpx.TransportError as error:
                        status = type(error).__name__
                    if status == "200":
                        break
                    with self._gate:
                        self.refusals[status] += 1
                    client.close()
                    client, at = None, at + 1
                    if time.monotonic() - began > PATIENCE_SECONDS:
                        raise RuntimeError(f"no answer for {PATIENCE_SECONDS:.0f} s; the last was {status}")
                    time.sleep(0.3)
                reply = answer.json()
                conversation = reply["conversation_id"]
                if reply["outcome"] == "error":
                    raise RuntimeError("an apology instead of an answer")
                shown = [card["id"] for card in reply["actions"]][:1]
                if turn % len(TALK) == 0:
                    first_of[conversation] = shown
                context = shown == first_of.get(conversation)
                self.web.setdefault(conversation, []).append(Said(text, began, time.monotonic(), tries, context))
        except Exception as error:
            self.broken.append(f"web {number}: {error!r}")
        finally:
            if client:
                client.close()

    def _text(self, number: int) -> None:
        """As Twilio does: what is not acknowledged is repeated."""
        url = f"{PUBLIC}/channels/twilio/sms"
        try:
            for turn in itertools.count():
                if self._stopping.wait(SMS_PAUSE):
                    return
                if turn % SMS_EACH == 0:
                    sender = f"+3361{next(_senders):07}"
                form = {"From": sender, "Body": f"{TALK[0]} {turn}", "MessageSid": f"SM{uuid.uuid4().hex}", "NumMedia": "0"}
                signed = url + "".join(key + form[key] for key in sorted(form))
                signature = base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()
                began, at = time.monotonic(), number
                while True:
                    try:
                        address = self.addresses[at % len(self.addresses)]
                        headers = {"x-twilio-signature": signature}
                        answer = httpx.post(f"{address}/channels/twilio/sms", data=form, headers=headers, timeout=20)
                        status = str(answer.status_code)
                    except httpx.TransportError as error:
                        status = type(error).__name__
                    if status == "200":
                        break
                    with self._gate:
                        self.refusals[f"SMS {status}"] += 1
                    if time.monotonic() - began > PATIENCE_SECONDS:
                        raise RuntimeError(f"not acknowledged for {PATIENCE_SECONDS:.0f} s; the last was {status}")
                    at += 1
                    time.sleep(1)
                self.sms.append((form["MessageSid"], time.monotonic()))
        except Exception as error:
            self.broken.append(f"SMS {number}: {error!r}")


@dataclass
class Account:
    """What became of the messages of one load."""

    web: int
    sms: int
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    without_context: int = 0
    longest: float = 0.0
    normal_after: float = 0.0
    notes: list[str] = field(default_factory=list)


def account(load: Load, database: sa.engine.Engine, began: float, patience: float = 300.0) -> Account:
    """Hold what was acknowledged to what the database and the provider have, once all that waits has left."""
    said = [one for turns in load.web.values() for one in turns]
    found = Account(len(said), len(load.sms))
    found.longest = max((one.ended - one.began for one in said), default=0.0)
    slow = [one for one in said if one.ended - one.began > NORMAL_SECONDS or one.tries > 1]
    found.normal_after = max((one.ended - began for one in slow if one.ended > began), default=0.0)
    found.without_context = sum(1 for one in said if not one.context)
    deadline = time.monotonic() + patience
    while _waiting(database) and time.monotonic() < deadline:
        time.sleep(0.3)
    with database.connect() as connection:
        for conversation, turns in load.web.items():
            rows = connection.execute(_SPOKEN, {"id": conversation}).scalars()
            stored, wanted = [json.loads(row)["text"] for row in rows], [one.text for one in turns]
            missing, more = Counter(wanted) - Counter(stored), Counter(stored) - Counter(wanted)
            found.lost += sum(missing.values())
            found.doubled += sum(more.values())
            found.disordered += not missing and not more and stored != wanted
        stored = Counter(connection.execute(_ANSWERED, {"ids": [one for one, _ in load.sms]}).scalars())
    found.lost += sum(1 for one, _ in load.sms if stored[one] == 0)
    with load.twilio.lock:
        # Our key of a message is in the address that is told what became of it.
        created = Counter(one["callback"] for one in load.twilio.created[load._sent_before :])
    found.doubled += sum(count - 1 for count in created.values())
    found.notes += [f"{count} × {status}" for status, count in load.refusals.most_common()]
    if found.without_context:
        found.notes.append(f"{found.without_context} follow-ups without their context")
    if len(load.sms) > sum(created.values()):
        found.notes.append(f"{len(load.sms)} SMS in, {sum(created.values())} out")
    return found


_SPOKEN = sa.text("select data from events where sender_id = :id and type_name = 'user' order by id")
_WAITING = (
    "select count(*) from inbox where state = 'waiting'",
    "select count(*) from outbox where state in ('waiting', 'sending')",
)
_ANSWERED = sa.text(
    "select i.provider_id from inbox i where i.provider_id in :ids and i.state = 'done' and exists "
    "(select 1 from outbox o where o.answers = i.id and o.position = 0 and o.state in ('sent', 'delivered'))"
).bindparams(sa.bindparam("ids", type_=sa.String, expanding=True))


def _waiting(database: sa.engine.Engine) -> int:
    with database.connect() as connection:
        return sum(connection.execute(sa.text(one)).scalar_one() for one in _WAITING)
