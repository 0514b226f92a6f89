from __future__ import annotations

import json
import zlib  # noqa: F401  (before paddle: its library exports its own)
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_requests import make_request, never
from frequencies import assert_drawn_from
from small_model import write_model

from humaneval_x.engines import EngineOptions, Request, open_engine
from humaneval_x.errors import DataError, EngineError, UsageError
from humaneval_x.records import Completion, Sampling

pytest.importorskip("tokenizers", reason="neither the [paddle] nor the [torch] extra is installed")
pytestmark = [pytest.mark.paddle, pytest.mark.torch]

Found = dict[tuple[str, str, int], Completion]


def sampling(**fields: Any) -> Sampling:
    usual = {"temperature": 0.9, "top_p": 0.95, "top_k": 0, "max_tokens": 24, "samples": 20, "seed": 42}
    return Sampling(**usual | fields)


def requests(ids: tuple[int, ...] = tuple(range(20)), is_finished: Callable[[str], bool] = never) -> list[Request]:
    texts = ["def add(a, b):\n", "x", "int f(int x) {\n  return x * 2;\n" * 2, "naïve café\n", "y = 1\nreturn"]
    return [
        make_request(f"Python/{number}", ids=ids, text=text, is_finished=is_finished)
        for number, text in enumerate(texts)
    ]


@pytest.fixture(params=["paddle", "torch"])
def name(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param, reason=f"the [{request.param}] extra is not installed")
    return str(request.param)


def drawn(name: str, folder: Path, wanted: list[Request], slots: int = 0, **fields: Any) -> Found:
    engine = open_engine(name, EngineOptions(model=str(folder), slots=slots, device="cpu"))
    found = [
        ((prompt.task, prompt.task_id, completion.completion_id), completion)
        for prompt, completion in engine.sample(wanted, sampling(**fields))
    ]
    engine.close()
    assert len(dict(found)) == len(found) == sum(len(request.completion_ids) for request in wanted)
    return dict(found)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def reference(model: Path) -> Found:
    """One engine's samples are every engine's."""
    return drawn("paddle", model, requests(), slots=7)


def operations(name: str) -> Any:
    if name == "paddle":
        from humaneval_x.engines.codegen.paddle_operations import PaddleOperations

        return PaddleOperations("cpu")
    from humaneval_x.engines.codegen.torch_operations import TorchOperations

    return TorchOperations()


@pytest.mark.parametrize("slots", [1, 7, 200])
def test_samples_are_identical_for_any_number_of_slots(name: str, model: Path, reference: Found, slots: int) -> None:
    assert drawn(name, model, requests(), slots=slots) == reference


def test_samples_are_identical_for_any_order_of_the_prompts(name: str, model: Path, reference: Found) -> None:
    shuffled = [requests()[place] for place in (3, 0, 4, 2, 1)]
    assert drawn(name, model, shuffled, slots=13) == reference


def test_a_resumed_subset_gives_the_samples_of_the_whole(name: str, model: Path, reference: Found) -> None:
    wanted = [requests((3, 17))[4], requests((0, 5, 6))[1]]
    found = drawn(name, model, wanted, slots=4)
    assert found == {key: reference[key] for key in found}


def test_samples_of_one_prompt_differ_and_another_seed_gives_others(name: str, model: Path, reference: Found) -> None:
    assert len({completion.text for completion in reference.values()}) > 90
    other = drawn(name, model, requests(), slots=7, seed=43)
    assert sum(other[key].text == reference[key].text for key in reference) < 10


def test_both_layouts_of_a_model_draw_the_same_samples(name: str, tmp_path: Path, reference: Found) -> None:
    assert drawn(name, write_model(tmp_path, layout="hugging face"), requests(), slots=7) == reference


def test_greedy_samples_of_one_prompt_are_all_the_same(name: str, model: Path) -> None:
    found = drawn(name, model, requests((0, 1, 2)), slots=4, temperature=0.0)
    for number in range(5):
        assert len({found["generation-python", f"Python/{number}", sample].text for sample in range(3)}) == 1


def test_a_stop_rule_cuts_each_sample_at_the_first_token_that_meets_it(
    name: str, model: Path, reference: Found
) -> None:
    def has_a_vowel(text: str) -> bool:
        return any(letter in "aeiou" for letter in text)

    found = drawn(name, model, requests(is_finished=has_a_vowel), slots=7)
    stopped = [key for key in found if found[key].finish == "stop"]
    assert len(stopped) > 20
    for key, completion in found.items():
        assert reference[key].text.startswith(completion.text)
        assert (completion.finish == "stop") == has_a_vowel(completion.text)
        assert completion.tokens <= reference[key].tokens
    assert all(found[key].tokens < reference[key].tokens for key in stopped if found[key].tokens < 20)


def test_end_of_text_ends_a_sample(reference: Found) -> None:
    ended = [completion for completion in reference.values() if completion.finish == "eos"]
    assert ended
    assert all(completion.tokens <= 24 for completion in ended)
    assert all(completion.tokens == 24 for completion in reference.values() if completion.finish == "length")


