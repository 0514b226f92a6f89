"""The Paddle runner against transformers (committed figures, and live where it is installed) and PaddleNLP."""

from __future__ import annotations

import zlib  # noqa: F401  (before paddle: its library exports its own)
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import HF_TINY, as_hugging_face, random_tensors, write_config, write_pdparams, write_safetensors

from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.drawing import Drawer
from humaneval_x.engines.codegen.eager import EagerModel, EagerRunner
from humaneval_x.records import Sampling

pytestmark = [pytest.mark.paddle, pytest.mark.torch]

GREEDY = Sampling(temperature=0, top_p=1, top_k=0, max_tokens=40, samples=1, seed=1)
TOLERANCE = 1e-4

Expected = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def expected() -> Expected:
    with np.load(HF_TINY / "expected.npz") as archive:
        return dict(archive)


@pytest.fixture(params=["paddle", "torch"])
def library(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param, reason=f"the [{request.param}] extra is not installed")
    return str(request.param)


def runner_on(library: str, folder: Path, *, slots: int = 4, suffix: int = 40) -> EagerRunner:
    operations: Any
    if library == "paddle":
        from humaneval_x.engines.codegen.paddle_operations import PaddleOperations

        operations = PaddleOperations("cpu")
    else:
        from humaneval_x.engines.codegen.torch_operations import TorchOperations

        operations = TorchOperations()
    model = EagerModel(open_checkpoint(folder), operations)
    return EagerRunner(model, GREEDY, Drawer(1), slots=slots, suffix=suffix)


class ForcedRunner:
    """Logits at every position of given texts: each is split into a prompt and a suffix that is fed token by token."""

    def __init__(self, library: str, folder: Path, texts: list[np.ndarray], prompts: list[int]) -> None:
        self._texts = texts
        self._at = list(prompts)
        self._runner = runner_on(library, folder, slots=len(texts), suffix=64)
        for number, (text, length) in enumerate(zip(texts, prompts, strict=True)):
            self._runner.prefill(number, text[:length].tolist())
            self._runner.place(number, [number], [number], 64)
        self._runner.launch(1)

    def first(self, number: int) -> np.ndarray:
        return self._runner._prompts[number].logits[0]

    def steps(self, count: int) -> list[np.ndarray]:
        """Logits [texts, vocabulary] after each further token; texts that ended repeat their last token."""
        found = []
        for _ in range(count):
            for number, text in enumerate(self._texts):
                self._runner._rows.token[number] = text[min(self._at[number], len(text) - 1)]
                self._at[number] += 1
            with self._runner._model.ops.computing():
                found.append(self._runner._logits())
            self._runner._step += 1
            self._runner._rows.position += 1
        return found


def test_prefill_logits_equal_transformers(library: str, expected: Expected) -> None:
    for length in (1, 3, 17, 40):
        forced = ForcedRunner(library, HF_TINY, [expected[f"tokens_{length}"]], [length])
        assert np.abs(forced.first(0) - expected[f"logits_{length}"][-1]).max() < TOLERANCE


def test_decoded_logits_of_unequal_prompts_together_equal_transformers(
    library: str, expected: dict[str, np.ndarray]
) -> None:
    texts = [expected["tokens_40"], expected["tokens_17"], expected["tokens_40"], expected["tokens_17"]]
    prompts = [3, 2, 30, 11]
    logits = [expected["logits_40"], expected["logits_17"], expected["logits_40"], expected["logits_17"]]
    for step, found in enumerate(ForcedRunner(library, HF_TINY, texts, prompts).steps(34)):
        for row, (length, wanted) in enumerate(zip(prompts, logits, strict=True)):
            if length + step < len(wanted):
                assert np.abs(found[row] - wanted[length + step]).max() < TOLERANCE


def greedy_tokens(library: str, folder: Path, prompts: list[np.ndarray], count: int) -> list[list[int]]:
    runner = runner_on(library, folder, slots=len(prompts), suffix=count)
    drawn = []
    for number, prompt in enumerate(prompts):
        runner.prefill(number, prompt.tolist())
        runner.place(number, [number], [number], count)
    for _ in range(count):
        runner.launch(1)
        drawn.append(runner.collect()[0].tolist())
    return [list(column) for column in zip(*drawn, strict=True)]


def test_greedy_tokens_of_unequal_prompts_together_equal_transformers(
    library: str, expected: dict[str, np.ndarray]
) -> None:
    lengths = (1, 3, 17, 40)
    found = greedy_tokens(library, HF_TINY, [expected[f"tokens_{length}"] for length in lengths], 20)
    assert found == [expected[f"greedy_{length}"].tolist() for length in lengths]


