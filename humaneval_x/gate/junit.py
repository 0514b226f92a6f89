"""A gate's answer as JUnit XML, which CI systems show as tests: GitLab, Jenkins, Azure and others.

The schema is Jenkins' (`testsuites`, `testsuite`, `testcase` with `failure` or `error`); every decision is a test, and
a refusal is one test with an error, so that a gate that did not compare is not shown as one that passed.
"""

from __future__ import annotations

from xml.etree import ElementTree

from humaneval_x.gate.rendering import headline, message_of, name_of, render_gate
from humaneval_x.gate.results import Answer, Decision, GateResult, Refusal
from humaneval_x.text import plain

__all__ = ["junit"]

_SUITE = "humaneval-x gate"
_CLASS = "humaneval_x.gate"


def junit(answer: Answer) -> str:
    """The XML document. Foreign text in it went through `plain`: XML 1.0 cannot hold control characters at all."""
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", {"name": _SUITE, "time": "0", "skipped": "0"})
    if isinstance(answer, Refusal):
        _refusal(suite, answer)
    else:
        for decision in answer.decisions:
            _decision(suite, decision, answer)
        ElementTree.SubElement(suite, "system-out").text = render_gate(answer)
    for element in (root, suite):
        element.set("tests", f"{len(suite.findall('testcase'))}")
        element.set("failures", f"{len(suite.findall('testcase/failure'))}")
        element.set("errors", f"{len(suite.findall('testcase/error'))}")
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _decision(suite: ElementTree.Element, decision: Decision, result: GateResult) -> None:
    case = _case(suite, f"{_CLASS}.{name_of(decision.group)}", f"pass@{decision.k}")
    message = message_of(decision, result)
    if decision.regressed:
        failure = ElementTree.SubElement(case, "failure", {"type": "Regression", "message": message})
        failure.text = f"{headline(result)}\n{message}"
    else:
        ElementTree.SubElement(case, "system-out").text = message


def _refusal(suite: ElementTree.Element, refusal: Refusal) -> None:
    message = plain(refusal.message, 4000)
    error = ElementTree.SubElement(
        _case(suite, _CLASS, "comparison"), "error", {"type": refusal.kind, "message": message}
    )
    error.text = f"{headline(refusal)}\n{message}"


def _case(suite: ElementTree.Element, classname: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", {"classname": classname, "name": name, "time": "0"})