def test_a_sample_ends_at_the_model_s_last_position(name: str, model: Path) -> None:
    [request] = requests((0, 1, 2, 3))[:1]
    found = drawn(name, model, [request], max_tokens=4000, seed=3)
    longest = max(completion.tokens for completion in found.values() if completion.finish == "length")
    assert 32 <= longest < 64


def test_a_prompt_beyond_the_last_position_is_cut_from_the_left_and_said(
    name: str, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long = [make_request("Python/9", ids=(0, 1), text="import numpy\n" * 40 + "def add(a, b):\n")]
    found = drawn(name, model, long, max_tokens=8)
    assert len(found) == 2
    assert "Python/9" in caplog.text


@pytest.mark.parametrize("fields", [{}, {"top_k": 7, "top_p": 1.0}, {"top_k": 12, "top_p": 0.7, "temperature": 1.5}])
def test_second_tokens_are_drawn_with_the_exact_frequencies(name: str, model: Path, fields: dict[str, Any]) -> None:
    from humaneval_x.engines.codegen.checkpoint import open_checkpoint
    from humaneval_x.engines.codegen.drawing import Drawer, kept_probabilities
    from humaneval_x.engines.codegen.eager import EagerModel, EagerRunner

    rule, count = sampling(**fields), 4000
    runner = EagerRunner(EagerModel(open_checkpoint(model), operations(name)), rule, Drawer(2), slots=count, suffix=4)
    runner.prefill(0, [5, 9, 30])
    runner.place(0, range(count), range(count), 4)
    runner.launch(1)
    runner.collect()
    # The second token after a forced first one: what decode draws, from logits that are the same in every row.
    runner._rows.token[:] = 77
    runner.launch(1)
    tokens = runner.collect()[0]
    runner.prefill(1, [5, 9, 30, 77])
    assert_drawn_from(kept_probabilities(runner._prompts[1].logits, rule)[0], tokens)


def test_the_description_names_weights_shape_and_versions_as_json(model: Path) -> None:
    described = open_engine("paddle", EngineOptions(model=str(model))).describe()
    assert json.loads(json.dumps(described)) == described
    assert len(described["weights_sha256"]) == len(described["tokenizer_sha256"]) == 64
    assert described["config"]["n_positions"] == 64
    assert described["versions"]["paddlepaddle"]


def test_nothing_wanted_loads_nothing(name: str, model: Path) -> None:
    assert drawn(name, model, []) == {}


def test_a_model_that_is_not_there_is_an_error_that_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Salesforce/codegen-350M-mono"):
        open_engine("paddle", EngineOptions(model=str(tmp_path / "nowhere")))
    with pytest.raises(DataError, match="holds no config"):
        open_engine("paddle", EngineOptions(model=str(tmp_path)))
    with pytest.raises(UsageError, match="no model given"):
        open_engine("paddle", EngineOptions())


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"dtype": "float16"}, UsageError),
        ({"device": "tpu"}, UsageError),
        ({"slots": -1}, UsageError),
    ],
)
def test_options_that_do_not_fit_are_refused(model: Path, options: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        open_engine("paddle", EngineOptions(model=str(model), **options))


def test_a_gpu_that_the_library_does_not_see_is_an_error_of_the_host(name: str, model: Path) -> None:
    library = pytest.importorskip(name)
    if library.is_compiled_with_cuda() if name == "paddle" else library.cuda.is_available():
        pytest.skip(f"this {name} sees GPUs")
    with pytest.raises(EngineError, match=r"paddlepaddle-gpu|CUDA build"):
        open_engine(name, EngineOptions(model=str(model), device="gpu"))


def test_a_published_checkpoint_is_read_from_paddlenlp_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: Found
) -> None:
    bos = pytest.importorskip("paddlenlp.utils.download.bos_download")
    monkeypatch.setattr(bos, "MODEL_HOME", str(tmp_path))
    write_model(tmp_path / "Salesforce" / "codegen-350M-mono")
    from small_model import write_tokenizer

    write_tokenizer(tmp_path / "Salesforce" / "codegen-350M-mono", whole=False)
    monkeypatch.chdir(tmp_path.parent)
    engine = open_engine("paddle", EngineOptions(model="Salesforce/codegen-350M-mono"))
    [(_, completion)] = engine.sample(requests((3,))[:1], sampling())
    assert completion == reference["generation-python", "Python/0", 3]


def test_a_published_checkpoint_that_cannot_be_fetched_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bos = pytest.importorskip("paddlenlp.utils.download.bos_download")
    monkeypatch.setattr(bos, "MODEL_HOME", str(tmp_path))
    # A port on which nobody listens stands for a host that cannot be reached.
    monkeypatch.setattr(bos, "BOS_URL_TEMPLATE", "http://127.0.0.1:9/{repo_type}/{repo_id}/{revision}/{filename}")
    monkeypatch.setattr(bos, "BOS_URL_TEMPLATE_WITHOUT_REVISION", "http://127.0.0.1:9/{repo_type}/{repo_id}/{filename}")
    with pytest.raises(EngineError, match="give its folder as --model"):
        open_engine("paddle", EngineOptions(model="Salesforce/codegen-16B-nl"))
