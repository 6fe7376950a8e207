"""verdict.xml: a verdict as JUnit's XML, which the test reports of CI services read.

A suite is a candidate, a case is a limit. A failed limit is a `failure`. An inconclusive one is an `error`, a test that
could not decide: most services show `skipped` as if all were well.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from lesion.audit.gate.contract import Judged, Verdict
from lesion.audit.gate.wording import shown, subject

ELEMENTS = {"failed": "failure", "inconclusive": "error"}


def verdict_junit(verdicts: Sequence[Verdict]) -> bytes:
    """The document, valid by the schema of Jenkins (junit-10.xsd); without times, so that equal verdicts are equal."""
    every = [judged for verdict in verdicts for judged in verdict.judged]
    root = ET.Element("testsuites", {"name": "lesion", **_counts(every)})
    for verdict in verdicts:
        name = shown(verdict.candidate)
        suite = ET.SubElement(root, "testsuite", {"name": name, **_counts(verdict.judged), "skipped": "0"})
        for judged in verdict.judged:
            known = {"name": subject(judged.limit), "classname": f"lesion.{name}"}
            case = ET.SubElement(suite, "testcase", known)
            if judged.status in ELEMENTS:
                said = {"type": judged.status, "message": judged.said}
                ET.SubElement(case, ELEMENTS[judged.status], said)
            else:
                ET.SubElement(case, "system-out").text = judged.said
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _counts(limits: Sequence[Judged]) -> dict[str, str]:
    statuses = [judged.status for judged in limits]
    numbers = {"tests": len(limits), "failures": statuses.count("failed"), "errors": statuses.count("inconclusive")}
    return {name: str(count) for name, count in numbers.items()}
