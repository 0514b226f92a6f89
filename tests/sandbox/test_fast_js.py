"""JavaScript's fast way: what it says is what the plain way says, and no program meets another or the server."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from case_files import program_of as solution_of
from fast_slot import fast_answers
from open_slots import Slots

from humaneval_x.datasets import read_problems
from humaneval_x.languages import read_language
from humaneval_x.records import Outcome, Program
from humaneval_x.sandbox import Slot
from humaneval_x.sandbox.docker import DockerBackend, connect
from humaneval_x.sandbox.slot import SupervisedSlot
from humaneval_x.verdicts import decide, is_beyond_doubt

pytestmark = pytest.mark.docker

JS = read_language("js")
LIMITS = dataclasses.replace(JS.limits, run_cpu_s=2, wall_s=20)
# The fast way has a fifth of the CPU limit: on a busy host two more nodes need longer than that to start.
AMPLE = dataclasses.replace(JS.limits, run_cpu_s=30, wall_s=200)
SECTION = re.compile(r"^//// (fast|plain): (.*)\n", re.MULTILINE)
_, *PARTS = SECTION.split((Path(__file__).parent / "js_oddities.js").read_text("utf-8"))
ODDITIES = list(zip(PARTS[::3], PARTS[1::3], PARTS[2::3], strict=True))


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    with ExitStack() as stack:
        found = stack.enter_context(Slots(stack).use("docker", "js"))
        assert isinstance(found, SupervisedSlot)
        yield found


def program_of(source: str) -> Program:
    """A program whose only assertion holds, if it comes that far."""
    source = f"{source}\nconsole.assert(true)\n"
    sha256 = hashlib.sha256(source.encode("utf-8")).hexdigest()
    return Program(task_id="JavaScript/0", completion_id=0, language="js", source=source, sha256=sha256)


def fast_stdout(slot: Slot, *sources: str) -> list[str]:
    """What programs print that the fast way judges, one after the other, as passed."""
    programs = [program_of(source) for source in sources]
    outcomes = fast_answers(slot, programs, AMPLE)
    for program, outcome in zip(programs, outcomes, strict=True):
        assert isinstance(outcome, Outcome), outcome
        assert decide(program, outcome, JS).passed, outcome
    return [outcome.stdout for outcome in outcomes if isinstance(outcome, Outcome)]


def shown(outcome: Outcome) -> tuple[object, ...]:
    """What a program shows, but for process ids in node's warnings and the line that the loader appends."""
    stderr = re.sub(r"\(node:\d+\)|return '\d+'\n *", "N", outcome.stderr)
    return (outcome.exit_code, outcome.signal, outcome.limit_hit, outcome.completed, outcome.assertions,
            outcome.failed_assertions, outcome.stdout, stderr)  # fmt: skip


def test_canonical_solutions_of_the_smoke_set_pass_the_fast_way(slot: Slot) -> None:
    programs = [solution_of(problem, problem.canonical_solution) for problem in read_problems("smoke", ["js"])]
    answers = fast_answers(slot, programs, AMPLE)
    assert programs
    for program, answer in zip(programs, answers, strict=True):
        assert isinstance(answer, Outcome), (program.task_id, answer)
        verdict = decide(program, answer, JS)
        assert is_beyond_doubt(answer, JS)
        assert verdict.passed, verdict.detail
        assert verdict.reference_passed


@pytest.mark.parametrize(("way", "source"), [pytest.param(w, s, id=name) for w, name, s in ODDITIES])
def test_an_oddity_shows_the_same_in_both_ways_or_is_left_to_the_plain_one(slot: Slot, way: str, source: str) -> None:
    program, limits = program_of(source), AMPLE if way == "fast" else LIMITS
    (answer,) = fast_answers(slot, [program], limits)
    stands = isinstance(answer, Outcome) and is_beyond_doubt(answer, JS)
    assert stands == (way == "fast"), answer
    if isinstance(answer, Outcome) and stands:
        assert shown(answer) == shown(slot.execute(program, limits))


def test_no_two_programs_draw_the_same_random_numbers(slot: Slot) -> None:
    draw = """
        const { randomBytes, randomInt, randomUUID, webcrypto } = require('crypto')
        console.log(JSON.stringify([Math.random(), Math.random(), randomUUID(), randomInt(2 ** 40), randomBytes(8),
          webcrypto.getRandomValues(new Uint32Array(2)), require('fs').mkdtempSync('x')]))"""
    drawn = [json.loads(text) for text in fast_stdout(slot, draw, draw, draw)]
    for one, two, three in zip(*drawn, strict=True):
        assert one != two != three != one


