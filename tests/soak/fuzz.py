"""Coverage-guided fuzzing (atheris) of what reads strangers' bytes: run by test_fuzz.py, in an environment of its own.

The first byte of an input chooses the reader. What a reader may raise is named here; anything else is a finding.
"""

import sys

import atheris

with atheris.instrument_imports(include=["nlu.french", "knowledge.exchange", "knowledge.learning", "api.channels"]):
    from api.channels.gateway import read_json
    from api.channels.meta.reading import NotJson
    from api.channels.meta.reading import read as read_event
    from api.channels.twilio import read_form
    from knowledge.exchange import archive, csv_files
    from knowledge.exchange.formats import format_of
    from knowledge.exchange.incoming import ExchangeRefused
    from knowledge.exchange.zips import open_zip
    from knowledge.files import DirectoryFiles
    from knowledge.learning.masking import mask
    from nlu.french.person import read_person
    from nlu.french.text import MAX_CHARACTERS, clean, fold, words

NOTHING = DirectoryFiles()


def normaliser(data: bytes) -> None:
    text = clean(data.decode("utf-8", "surrogatepass" if data[:1] < b"\x80" else "replace"))
    assert len(text) <= MAX_CHARACTERS and clean(text) == text and "\u202e" not in text
    text.encode()  # nothing that cannot be stored
    assert words(fold(text)) == words(text)


def person(data: bytes) -> None:
    read_person(clean(data.decode("utf-8", "replace")))


def masking(data: bytes) -> None:
    mask(clean(data.decode("utf-8", "replace")))


def importer(data: bytes) -> None:
    format_of(data)
    csv_files.read(data, NOTHING)


def archives(data: bytes) -> None:
    with open_zip(data):
        archive.read(data)


def webhooks(data: bytes) -> None:
    read_json(data)
    read_form(data)
    read_event(data)


READERS = (normaliser, person, masking, importer, archives, webhooks)


def one(data: bytes) -> None:
    try:
        READERS[data[0] % len(READERS) if data else 0](data[1:])
    except (ExchangeRefused, NotJson, UnicodeDecodeError) as refusal:
        if isinstance(refusal, UnicodeDecodeError) and data[0] % len(READERS) != 0:
            raise


atheris.Setup(sys.argv, one)
atheris.Fuzz()
