"""The engine against a real server that behaves."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from chat_server import KEY, SAMPLING, Reply, Sent, chat_server, completions, engine_on, messages, requests
from engine_requests import make_request

from humaneval_x.engines import EngineOptions, ServerOptions, open_engine
from humaneval_x.engines.openai import OpenAIEngine, Usage
from humaneval_x.engines.openai.engine import seed_of
from humaneval_x.errors import DataError, UsageError
from humaneval_x.records import Completion


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def drawn(engine: OpenAIEngine, asked: list, sampling=SAMPLING) -> dict[tuple[str, int], Completion]:
    found = [
        (completion.task_id, completion.completion_id, completion) for _, completion in engine.sample(asked, sampling)
    ]
    assert len({each[:2] for each in found}) == len(found), "one was drawn twice"
    return {(task_id, number): completion for task_id, number, completion in found}


def test_every_wanted_completion_is_drawn_once_and_several_at_a_time() -> None:
    with chat_server() as server:
        found = drawn(engine_on(server, concurrency=4), requests(prompts=5, samples=20))
    assert set(found) == {(f"Python/{number}", sample) for number in range(5) for sample in range(20)}
    assert len(server.sent) == 5
    assert sum(server.asked) == 100


def test_one_prompts_completions_are_shared_out_between_all_workers_and_none_asks_for_more_than_32() -> None:
    with chat_server() as server:
        drawn(engine_on(server, concurrency=4), requests(samples=24))
        drawn(engine_on(server, concurrency=2), requests(samples=100))
    assert server.asked[:4] == [6, 6, 6, 6]
    assert server.asked[4:] == [25, 25, 25, 25]


def test_only_the_ids_asked_for_are_drawn() -> None:
    with chat_server() as server:
        found = drawn(engine_on(server), [make_request("Python/3", ids=(2, 5, 9))])
    assert sorted(found) == [("Python/3", 2), ("Python/3", 5), ("Python/3", 9)]


def test_what_only_some_servers_know_is_not_sent_where_it_is_switched_off() -> None:
    with chat_server() as server:
        drawn(engine_on(server), requests(samples=1))
    (sent,) = server.sent
    seed = seed_of(1, "generation-python", "Python/0", 0)
    assert sent.path == "/v1/completions"
    assert sent.body == {
        "model": "some-model",
        "prompt": "def f0():\n",
        "max_tokens": 64,
        "temperature": 0.8,
        "top_p": 1.0,
        "seed": seed,
    }
    assert sent.headers["Authorization"] == f"Bearer {KEY}"


def test_what_is_switched_on_is_sent() -> None:
    sampling = replace(SAMPLING, top_p=0.9, top_k=40, repetition_penalty=1.2, temperature=0.0)
    with chat_server() as server:
        drawn(engine_on(server, key=""), requests(), sampling)
    (sent,) = server.sent
    chosen = {name: sent.body[name] for name in ("top_p", "top_k", "repetition_penalty", "temperature", "n")}
    assert chosen == {"top_p": 0.9, "top_k": 40, "repetition_penalty": 1.2, "temperature": 0.0, "n": 3}
    assert "Authorization" not in sent.headers


def test_a_samples_seed_is_that_of_its_request_and_follows_its_first_completions_identity() -> None:
    with chat_server() as server:
        found = drawn(engine_on(server), [make_request("Python/3", ids=(4, 5))])
    assert {completion.seed for completion in found.values()} == {seed_of(1, "generation-python", "Python/3", 4)}
    assert server.sent[0].body["seed"] == seed_of(1, "generation-python", "Python/3", 4) < 2**31


def test_a_requests_tokens_are_split_over_its_samples_and_summed_up() -> None:
    with chat_server(completions("a", "b", "c", tokens=20)) as server:
        engine = engine_on(server)
        found = drawn(engine, requests())
    assert [found["Python/0", number].tokens for number in range(3)] == [8, 6, 6]
    assert engine.usage == Usage(prompt_tokens=10, completion_tokens=20, requests=1)
    assert str(engine.usage).startswith("10 prompt tokens and 20 completion tokens in 1 requests")


@pytest.mark.parametrize("usage", [None, "many", {"completion_tokens": "7"}, {"completion_tokens": -1}])
def test_a_server_that_does_not_count_tokens_is_believed_to_have_used_none(usage: object) -> None:
    body = {"choices": [{"text": "a", "finish_reason": "stop"}], "usage": usage}
    with chat_server(Reply(body=body)) as server:
        found = drawn(engine_on(server), requests(samples=1))
    assert found["Python/0", 0].tokens == 0


@pytest.mark.parametrize(
    ("reason", "finish"), [("stop", "eos"), ("length", "length"), ("content_filter", "eos"), (None, "eos")]
)
def test_how_a_completion_ended_is_told_in_the_harness_words(reason: str, finish: str) -> None:
    with chat_server(completions("    return 1", finish=reason)) as server:
        found = drawn(engine_on(server), requests(samples=1))
    assert found["Python/0", 0] == Completion(
        task_id="Python/0",
        completion_id=0,
        text="    return 1",
        finish=finish,
        tokens=0,
        seed=found["Python/0", 0].seed,
    )


def test_a_completion_in_which_a_stop_rule_is_met_says_so_and_stays_whole() -> None:
    text = "    return 1\n\nprint(f())\n"
    with chat_server(completions(text)) as server:
        asked = make_request("Python/0", ids=(0,), is_finished=lambda drawn: "print" in drawn)
        found = drawn(engine_on(server), [asked])
    assert (found["Python/0", 0].finish, found["Python/0", 0].text) == ("stop", text)


def test_a_model_that_answers_nothing_has_completed_nothing() -> None:
    refused = {"message": {"role": "assistant", "content": None, "refusal": "No."}, "finish_reason": "stop"}
    called = {"message": {"role": "assistant", "tool_calls": []}, "finish_reason": "tool_calls"}
    thought = {"message": {"content": None, "reasoning_content": "Hm"}, "finish_reason": "length"}
    with chat_server(Reply(body={"choices": [refused, called, thought]})) as server:
        found = drawn(engine_on(server, chat="{{ prompt }}"), requests())
    assert [found["Python/0", number].text for number in range(3)] == ["", "", ""]
    assert [found["Python/0", number].finish for number in range(3)] == ["eos", "eos", "length"]
    with chat_server(completions(None)) as server:
        assert drawn(engine_on(server), requests(samples=1))["Python/0", 0].text == ""


def test_any_text_passes_both_ways() -> None:
    odd = "    return '\0\ud800\U0001f40d'\r\n"
    with chat_server(completions(odd)) as server:
        found = drawn(engine_on(server), [make_request("Python/0", ids=(0,), text="# \udfff\n")])
    assert found["Python/0", 0].text == odd
    assert server.sent[0].body["prompt"] == "# \udfff\n"


def test_choices_beyond_those_wanted_are_left_aside() -> None:
    with chat_server(completions("a", "b", "c", "d", tokens=8)) as server:
        found = drawn(engine_on(server), requests(samples=2))
    assert [(completion.text, completion.tokens) for completion in found.values()] == [("a", 2), ("b", 2)]


def test_a_chat_is_sent_the_instruction_and_its_code_is_taken_from_the_answer() -> None:
    answer = "Sure:\n```python\ndef f():\n    return 5\n```\nDone."
    with chat_server(messages(answer)) as server:
        engine = engine_on(server, chat="In {{ language }}, for {{ task }}:\n{{ prompt }}|{{ declaration }}")
        found = drawn(engine, [make_request("Python/0", ids=(0,))])
    (sent,) = server.sent
    assert sent.path == "/v1/chat/completions"
    content = "In Python, for generation-python:\ndef f():\n|def f():\n"
    assert sent.body["messages"] == [{"role": "user", "content": content}]
    assert "prompt" not in sent.body
    assert found["Python/0", 0].text == "    return 5\n"
    assert found["Python/0", 0].response == answer


def test_an_answer_that_is_all_code_is_not_kept_twice() -> None:
    with chat_server(messages("    return 5\n")) as server:
        found = drawn(engine_on(server, chat="{{ prompt }}"), [make_request("Python/0", ids=(0,))])
    assert (found["Python/0", 0].text, found["Python/0", 0].response) == ("    return 5\n", "")


def test_never_more_requests_are_under_way_than_allowed_and_all_that_are_allowed() -> None:
    together = threading.Barrier(3)

    def answer(sent: Sent) -> Reply:
        together.wait(timeout=30)
        return completions("a")

    with chat_server(answer=answer) as server:
        assert len(drawn(engine_on(server, concurrency=3), requests(prompts=9, samples=1))) == 9
    assert server.most_open == 3


@pytest.mark.timeout(60)
def test_no_more_is_asked_for_than_is_taken() -> None:
    with chat_server() as server:
        sampling = engine_on(server, concurrency=2).sample(requests(prompts=100, samples=1), SAMPLING)
        next(sampling)
        sampling.close()
    # Four answers may wait to be taken; two more were under way when the fourth came.
    assert len(server.sent) <= 1 + 4 + 2


def options(**server: object) -> EngineOptions:
    given = {"base_url": "http://127.0.0.1:1/v1", **server}
    return EngineOptions(model="some-model", server=ServerOptions(**given))  # type: ignore[arg-type]


def test_a_run_records_model_address_and_instruction_but_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    template = tmp_path / "chat.jinja"
    template.write_text("{{ prompt }}")
    plain = open_engine("openai", options(base_url="https://host:8/v1/", key_variable="SOME_KEY", concurrency=3))
    assert plain.describe() == {"model": "some-model", "base_url": "https://host:8/v1", "api": "completions"}
    chat = open_engine("openai", options(api="chat", instruction=template, key_variable="SOME_KEY"))
    sha256 = hashlib.sha256(b"{{ prompt }}").hexdigest()
    assert chat.describe() == {
        "model": "some-model",
        "base_url": "http://127.0.0.1:1/v1",
        "api": "chat",
        "instruction_sha256": sha256,
    }
    for engine in (plain, chat):
        assert KEY not in json.dumps(engine.describe()) + repr(engine) + repr(vars(engine))


def test_other_instructions_are_other_runs(tmp_path: Path) -> None:
    hashes = set()
    for text in ("{{ prompt }}", "{{ prompt }}!"):
        (tmp_path / "chat.jinja").write_text(text)
        engine = open_engine("openai", options(api="chat", instruction=tmp_path / "chat.jinja"))
        hashes.add(engine.describe()["instruction_sha256"])
    hashes.add(open_engine("openai", options(api="chat")).describe()["instruction_sha256"])
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({"base_url": ""}, ("base URL", "http://127.0.0.1:8000/v1")),
        ({"base_url": "127.0.0.1:8000/v1"}, ("http://",)),
        ({"base_url": "ftp://host/v1"}, ("ftp://host/v1", "http://")),
        ({"base_url": "http:///v1"}, ("http://",)),
        ({"base_url": "http://host:99999/v1"}, ("base URL",)),
        ({"base_url": "http://host/v1?key=abc"}, ("query",)),
        ({"base_url": "http://me:hidden@host/v1"}, ("password", "environment")),
        ({"base_url": "http://hidden@host:x/v1"}, ("base URL",)),
        ({"api": "responses"}, ("completions, chat",)),
        ({"instruction": Path("x.jinja")}, ("instruction", "chat")),
        ({"concurrency": 0}, ("0 requests",)),
        ({"timeout_s": 0.0}, ("time-out",)),
        ({"timeout_s": float("nan")}, ("time-out",)),
    ],
)
def test_options_that_make_no_sense_are_a_usage_error(server: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as raised:
        open_engine("openai", options(**server))
    assert "hidden" not in str(raised.value)
    assert "abc" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


def test_without_a_model_the_error_says_how_to_name_one() -> None:
    with pytest.raises(UsageError, match="--model"):
        open_engine("openai", EngineOptions(server=ServerOptions(base_url="http://host/v1")))


@pytest.mark.parametrize("value", ["two words", "schlüssel", "a\nb", "a\x07b"])
def test_a_key_that_no_header_carries_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(UsageError, match="SOME_KEY") as raised:
        open_engine("openai", options(key_variable="SOME_KEY"))
    assert value not in str(raised.value)


def test_a_keys_last_newline_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", f"{KEY}\n")
    with chat_server() as server:
        engine = open_engine("openai", options(base_url=server.url, key_variable="SOME_KEY"))
        assert len(list(engine.sample(requests(), SAMPLING))) == 3
        engine.close()
    assert server.sent[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_missing_instruction_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        open_engine("openai", options(api="chat", instruction=tmp_path / "nowhere.jinja"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe{{ prompt }}")
    with pytest.raises(DataError, match="binary"):
        open_engine("openai", options(api="chat", instruction=tmp_path / "binary"))