def test_nothing_that_a_program_sets_is_there_for_the_next(slot: Slot) -> None:
    sets = """
        globalThis.left = Object.prototype.left = Array.prototype.left = require('fs').left = process.left = 1
        process.env.LEFT = 1
        process.exitCode = 0
        process.title = 'left'
        process.umask(0)
        process.on('beforeExit', () => console.log('left'))
        require('module')._pathCache.left = 1
        require('js-md5').left = 1
        JSON.stringify = () => 'left'
        Math.random = () => 1
        setInterval(() => {}, 1000).unref()
        require('fs').writeFileSync('/tmp/left', '1')
        require('fs').writeFileSync('/dev/shm/left', '1')
        process.chdir('/')"""
    looks = """
        console.log([globalThis.left, ({}).left, [].left, require('fs').left, process.left, process.env.LEFT,
          process.exitCode, process.title, process.umask(), process.cwd(), process.listenerCount('beforeExit'),
          require('module')._pathCache.left, require('js-md5').left, JSON.stringify('as ever'), Math.random() < 1,
          require('fs').readdirSync('/tmp'), require('fs').readdirSync('/dev/shm')].join())"""
    before, _, after = fast_stdout(slot, looks, sets, looks)
    assert after == before
    assert "left" not in before


def test_a_program_holds_no_descriptor_that_the_server_or_another_program_holds(slot: Slot) -> None:
    lists = """
        const fs = require('fs')
        const held = fs.readdirSync('/pro'.concat('c/self/fd')).flatMap((name) => {
          try { return [fs.readlinkSync('/pro'.concat('c/self/fd/', name))] } catch { return [] }
        })
        console.log(JSON.stringify(held))"""
    held = [set(json.loads(text)) for text in fast_stdout(slot, lists, lists, lists)]
    unnamed = {"anon_inode:[eventpoll]", "anon_inode:[eventfd]", "/dev/null"}
    assert held[0] & held[1] <= unnamed
    assert held[1] & held[2] <= unnamed
    assert all(len([name for name in each if name.startswith("socket:")]) == 1 for each in held)  # the marker's


def test_a_long_batch_leaks_no_descriptor_and_no_process(slot: Slot) -> None:
    counts = """
        const fs = require('fs')
        console.log(fs.readdirSync('/pro'.concat('c/self/fd')).length,
          fs.readdirSync('/pro'.concat('c')).filter((name) => name > 0).length,
          fs.openSync('/dev/null') )"""
    texts = fast_stdout(slot, *[counts] * 40)
    assert set(texts) == {texts[0]}


def test_a_program_reaches_neither_its_server_nor_the_control_socket(slot: Slot) -> None:
    tries = """
        const fs = require('fs')
        const server = Number(fs.readFileSync('/pro'.concat('c/self/stat'), 'utf8').split(' ')[3])
        const refused = (attempt) => {
          try { attempt(); return 'done' } catch (error) { return (error.info || error).code }
        }
        const names = ['mem', 'maps', 'environ', 'fd', 'cwd', 'root', 'exe', 'fdinfo', 'stack', 'syscall', 'auxv']
        console.log(server > 1, refused(() => process['ki'.concat('ll')](server, 0)))
        for (const name of names) {
          const path = '/pro'.concat('c/', server, '/', name)
          console.log(name, refused(() => name === 'fd' ? fs.readdirSync(path) : fs.readFileSync(path)))
        }
        console.log('write', refused(() => fs.openSync('/pro'.concat('c/', server, '/mem'), 'r+')))
        console.log('priority', refused(() => require('os').setPriority(server, 19)))
        for (let number = 4; number < 60; number++) {
          if (refused(() => fs.writeSync(number, 'x')) === 'done') {
            console.log(number, fs.readlinkSync('/pro'.concat('c/self/fd/', number)))
          }
        }"""
    (text,) = fast_stdout(slot, tries)
    first, *lines = text.splitlines()
    assert first == "true EPERM"
    assert {line.split()[1] for line in lines if not line[0].isdigit()} <= {"EACCES", "EPERM"}, text
    assert not [line for line in lines if line[0].isdigit() and "socket" in line]


def test_a_server_that_is_killed_is_replaced(slot: Slot) -> None:
    who = """
        const server = require('fs').readFileSync('/pro'.concat('c/self/stat'), 'utf8').split(' ')[3]
        console.log(require('os').hostname(), server)"""
    (first,) = fast_stdout(slot, who)
    host, server = first.split()
    with contextlib.closing(connect()) as client:
        killed = client.containers.get(host).exec_run(["sh", "-c", f"kill -KILL {server}"], user="root")
    assert killed.exit_code == 0, killed.output
    (second,) = fast_stdout(slot, who)
    assert second.split()[0] == host
    assert second.split()[1] != server


def test_a_server_that_does_not_come_up_leaves_all_to_the_plain_way(slot: Slot) -> None:
    del slot  # skips where there is no Docker
    elsewhere = dataclasses.replace(JS, run=dataclasses.replace(JS.run, argv=("node", "/nowhere/loader.js", "main.js")))
    with DockerBackend().open_slot(elsewhere) as opened:
        for answer in fast_answers(opened, [program_of(""), program_of("")], AMPLE):
            assert isinstance(answer, str)
            assert re.search(r"does not come up: .*Cannot find module", answer, re.DOTALL)
