"""The fitted ranker that is kept from one start to the next."""

import pickle
from pathlib import Path

from knowledge.search import kept
from knowledge.search.kept import fitted
from knowledge.search.ranker import Example
from knowledge.signing import signature

KEY = "k" * 32
EXAMPLES = [
    Example(text, label)
    for label, text in [("velo", "réparer mon vélo"), ("jardin", "jardiner ensemble"), ("outside", "la météo")]
    for _ in (1, 2)
]


def test_the_same_examples_are_fitted_once(tmp_path: Path, monkeypatch) -> None:
    first = fitted(EXAMPLES, tmp_path, KEY)
    monkeypatch.setattr(kept, "Ranker", None)  # a second fit would fail
    again = fitted(EXAMPLES, tmp_path, KEY)
    for text in ("mon vélo est cassé", "le jardin", "il pleut"):
        assert (again.score(text).margins == first.score(text).margins).all()
        assert again.nearest_example(again.score(text).row, "velo") == first.nearest_example(first.score(text).row, "velo")


def test_other_examples_are_fitted_anew_and_the_older_ranker_is_forgotten(tmp_path: Path) -> None:
    fitted(EXAMPLES, tmp_path, KEY)
    other = fitted([*EXAMPLES, Example("un médecin", "sante")], tmp_path, KEY)
    assert "sante" in other.labels and len(list(tmp_path.iterdir())) == 1


def test_a_damaged_file_is_fitted_again(tmp_path: Path) -> None:
    fitted(EXAMPLES, tmp_path, KEY)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert list(fitted(EXAMPLES, tmp_path, KEY).labels) == ["jardin", "velo"]
    assert path.stat().st_size > 1000


def test_a_folder_that_cannot_be_written_costs_only_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert list(fitted(EXAMPLES, tmp_path / "file", KEY).labels) == ["jardin", "velo"]


class Planted:
    """What an attacker leaves in the folder: reading it makes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_a_ranker_that_somebody_else_wrote_is_not_read(tmp_path: Path) -> None:
    fitted(EXAMPLES, tmp_path / "search", KEY)
    (path,) = (tmp_path / "search").iterdir()
    planted = pickle.dumps(Planted(tmp_path / "trace"))
    for content in (planted, signature("another key", planted).encode() + b"\n" + planted, path.read_bytes()[:64] + b"\n" + planted):
        path.write_bytes(content)
        assert list(fitted(EXAMPLES, tmp_path / "search", KEY).labels) == ["jardin", "velo"]
    assert not (tmp_path / "trace").exists()
    # It would have been read with the right signature: the test can fail.
    path.write_bytes(signature(KEY, planted).encode() + b"\n" + planted)
    fitted(EXAMPLES, tmp_path / "search", KEY)
    assert (tmp_path / "trace").exists()


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    fitted(EXAMPLES, tmp_path)
    assert not list(tmp_path.iterdir())
