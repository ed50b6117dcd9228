"""Single figures: shares, calibration, rankings beside, near copies, typing slips."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from bot.evaluation import needs as needs_section
from bot.evaluation.baseline import baselines_of
from bot.evaluation.calibration import calibrate
from bot.evaluation.copies import copies
from bot.evaluation.expected import Expected
from bot.evaluation.report import Table
from bot.evaluation.safety import right_number
from bot.evaluation.shares import Share
from bot.evaluation.slips import KINDS, slip_at, with_slips
from tests.bot.evaluation.known import seen_of


def test_a_share_knows_how_sure_it_is():
    assert (str(Share(8, 10)), Share(8, 10).interval) == ("80.0 %", "49–94")
    assert (str(Share(0, 0)), Share(0, 0).interval) == ("–", "–")
    assert (Share(0, 5).interval, Share(5, 5).interval) == ("0–43", "57–100")


def test_calibration_over_ten_bins():
    found = calibrate([(0.95, True)] * 3 + [(0.95, False)] + [(0.25, False)] * 4 + [(1.0, True)])
    # Bin 9: five said (4 * 0.95 + 1) / 5 = 0.96, right 0.8; bin 2: four said 0.25, none right.
    assert [(round(b.confidence, 3), b.right, b.n) for b in found.bins] == [(0.25, 0.0, 4), (0.96, 0.8, 5)]
    assert found.error == pytest.approx((4 * 0.25 + 5 * 0.16) / 9) and found.n == 9


def test_bm25_ranks_by_phrasings_or_by_descriptions(directory):
    taught, described = baselines_of(directory)
    assert taught.rank("je voudrais réparer une bicyclette", 3) == ["velo"]
    assert described.rank("je voudrais réparer une bicyclette", 3) == []
    assert described.rank("le vélo ou la couture", 3) != taught.rank("zzz", 3) == []


def test_near_copies_of_what_was_taught_are_found(directory):
    assert copies(["Réparer ma bicyclete !", "mon vélo a une panne"], directory) == {"Réparer ma bicyclete !"}


def test_the_first_number_of_an_answer_decides(directory):
    fire = Expected("emergency", name="fire")
    assert right_number(seen_of(fire, "emergency", text="Appelez le 18 ou le 112."), directory)
    assert not right_number(seen_of(fire, "emergency", text="Appelez le 15. Feu : le 18."), directory)
    assert not right_number(seen_of(fire, "emergency", text="À 1815 mètres"), directory)


def test_messages_are_quoted_only_from_the_projects_own_sets(directory, tmp_path):
    need = Expected("need", ("couture",))
    own, other = (
        seen_of(need, "answer", ["velo"], path=folder / "a.csv", message="ma machine à coudre")
        for folder in (tmp_path, tmp_path / ".." / "other")
    )
    assert "ma machine à coudre" in "".join(t.text() for t in needs_section.section([own], directory, tmp_path.resolve()).tables)
    section = needs_section.section([other], directory, tmp_path.resolve())
    assert "ma machine" not in "".join(t.text() for t in section.tables)
    assert any(("couture", "velo", "1", "") in t.rows for t in section.tables)


def test_a_table_aligns_figures_to_the_right():
    text = Table("T", ("name", "n", "what"), (("a", "5", "x 1"), ("longer", "12", "–")), "note").text()
    assert text.splitlines() == [
        "T",
        "note",
        "----------------",
        "name     n  what",
        "----------------",
        "a        5  x 1",
        "longer  12  –",
    ]


@pytest.mark.parametrize(
    ("kind", "possible"),
    [
        ("swap", {"évlo"}),
        ("drop", {"élo"}),
        ("double", {"vvélo"}),
        ("neighbour", {"célo", "bélo", "félo", "gélo"}),
    ],
)
def test_each_kind_of_slip(kind, possible):
    assert slip_at("vélo", 0, kind, random.Random(1)) in possible


def test_an_accent_is_lost_and_a_capital_kept():
    assert slip_at("vélo", 1, "accent", random.Random(1)) == "velo"
    assert slip_at("Vélo", 0, "neighbour", random.Random(1))[0].isupper()
    assert slip_at("vélo", 3, "swap", random.Random(1)) == "vélo"


def test_slips_are_the_same_at_every_run():
    assert (
        with_slips("je veux réparer mon vélo") == with_slips("je veux réparer mon vélo") != with_slips("je veux réparer mon vélo", seed=7)
    )


@given(st.text(alphabet="abcdeéèàçœ'’ 12!", min_size=1, max_size=40))
def test_a_message_has_one_or_two_slips(text):
    slipped = with_slips(text)
    assert DamerauLevenshtein.distance(text, slipped) <= 2
    assert (slipped != text) == any(c.isalpha() for c in text)
    assert bool(slipped.strip()) == bool(text.strip())


@given(st.text(max_size=30), st.integers(0, 29), st.sampled_from(KINDS))
def test_a_slip_never_fails(text, i, kind):
    if i < len(text):
        slip_at(text, i, kind, random.Random(0))
    with_slips(text)
