"""What Maven's tests reported: one file for each class that was run."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Reports:
    """The verdicts of a module's tests, by class (without its package) and test."""

    passed: dict[str, list[str]] = field(default_factory=dict)
    not_passed: dict[str, str] = field(default_factory=dict)
    class_path: str = ""


def reports_of(module: Path) -> Reports:
    """Reads the reports of the last run of a module; a test's name is the one that it is shown by."""
    reports = Reports()
    for file in sorted((module / "target" / "surefire-reports").glob("TEST-*.xml")):
        suite = ET.parse(file).getroot()
        name = suite.attrib["name"].rpartition(".")[2]
        reports.passed[name] = []
        for test in suite.iter("testcase"):
            told = [test.find(kind) for kind in ("failure", "error", "skipped")]
            if verdict := [each for each in told if each is not None]:
                reports.not_passed[f"{name}: {test.attrib['name']}"] = verdict[0].attrib.get("message", "skipped")
            else:
                reports.passed[name].append(test.attrib["name"])
        [reports.class_path] = [
            each.attrib["value"] for each in suite.iter("property") if each.attrib["name"] == "surefire.test.class.path"
        ]
    return reports