def test_all_three_file_formats_give_the_same_logits(
    library: str, tmp_path: Path, expected: dict[str, np.ndarray]
) -> None:
    import shutil

    zipped = tmp_path / "bin"
    zipped.mkdir()
    for name in ("config.json", "pytorch_model.bin"):
        shutil.copy(HF_TINY / name, zipped / name)
    tokens = expected["tokens_17"]
    safe, binary = (ForcedRunner(library, folder, [tokens], [17]).first(0) for folder in (HF_TINY, zipped))
    np.testing.assert_array_equal(safe, binary)
    in_paddle, in_torch = write_config(tmp_path / "pd"), write_config(tmp_path / "hf")
    write_pdparams(in_paddle / "model_state.pdparams", random_tensors())
    write_safetensors(in_torch / "model.safetensors", as_hugging_face(random_tensors()))
    tokens = tokens % 60 + 1
    one, other = (ForcedRunner(library, folder, [tokens], [17]).first(0) for folder in (in_paddle, in_torch))
    np.testing.assert_array_equal(one, other)


def paddlenlp_model(folder: Path, safe: bool) -> Any:
    paddle = pytest.importorskip("paddle", reason="the [paddle] extra is not installed")
    transformers = pytest.importorskip("paddlenlp.transformers")
    paddle.seed(3)
    config = transformers.CodeGenConfig(
        vocab_size=211,
        n_positions=96,
        n_ctx=96,
        n_embd=32,
        n_layer=3,
        n_head=8,
        rotary_dim=4,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        initializer_range=0.2,
    )
    model = transformers.CodeGenForCausalLM(config)
    for parameter in model.parameters():
        if len(parameter.shape) == 1:
            parameter.set_value(parameter + paddle.randn(parameter.shape) * 0.2)
    model.eval()
    model.save_pretrained(str(folder), safe_serialization=safe)
    return model


@pytest.mark.parametrize("safe", [False, True])
def test_what_paddlenlp_saves_gives_paddlenlp_s_logits(library: str, tmp_path: Path, safe: bool) -> None:
    import paddle

    model = paddlenlp_model(tmp_path, safe)
    # Token 0 is left out: PaddleNLP takes it for padding and masks it.
    text = np.random.default_rng(5).integers(1, 211, 80)
    with paddle.no_grad():
        answer = model(paddle.to_tensor(text[None]))
    wanted = (answer[0] if isinstance(answer, tuple) else answer).numpy().reshape(80, -1)
    forced = ForcedRunner(library, tmp_path, [text, text[:60]], [25, 7])
    assert np.abs(forced.first(0) - wanted[24]).max() < TOLERANCE
    for step, found in enumerate(forced.steps(50)):
        assert np.abs(found[0] - wanted[25 + step]).max() < TOLERANCE
        assert np.abs(found[1] - wanted[7 + step]).max() < TOLERANCE


def test_greedy_tokens_equal_paddlenlp_s_generate(library: str, tmp_path: Path) -> None:
    import paddle

    model = paddlenlp_model(tmp_path, False)
    prompt = np.random.default_rng(6).integers(1, 211, 30)
    with paddle.no_grad():
        answer, _ = model.generate(
            paddle.to_tensor(prompt[None]), decode_strategy="greedy_search", max_length=40, eos_token_id=-1
        )
    assert greedy_tokens(library, tmp_path, [prompt], 40) == [answer.numpy()[0].tolist()]


def test_logits_equal_transformers_live_at_codegen_s_head_sizes(library: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    torch.manual_seed(0)
    config = transformers.CodeGenConfig(
        vocab_size=300,
        n_positions=2048,
        n_ctx=2048,
        n_embd=320,
        n_layer=2,
        n_head=4,
        rotary_dim=64,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = transformers.CodeGenForCausalLM(config).eval()
    model.save_pretrained(tmp_path)
    text = np.random.default_rng(5).integers(1, 300, 2048)
    with torch.no_grad():
        wanted = model(torch.from_numpy(text)[None]).logits[0].numpy()
    forced = ForcedRunner(library, tmp_path, [text], [2040])
    assert np.abs(forced.first(0) - wanted[2039]).max() < TOLERANCE
    for step, found in enumerate(forced.steps(8)):
        assert np.abs(found[0] - wanted[2040 + step]).max() < TOLERANCE
