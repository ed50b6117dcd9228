"""The fitted ranker that is kept from one start to the next."""

from pathlib import Path

from knowledge.search import kept
from knowledge.search.kept import fitted
from knowledge.search.ranker import Example

EXAMPLES = [
    Example(text, label)
    for label, text in [("velo", "réparer mon vélo"), ("jardin", "jardiner ensemble"), ("outside", "la météo")]
    for _ in (1, 2)
]


def test_the_same_examples_are_fitted_once(tmp_path: Path, monkeypatch) -> None:
    first = fitted(EXAMPLES, tmp_path)
    monkeypatch.setattr(kept, "Ranker", None)  # a second fit would fail
    again = fitted(EXAMPLES, tmp_path)
    for text in ("mon vélo est cassé", "le jardin", "il pleut"):
        assert (again.score(text).margins == first.score(text).margins).all()
        assert again.nearest_example(again.score(text).row, "velo") == first.nearest_example(first.score(text).row, "velo")


def test_other_examples_are_fitted_anew_and_the_older_ranker_is_forgotten(tmp_path: Path) -> None:
    fitted(EXAMPLES, tmp_path)
    other = fitted([*EXAMPLES, Example("un médecin", "sante")], tmp_path)
    assert "sante" in other.labels and len(list(tmp_path.iterdir())) == 1


def test_a_damaged_file_is_fitted_again(tmp_path: Path) -> None:
    fitted(EXAMPLES, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert list(fitted(EXAMPLES, tmp_path).labels) == ["jardin", "velo"]
    assert path.stat().st_size > 1000


def test_a_folder_that_cannot_be_written_costs_only_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert list(fitted(EXAMPLES, tmp_path / "file").labels) == ["jardin", "velo"]
