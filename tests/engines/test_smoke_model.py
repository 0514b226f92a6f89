"""The project's own small model: that it is what its README says, and that PaddleNLP knows it too."""

from __future__ import annotations

import json
import zlib  # noqa: F401  (before paddle: its library exports its own)
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from humaneval_x.engines import EngineOptions, Request, open_engine
from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.zoo import local_folder
from humaneval_x.records import Problem, Prompt, Sampling
from humaneval_x.resources import resource_folder

SMOKE = resource_folder("benchmark_data") / "smoke"
FOLDER = SMOKE / "model"
LANGUAGES = ("python", "cpp", "java", "js", "go")


def problems(language: str) -> list[Problem]:
    lines = (SMOKE / f"humaneval_{language}.jsonl").read_text(encoding="utf-8").splitlines()
    names = ("task_id", "prompt", "declaration", "canonical_solution", "test")
    return [Problem(language=language, **{name: row[name] for name in names}) for row in map(json.loads, lines)]


def test_the_name_smoke_stands_for_the_shipped_model_of_at_most_ten_megabytes() -> None:
    assert local_folder("smoke") == FOLDER
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 10_000_000


def test_the_model_s_readme_states_its_size() -> None:
    millions = open_checkpoint(FOLDER).config.parameters / 1e6
    assert f"{millions:.1f} million parameters" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["smoke", str(FOLDER)])
@pytest.mark.paddle
def test_a_run_of_the_small_model_says_what_it_is_for(model: str) -> None:
    described = open_engine("paddle", EngineOptions(model=model)).describe()
    assert "says nothing of models" in described["purpose"]


@pytest.mark.paddle
def test_paddlenlp_loads_the_shipped_model_and_computes_the_same() -> None:
    paddle = pytest.importorskip("paddle", reason="the [paddle] extra is not installed")
    transformers = pytest.importorskip("paddlenlp.transformers")
    from humaneval_x.engines.codegen.eager import EagerModel
    from humaneval_x.engines.codegen.paddle_operations import PaddleOperations
    from humaneval_x.engines.codegen.tokenizer import read_tokenizer

    tokenizer = read_tokenizer(FOLDER, open_checkpoint(FOLDER).config.vocab_size)
    text = problems("go")[3].prompt
    theirs = transformers.CodeGenTokenizer.from_pretrained(str(FOLDER))
    assert theirs(text, return_token_type_ids=False)["input_ids"] == tokenizer.encode(text)
    model = transformers.CodeGenForCausalLM.from_pretrained(str(FOLDER))
    model.eval()
    tokens = np.array(tokenizer.encode(text))
    with paddle.no_grad():
        answer = model(paddle.to_tensor(tokens[None]))
    wanted = (answer[0] if isinstance(answer, tuple) else answer).numpy().reshape(len(tokens), -1)[-1]
    ours = EagerModel(open_checkpoint(FOLDER), PaddleOperations("cpu"))
    with ours.ops.computing():
        assert np.abs(ours.prefill(tokens).logits[0] - wanted).max() < 1e-3


@pytest.mark.paddle
def test_it_solves_some_of_the_smoke_set_and_not_all_in_every_language() -> None:
    pytest.importorskip("paddle", reason="the [paddle] extra is not installed")
    known, held_out = Counter[str](), Counter[str]()
    endings = Counter[str]()
    requests = []
    answers = {}
    for language in LANGUAGES:
        for problem in problems(language):
            answers[problem.task_id] = problem
            prompt = Prompt(
                task=f"generation-{language}", task_id=problem.task_id, language=language, text=problem.prompt
            )
            requests.append(
                Request(prompt=prompt, problem=problem, completion_ids=(0, 1, 2, 3), is_finished=lambda _: False)
            )
    engine = open_engine("paddle", EngineOptions(model="smoke"))
    sampling = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=160, samples=4, seed=42)
    for prompt, completion in engine.sample(requests, sampling):
        endings[completion.finish] += 1
        problem = answers[prompt.task_id]
        same = completion.text.strip() == problem.canonical_solution.strip()
        (held_out if problem.number in (6, 12) else known)[prompt.language] += same
    for language in LANGUAGES:
        # Of 56 samples of the problems it was taught. Those written otherwise but right are not counted.
        assert 5 <= known[language] <= 52
        assert held_out[language] == 0
    assert endings["eos"] > 0.95 * endings.total()


@pytest.mark.paddle
def test_the_training_script_s_forward_is_paddlenlp_s(monkeypatch: pytest.MonkeyPatch) -> None:
    paddle = pytest.importorskip("paddle", reason="the [paddle] extra is not installed")
    transformers = pytest.importorskip("paddlenlp.transformers")
    train_model = script(monkeypatch)
    model = transformers.CodeGenForCausalLM.from_pretrained(str(FOLDER))
    model.eval()
    tokens = paddle.to_tensor(np.random.default_rng(0).integers(1, 2048, (3, 40)))
    with paddle.no_grad():
        difference = train_model.hidden_states(model.transformer, tokens) - model.transformer(tokens)[0]
    assert float(difference.abs().max()) < 1e-3


@pytest.mark.paddle
def test_the_training_text_gives_the_shipped_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("paddle", reason="the [paddle] extra is not installed")
    train_model = script(monkeypatch)
    tokenizer = train_model.train_tokenizer(train_model.documents(train_model.SEED))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    # A changed text means that the model no longer knows it: train it again.
    assert (tmp_path / "tokenizer.json").read_bytes() == (FOLDER / "tokenizer.json").read_bytes()


def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SMOKE))
    import train_model

    return train_model
