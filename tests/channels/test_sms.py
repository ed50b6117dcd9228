"""The alphabet of SMS, their segments, and that no answer takes more than two."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import views
from api.channels import gsm
from api.channels.sms import SmsChannel, emergency, international, may_be_written_to
from api.staff import texts
from bot.engine import QuickReply, Reply, Utterance
from bot.wording import all_responses

TEXTS = st.text(st.characters(codec="utf-8"), max_size=700)
FRENCH = st.text("abcdeéèêëàâçîïôöùûüœ’«»… .,!?:;\n€[]'-_123ÇÊŒ", max_size=900)


def says_number(text: str, number: str) -> bool:
    """As a word: 114 is not in 3114."""
    return number in re.findall(r"\d+", text)


class Sms(SmsChannel):
    async def deliver(self, recipient, body, key):
        raise NotImplementedError


@pytest.fixture(scope="module")
def sms():
    return Sms(lambda: "114", "FR")


@pytest.fixture(scope="module")
def cards(filled):
    from knowledge.opening import open_knowledge
    from knowledge.settings import Settings

    database, _, store = open_knowledge(Settings(var_dir=filled))
    directory = store.current()
    yield [views.card(entry, directory) for entry in directory.entries]
    database.dispose()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("éèàù" * 40, 1), ("€" * 80, 1), ("€" * 81, 2),
        ("ê" * 70, 1), ("ê" * 71, 2), ("ê" * 134, 2), ("ê" * 135, 3), ("ç", 1), ("😀" * 35, 1), ("😀" * 36, 2), ("", 1),
    ],
)  # fmt: skip
def test_segments_are_counted_as_they_are_charged(text, count):
    """3GPP TS 23.038 and 23.040: 160 or 153 septets, 70 or 67 UTF-16 units."""
    assert gsm.segments(text) == count


def test_the_alphabet_is_the_standards():
    assert len(gsm._BASIC) == 127 and len(set(gsm._BASIC)) == 127  # the 128th is the escape
    assert all(gsm.is_gsm(letter) for letter in "éèàùÉÇäöüñ") and not any(gsm.is_gsm(letter) for letter in "çêâîôûëïœ’«»…À")


@given(FRENCH)
def test_french_always_fits_and_keeps_its_letters(text):
    spelt = gsm.spell(text)
    assert gsm.is_gsm(spelt)
    assert sum(c.isalnum() for c in spelt) >= sum(c.isalnum() for c in text)


@given(TEXTS, st.sampled_from([1, 2]), st.sampled_from(["", " PLUS pour la suite."]))
def test_chunks_fit_and_lose_no_word(text, most, hint):
    spelt = gsm.spell(text)
    parts = gsm.chunks(spelt, most, hint)
    assert all(gsm.segments(part) <= most for part in parts)
    assert "".join(part.removesuffix(hint) for part in parts[:-1] + parts[-1:]).replace(" ", "").replace("\n", "") == spelt.replace(
        " ", ""
    ).replace("\n", "")


def test_no_cut_parts_a_label_or_a_number_from_what_it_announces():
    text = "Une phrase. " * 11 + "Où : rue Mirabeau, à Blois.\n2. Danse. Tél. 02 54 00 00 00. " * 14
    for most in (1, 2):
        for part in gsm.chunks(gsm.spell(text), most, " PLUS."):
            before = part.removesuffix(" PLUS.")
            assert not re.search(r"(:|\b\d\.|Tél\.)$", before), part


def test_hours_are_cut_between_sentences(cards):
    (pimms,) = (card for card in cards if card["id"] == "pimms")
    said = texts.sms(pimms, lambda text: gsm.segments(f"{text} PLUS pour la suite.") <= 2)
    assert "de 13 h 30 à 17 h 30. Info de" in said and "…" not in said
    assert not any("… Info" in texts.sms(card) and texts.sms(card).count(". ") > 4 for card in cards)


def test_an_agents_long_message_asks_for_nothing(sms):
    bodies = sms.plain("Voici ce que vous pouvez faire. " * 20)
    assert len(bodies) == 3 and all("PLUS" not in body["text"] for body in bodies)


def test_a_list_that_the_text_numbers_is_not_numbered_again(sms):
    quick = (QuickReply("PIMMS, maison", '/choose_nth{"action_id": "pimms"}'), QuickReply("Autre chose", "/other_proposal"))
    (body,) = sms.render(Reply("c", "clarify", (Utterance("Laquelle voulez-vous ?\n1. PIMMS, maison", quick),), ("pimms",)), [])
    assert body == {"text": "Laquelle voulez-vous ?\n1. PIMMS, maison\n2 Autre chose", "choices": [one.payload for one in quick]}


def test_choices_go_only_with_the_part_that_shows_them(sms):
    quick = tuple(QuickReply(f"Choix {number}", f"/c{number}") for number in range(1, 6))
    bodies = sms.render(Reply("c", "clarify", (Utterance("Une phrase. " * 30 + "\nLaquelle ?", quick),)), [])
    assert [bool(body.get("choices")) for body in bodies] == [False, False, True]
    assert bodies[-1]["text"].startswith("Laquelle ?\n1 Choix 1\n") and all("PLUS" in body["text"] for body in bodies[:-1])


def test_the_answer_for_every_action_takes_at_most_two_segments_and_stays_in_the_alphabet(sms, cards):
    assert len(cards) > 50
    whole = Utterance("Une phrase. " * 60, (QuickReply("Autre chose", "/other_proposal"),))
    counted = []
    for card in cards:
        bodies = sms.render(Reply("c", "answer", (whole,), (card["id"],), "need"), [card])
        assert all(sms.cost(body) <= 2 and gsm.is_gsm(body["text"]) for body in bodies)
        first = bodies[0]["text"]
        phones = [contact["value"] for contact in card["contacts"] if contact["kind"] == "phone"]
        assert not phones or phones[0] in first, card["id"]
        assert len(bodies) > 1 and first.endswith("PLUS pour la suite.")
        counted.append(sms.cost(bodies[0]))
    print(f"{len(counted)} answers: {counted.count(1)} of one segment, {counted.count(2)} of two")


def test_every_list_of_three_takes_at_most_two_segments(sms, cards):
    longest = sorted(cards, key=lambda card: -len(card["title"]))
    for number in range(len(longest) - 2):
        three = longest[number : number + 3]
        quick = tuple(QuickReply(card["title"], f'/choose_nth{{"action_id": "{card["id"]}"}}') for card in three)
        (first, *rest) = sms.render(Reply("c", "clarify", (Utterance("Le tout.", quick),), tuple(c["id"] for c in three), "need"), three)
        assert sms.cost(first) <= 2 and len(first["choices"]) == 3 and "Répondez 1, 2 ou 3." in first["text"]
        for card in three:
            assert all(contact["value"] in first["text"] for contact in card["contacts"][:1] if contact["kind"] == "phone")
        assert rest


NUMBERS = {"urgence-112": "112", "urgence-114": "114", "samu-15": "15", "police-17": "17", "pompiers-18": "18"}


def emergencies():
    from jinja2 import Environment

    class Known(dict):
        def __missing__(self, name):
            return {"number": NUMBERS.get(name, name[-4:].strip("-")), "name": name, "how": "Appel gratuit, de 9 h à 23 h, 7 jours sur 7."}

    names = [name for name in all_responses() if name.startswith("say_emergency")]
    return [(name, Environment().from_string(all_responses()[name][0]["text"]).render(help=Known(), cards=[])) for name in names]  # noqa: S701


@pytest.mark.parametrize(("name", "text"), emergencies())
def test_every_emergency_is_one_segment_with_the_number_to_call_and_the_one_for_sms(name, text):
    said = emergency(text, "114")
    assert gsm.segments(said) == 1 and gsm.is_gsm(said) and says_number(said, "114")
    first_number = next(word.strip(".,") for word in text.split() if word.strip(".,").isdecimal())
    assert says_number(said, first_number)


def test_the_114_stands_beside_the_3114():
    said = emergency("Appelez le 3114, gratuit.\nSi la vie est en danger, appelez le 15.", "114")
    assert said == "Appelez le 3114, gratuit.\nSi la vie est en danger, appelez le 15.\nSans parler : SMS au 114."
    said = emergency("Ne restez pas seul avec ça.\nAppelez le 3114 maintenant.\nOu le 15.", "114")
    assert all(says_number(said, number) for number in ("3114", "15", "114"))


@given(TEXTS.filter(lambda text: gsm.spell(text)))
def test_an_emergency_of_any_wording_is_one_segment(text):
    said = emergency(text, "114")
    assert gsm.segments(said) == 1 and says_number(said, "114")


def test_another_script_is_kept_and_counted_as_it_is(sms):
    arabic = "اتصل بالرقم 112 فورا. " * 12
    bodies = sms.render(Reply("c", "answer", (Utterance(arabic),), (), "need"), [])
    assert len(bodies) > 1 and all(sms.cost(body) <= 2 for body in bodies) and "اتصل" in bodies[0]["text"]


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("+33612345678", True),
        ("+33254561940", True),
        ("+33899123456", False),
        ("+447911123456", False),
        ("36111", False),
        ("X", False),
        ("", False),
    ],
)
def test_who_may_be_written_to(number, allowed):
    assert may_be_written_to(number, {"FR"}) is allowed


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+33612345678", "+33612345678"), ("33612345678", "+33612345678"), ("0612345678", "+33612345678"),
        ("0033612345678", "+33612345678"), ("06 12 34 56 78", "+33612345678"), ("447911123456", "+447911123456"), ("36111", "36111"),
        ("INFO", "INFO"), ("", ""),
    ],
)  # fmt: skip
def test_numbers_as_operators_write_them(written, number):
    assert international(written) == number
