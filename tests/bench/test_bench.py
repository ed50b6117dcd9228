"""The bench's own arithmetic and housekeeping; the bench itself is run by ``make bench``."""

import itertools
import sys
import time

import psutil
import pytest

from tests.bench.data import conversation
from tests.bench.load import Sample, percentile, talk, unanswered
from tests.bench.models import epoch_seconds
from tests.bench.processes import Processes, ServerFailed, environment
from tests.bench.report import Row
from tests.bench.stock import stock_config


class Echo:
    """A client that answers all but the third message."""

    def __init__(self):
        self.heard = []

    def begin(self):
        self.heard.clear()

    def say(self, text):
        self.heard.append(text)
        if len(self.heard) == 3:
            raise OSError("no answer")
        return "answer"

    def close(self):
        pass


def test_a_ratio_above_one_means_that_passerelle_is_better():
    assert Row("time", 5, 20, "ms").cells() == ("time", "5.0 ms", "20 ms", "× 4.0")
    assert Row("rate", 200, 50, "/s", more=True).ratio == 4
    assert Row("turn 200", 5, None, "ms").cells() == ("turn 200", "5.0 ms", "not reached", "-")


def test_a_lost_answer_is_counted_and_the_conversation_goes_on():
    samples = list(talk(Echo(), 1, 5, time.monotonic() + 60))
    assert [sample.turn for sample in samples] == [1, 2, 3, 4, 5]
    assert unanswered(samples) == 1


def test_percentiles():
    samples = [Sample(seconds, 1, "answer") for seconds in range(101)]
    assert (percentile(samples, 50), percentile(samples, 95)) == (50, 95)


def test_both_systems_are_told_the_same():
    first, again, other = ([*itertools.islice(conversation(number), 20)] for number in (1, 1, 2))
    assert first == again != other


def test_stock_rasa_keeps_its_defaults():
    config = stock_config(epochs=7)
    assert [part["name"] for part in config["policies"]] == ["MemoizationPolicy", "RulePolicy", "UnexpecTEDIntentPolicy", "TEDPolicy"]
    assert {part["epochs"] for part in [*config["pipeline"], *config["policies"]] if "epochs" in part} == {7}


def test_an_epoch_is_timed_without_the_first():
    bars = ["Epochs:   0%|   | 0/3 [00:00<?]", "Epochs:  33%|█  | 1/3 [00:32<01:04]", "Epochs: 100%|███| 3/3 [01:00:32<00:00]"]
    assert epoch_seconds("\r".join([*bars, bars[-1]])) == pytest.approx(1800)


def test_processes_end_with_the_block(tmp_path):
    before = set(psutil.Process().children())
    with Processes(tmp_path) as processes:
        processes.spawn("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], environment())
        (sleeper,) = set(psutil.Process().children()) - before
        assert processes.memory()["sleeper"] > 0
    assert not sleeper.is_running()


def test_a_process_that_fails_is_told_with_its_last_words(tmp_path):
    with Processes(tmp_path) as processes:
        processes.spawn("failing", [sys.executable, "-c", "raise SystemExit('no model')"], environment())
        with pytest.raises(ServerFailed, match="no model"):
            processes.wait("failing", 30)
