from __future__ import annotations

import pytest
from engine_requests import make_request

from humaneval_x.engines import EngineOptions, open_engine
from humaneval_x.errors import UsageError
from humaneval_x.records import Sampling

SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=8, samples=3, seed=42)


def test_every_wanted_completion_is_the_canonical_solution_once() -> None:
    requests = [
        make_request("Python/0", ids=(0, 2), solution="    return 1\n"),
        make_request("CPP/7", ids=(1,), solution="  return 7;\n}"),
    ]
    engine = open_engine("canonical", EngineOptions())
    drawn = [(c.task_id, c.completion_id, c.text, c.finish) for _, c in engine.sample(requests, SAMPLING)]
    assert drawn == [
        ("Python/0", 0, "    return 1\n", "given"),
        ("Python/0", 2, "    return 1\n", "given"),
        ("CPP/7", 1, "  return 7;\n}", "given"),
    ]


def test_completions_come_with_the_prompt_they_belong_to() -> None:
    request = make_request("Go/3", ids=(0,), task="translation-python-to-go")
    [(prompt, _)] = open_engine("canonical", EngineOptions()).sample([request], SAMPLING)
    assert prompt == request.prompt


def test_naming_a_model_for_the_canonical_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="takes no model"):
        open_engine("canonical", EngineOptions(model="codegen-350M"))


def test_its_description_survives_a_round_trip_through_json() -> None:
    import json

    described = open_engine("canonical", EngineOptions()).describe()
    assert json.loads(json.dumps(described)) == described
