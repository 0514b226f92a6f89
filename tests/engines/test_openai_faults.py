"""The engine against a real server that misbehaves."""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
from chat_server import (
    KEY,
    SAMPLING,
    Reply,
    Sent,
    Waits,
    chat_server,
    completions,
    engine_on,
    messages,
    obliging,
    refusal,
    requests,
)
from runs import MANIFEST, PROBLEMS, PROMPTS
from runs import SAMPLING as RUN_SAMPLING

from humaneval_x.engines.openai.server import ATTEMPTS
from humaneval_x.errors import EngineError
from humaneval_x.generation import generate
from humaneval_x.progress import SilentProgress
from humaneval_x.rundir import RunFolder

GOOD = completions("    return 1\n")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a server that hangs waits for."""
    event = threading.Event()
    yield event
    event.set()


PASSING = {
    "429": refusal(429, "slow down"),
    "500": refusal(500, "oops"),
    "502": Reply(status=502, body=b"<html>Bad Gateway</html>"),
    "503": Reply(status=503),
    "504": Reply(status=504),
    "408": Reply(status=408),
    "409": Reply(status=409),
    "529": refusal(529, "overloaded"),
    "torn": replace(GOOD, torn=True),
    "dropped": Reply(dropped=True),
    "no JSON": Reply(body=b"<html>hello</html>"),
    "half JSON": Reply(body=b'{"choices": [{"te'),
    "no UTF-8": Reply(body=b'{"choices": "\xff\xfe\xfa"}'),
    "deep JSON": Reply(body=b"[" * 100_000),
    "a list": Reply(body=[1]),
    "no choices": Reply(body={"id": 1}),
    "an error with 200": Reply(body={"error": {"message": "upstream is gone"}}),
    "choices null": Reply(body={"choices": None}),
    "choices empty": Reply(body={"choices": []}),
    "choices an object": Reply(body={"choices": {"text": "a"}}),
    "a choice null": Reply(body={"choices": [None]}),
    "no text": Reply(body={"choices": [{"finish_reason": "stop"}]}),
    "text a number": Reply(body={"choices": [{"text": 5}]}),
    "broken off": completions("    ret", finish="error"),
    "aborted": completions("    ret", finish="abort"),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_one_wait_and_no_sample(fault: str) -> None:
    waits = Waits()
    with chat_server(PASSING[fault], GOOD) as server:
        engine = engine_on(server, waits=waits)
        ((_, completion),) = engine.sample(requests(samples=1), SAMPLING)
    assert completion.text == "    return 1\n"
    assert len(server.sent) == 2
    assert len(waits) == 1
    assert (engine.usage.requests, engine.usage.retries) == (2, 1)


@pytest.mark.parametrize(
    "body",
    [{"choices": [{"text": "a"}]}, {"choices": [{"message": "a"}]}, {"choices": [{"message": {"content": ["a"]}}]}],
)
def test_a_chats_answer_of_another_shape_is_the_servers_fault(body: object) -> None:
    with chat_server(Reply(body=body), messages("    return 1\n")) as server:
        ((_, completion),) = engine_on(server, chat="{{ prompt }}").sample(requests(samples=1), SAMPLING)
    assert completion.text == "    return 1\n"


@pytest.mark.parametrize("fault", ["500", "torn", "no JSON", "dropped"])
def test_a_fault_that_does_not_pass_ends_the_run_and_says_what_how_often_and_what_is_kept(fault: str) -> None:
    waits = Waits()
    with chat_server(answer=lambda sent: PASSING[fault]) as server, pytest.raises(EngineError) as raised:
        list(engine_on(server, waits=waits).sample(requests(), SAMPLING))
    assert len(server.sent) == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1
    for words in (server.url, f"{ATTEMPTS} attempts", "is kept", "the same command"):
        assert words in str(raised.value)
    assert {"500": "oops", "no JSON": "hello"}.get(fault, "") in str(raised.value)


def test_waits_grow_and_are_bounded() -> None:
    waits = Waits()
    with chat_server(answer=lambda sent: PASSING["500"]) as server, pytest.raises(EngineError):
        list(engine_on(server, waits=waits).sample(requests(), SAMPLING))
    for seconds, longest in zip(waits, (1, 2, 4, 8, 16, 32, 60), strict=True):
        assert longest / 2 <= seconds <= longest


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 8),
        ("2.5", 2.5, 3.5),
        (formatdate(1_000_030, usegmt=True), 30, 31),
        ("86400", 120, 121),
        ("inf", 120, 121),
        ("-3", 0.5, 1),
        (formatdate(0, usegmt=True), 0.5, 1),
        ("soon", 0.5, 1),
        ("nan", 0.5, 1),
    ],
)
def test_a_server_that_says_when_to_ask_again_is_heeded_within_bounds(header: str, least: float, most: float) -> None:
    waits = Waits()
    with chat_server(Reply(status=429, headers={"Retry-After": header}), GOOD) as server:
        list(engine_on(server, waits=waits, now=1_000_000).sample(requests(samples=1), SAMPLING))
    assert least <= waits[0] <= most


def test_a_server_that_hangs_is_asked_again(released: threading.Event) -> None:
    first = threading.Event()

    def answer(sent: Sent) -> Reply:
        if not first.is_set():
            first.set()
            released.wait()
        return GOOD

    with chat_server(answer=answer) as server:
        assert len(list(engine_on(server, timeout_s=0.2).sample(requests(samples=1), SAMPLING))) == 1
        released.set()
    assert len(server.sent) == 2


def test_a_server_that_is_not_there_is_named(released: threading.Event) -> None:
    with chat_server() as server:
        pass
    with pytest.raises(EngineError, match="Connect") as raised:
        list(engine_on(server).sample(requests(), SAMPLING))
    assert server.url in str(raised.value)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refusal(401, f"Incorrect API key: Bearer {KEY}"), ("401", "SOME_KEY", "Incorrect API key")),
        (Reply(status=401, body=f"who is {KEY}?".encode()), ("401", "SOME_KEY", "who is")),
        (Reply(status=403, body={"detail": {"sent": KEY.replace("/", "%2F")}}), ("403", "SOME_KEY")),
        (refusal(404, "The model does not exist"), ("404", "'some-model'", "base URL", "does not exist")),
        (refusal(400, "the prompt is too long"), ("400", "the prompt is too long")),
        (refusal(400, "Unsupported value: 'temperature' does not support 0.8"), ("'temperature' does not support",)),
        (Reply(status=422, body={"detail": [{"loc": ["body"], "msg": "no"}]}), ("422", '"msg": "no"')),
        (Reply(status=413, body=b"x" * 9000), ("413", "xxx...")),
        (refusal(429, "Pay first.", type="insufficient_quota"), ("429", "Pay first.", "spend")),
        (refusal(429, "Pay first.", code="insufficient_quota"), ("429", "Pay first.")),
        (Reply(status=501, body={"error": "not built"}), ("501", "not built")),
        (Reply(status=307, headers={"Location": f"http://elsewhere/{KEY}"}), ("307", "http://elsewhere/", "redirects")),
    ],
)
def test_a_refusal_is_quoted_at_once_with_advice_and_without_the_key(
    reply: Reply, words: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with chat_server(reply) as server, pytest.raises(EngineError) as raised:
        list(engine_on(server).sample(requests(samples=1), SAMPLING))
    assert len(server.sent) == 1
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    for word in (*words, server.url, "is kept"):
        assert word in shown
    assert len(str(raised.value)) < 1500
    for form in (KEY, KEY.replace("/", "%2F"), KEY.partition("/")[2]):
        assert form not in shown
        if not reply.headers:  # httpcore logs a reply's headers when asked for every detail
            assert form not in caplog.text


def test_a_key_in_a_fault_is_neither_raised_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    faults = [refusal(500, f"bad {KEY}"), Reply(body={"got": KEY}), Reply(body=f"<{KEY}>".encode())]
    with chat_server(*faults, answer=lambda sent: faults[0]) as server, pytest.raises(EngineError) as raised:
        list(engine_on(server).sample(requests(), SAMPLING))
    assert KEY not in str(raised.value) + caplog.text
    assert "bad [the key]" in str(raised.value)
    assert "<[the key]>" in caplog.text


def test_a_server_that_gives_fewer_than_asked_is_asked_for_as_many_and_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with chat_server(answer=lambda sent: completions("a")) as server:
        found = list(engine_on(server).sample(requests(prompts=2, samples=4), SAMPLING))
    assert [(prompt.task_id, completion.completion_id) for prompt, completion in found] == [
        (f"Python/{number}", sample) for number in range(2) for sample in range(4)
    ]
    assert server.asked == [4, 1, 1, 1, 1, 1, 1, 1]
    assert len({completion.seed for _, completion in found}) == 8
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert "gave 1 completions where n was 4" in caplog.text


@pytest.mark.parametrize(
    ("status", "message", "more"),
    [
        (400, "n must be 1 when using greedy sampling, got 8.", {}),
        (400, "bad value", {"param": "n"}),
        (422, "Only one completion choice is allowed", {}),
        (400, "best_of is not supported", {}),
    ],
)
def test_a_server_that_refuses_several_is_asked_for_one(
    status: int, message: str, more: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    def answer(sent: Sent) -> Reply:
        return refusal(status, message, **more) if sent.body.get("n", 1) > 1 else completions("a")

    with chat_server(answer=answer) as server:
        found = list(engine_on(server, concurrency=2).sample(requests(prompts=2, samples=8), SAMPLING))
    assert len({(completion.task_id, completion.completion_id) for _, completion in found}) == 16
    assert sum(count == 1 for count in server.asked) == 16
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_a_server_with_a_limit_is_asked_for_what_it_gives() -> None:
    def answer(sent: Sent) -> Reply:
        return refusal(400, "n is at most 8") if sent.body.get("n", 1) > 8 else obliging(sent)

    with chat_server(answer=answer) as server:
        assert len(list(engine_on(server).sample(requests(samples=64), SAMPLING))) == 64
    assert server.asked == [32, 16, *[8] * 8]


def test_a_refused_seed_is_left_out_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    def answer(sent: Sent) -> Reply:
        return refusal(400, "Unknown parameter: 'seed'") if "seed" in sent.body else obliging(sent)

    with chat_server(answer=answer) as server:
        found = list(engine_on(server).sample(requests(prompts=3), SAMPLING))
    assert {completion.seed for _, completion in found} == {0}
    assert len(server.sent) == 4
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1


def test_a_refused_top_p_is_left_out_where_it_is_switched_off_and_an_error_where_it_is_not() -> None:
    refused = refusal(400, "Unsupported parameter: 'top_p' is not supported with this model.", param="top_p")
    with chat_server(refused) as server:
        assert len(list(engine_on(server).sample(requests(samples=1), SAMPLING))) == 1
    assert ["top_p" in sent.body for sent in server.sent] == [True, False]
    with chat_server(refused) as server, pytest.raises(EngineError, match="'top_p' is not supported"):
        list(engine_on(server).sample(requests(samples=1), replace(SAMPLING, top_p=0.9)))


@pytest.mark.parametrize(("name", "option"), [("top_k", "--top-k"), ("repetition_penalty", "--repetition-penalty")])
def test_what_decides_the_completions_is_never_left_out(name: str, option: str) -> None:
    sampling = replace(SAMPLING, top_k=40, repetition_penalty=1.1)
    refused = Reply(status=422, body={"detail": [{"type": "extra_forbidden", "loc": ["body", name]}]})
    with chat_server(refused) as server, pytest.raises(EngineError, match=option):
        list(engine_on(server).sample(requests(samples=1), sampling))
    assert len(server.sent) == 1


def test_a_chat_that_has_another_word_for_the_length_is_given_it() -> None:
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )

    def answer(sent: Sent) -> Reply:
        return refusal(400, message, param="max_tokens") if "max_tokens" in sent.body else messages("a")

    with chat_server(answer=answer) as server:
        assert len(list(engine_on(server, chat="{{ prompt }}").sample(requests(samples=2), SAMPLING))) == 2
    assert [sent.body.get("max_completion_tokens") for sent in server.sent] == [None, 64, 64]


@pytest.mark.timeout(60)
def test_one_workers_error_stops_the_others_at_once_and_what_had_come_is_given(released: threading.Event) -> None:
    asked = threading.Barrier(2)

    def answer(sent: Sent) -> Reply:
        if "f0" in sent.body["prompt"]:
            return GOOD
        asked.wait(30)
        if "f1" in sent.body["prompt"]:
            return refusal(401, "who are you?")
        released.wait()
        return GOOD

    found = []
    with chat_server(answer=answer) as server:
        with pytest.raises(EngineError, match="who are you"):
            for pair in engine_on(server, concurrency=2, timeout_s=600).sample(requests(3, 1), SAMPLING):
                found.append(pair)
        assert workers() == []
        released.set()
    assert [prompt.task_id for prompt, _ in found] == ["Python/0"]


@pytest.mark.timeout(60)
def test_closing_does_not_wait_for_a_slow_answer(released: threading.Event) -> None:
    def answer(sent: Sent) -> Reply:
        if "f0" not in sent.body["prompt"]:
            released.wait()
        return GOOD

    with chat_server(answer=answer) as server:
        sampling = engine_on(server, concurrency=2, timeout_s=600).sample(requests(4, 1), SAMPLING)
        next(sampling)
        sampling.close()
        assert workers() == []
        released.set()


@pytest.mark.timeout(60)
def test_closing_does_not_wait_to_ask_again() -> None:
    waiting = threading.Event()

    def wait(closing: threading.Event, seconds: float) -> bool:
        waiting.set()
        return closing.wait(600)

    def answer(sent: Sent) -> Reply:
        return GOOD if "f0" in sent.body["prompt"] else PASSING["500"]

    with chat_server(answer=answer) as server:
        engine = engine_on(server, concurrency=2)
        engine._wait = wait
        sampling = engine.sample(requests(2, 1), SAMPLING)
        next(sampling)
        assert waiting.wait(30)
        engine.close()
        assert list(sampling) == []
        assert workers() == []


@pytest.mark.timeout(60)
def test_an_interrupt_ends_the_sampling_at_once(released: threading.Event) -> None:
    main = threading.get_ident()

    def answer(sent: Sent) -> Reply:
        signal.pthread_kill(main, signal.SIGINT)
        released.wait()
        return GOOD

    with chat_server(answer=answer) as server:
        with pytest.raises(KeyboardInterrupt):
            list(engine_on(server, timeout_s=600).sample(requests(), SAMPLING))
        assert workers() == []
        released.set()


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("server-")]


def test_an_interrupted_run_keeps_what_was_drawn_and_asks_only_for_the_rest(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")

    def draw(server_answer) -> list[Sent]:
        with chat_server(answer=server_answer) as server:
            engine = engine_on(server)
            try:
                generate(
                    folder,
                    engine,
                    PROMPTS,
                    PROBLEMS,
                    RUN_SAMPLING,
                    manifest=MANIFEST,
                    stop="none",
                    progress=SilentProgress(),
                )
            finally:
                engine.close()
        return server.sent

    def half(sent: Sent) -> Reply:
        if "f2" in sent.body["prompt"]:
            return completions("    return 2\n") if "n" in sent.body else refusal(401, "the key has expired")
        return obliging(sent)

    with pytest.raises(EngineError, match="expired"):
        draw(half)
    kept = {(sample.task_id, sample.completion_id) for sample in folder.samples("generation-python")}
    assert kept == {
        ("Python/0", 0),
        ("Python/0", 1),
        ("Python/0", 2),
        ("Python/1", 0),
        ("Python/1", 1),
        ("Python/1", 2),
    } | {("Python/2", 0)}
    second = draw(obliging)
    assert [(sent.body["prompt"], sent.body.get("n", 1)) for sent in second] == [("def f2():\n", 2), ("def f3():\n", 3)]
    samples = list(folder.samples("generation-python"))
    assert len({(sample.task_id, sample.completion_id) for sample in samples}) == len(samples) == 12
