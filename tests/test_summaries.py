from __future__ import annotations

import pytest
from simulated import small_run

from humaneval_x.errors import IncompleteError
from humaneval_x.summaries import PARTIAL_HINT, group_of, labels_of, require_complete


@pytest.mark.parametrize(("task", "group"), [("generation-go", "go"), ("translation-js-to-cpp", "js-to-cpp")])
def test_a_group_is_the_language_or_the_pair(task: str, group: str) -> None:
    assert group_of(task) == group


def test_smoke_data_a_small_model_and_gaps_are_labelled() -> None:
    assert labels_of(small_run()) == ()
    labels = labels_of(small_run(data_version="smoke", purpose="A toy.", unjudged=2))
    assert any("says nothing of models" in label for label in labels)
    assert "A toy." in labels
    assert "Partial: 2 sample(s) not judged." in labels


def test_a_run_on_some_problems_is_labelled_however_they_were_asked_for() -> None:
    some = small_run(run={"limit": 4, "subset": {"method": "m", "problems": 4, "of": 164}})
    assert labels_of(some) == ("Measured on a fixed subset of 4 of the 164 problems: no score on the whole benchmark.",)
    assert labels_of(small_run(run={"limit": 200, "subset": {"method": "m", "problems": 164, "of": 164}})) == ()


def test_an_option_is_named_only_where_the_command_has_it() -> None:
    with pytest.raises(IncompleteError) as raised:
        require_complete(small_run(unjudged=1))
    assert "--allow-partial" not in str(raised.value)
    assert str(raised.value).endswith("on it again")
    with pytest.raises(IncompleteError, match="on it again, or give --allow-partial for figures"):
        require_complete(small_run(unjudged=1), PARTIAL_HINT)
