"""Which test reads which blocks of which page; `test_snippets.py` holds this against the pages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reads:
    """How many blocks of one language on a page are run, and the tests that run all of these.

    Each test finds the blocks on the page itself, and takes neither more nor fewer.
    """

    blocks: int
    tests: tuple[str, ...]


def by(*tests: str, blocks: int = 1) -> Reads:
    return Reads(blocks, tests)


DOCS = "tests/docs"
TYPED = f"{DOCS}/test_typed_pages.py"
STORY = f"{DOCS}/test_readme_story.py"
CALLERS = f"{DOCS}/test_callers_page.py"
GO = "tests/clients/test_go_client.py"
JAVA = "tests/clients/test_java_client.py"
PYTHON = "tests/clients/python/test_client_pages.py"
CHART = "tests/deploy/test_kubernetes_page.py"
CONTAINER = "tests/container/test_container_page.py"
MESH = "tests/mesh"

READ: Mapping[tuple[str, str], Reads] = {
    ("README.md", "sh"): by(f"{TYPED}::test_the_readme_leads_to_a_placed_call", blocks=5),
    ("README.md", "json"): by(f"{STORY}::test_the_request_becomes_the_form_that_is_shown"),
    ("README.md", "text"): by(
        f"{STORY}::test_the_request_becomes_the_form_that_is_shown",
        f"{STORY}::test_the_error_that_is_shown_is_the_gateways",
        blocks=2,
    ),
    ("README.md", "python"): by(f"{STORY}::test_the_python_that_is_shown_places_a_call"),
    ("clients/go/README.md", "go"): by(f"{GO}::test_the_readmes_way_from_nothing_places_a_call"),
    ("clients/go/README.md", "sh"): by(f"{GO}::test_the_readmes_way_from_nothing_places_a_call"),
    ("clients/java/README.md", "xml"): by(f"{JAVA}::test_the_readmes_dependency_is_the_examples_and_of_this_version"),
    ("clients/java/README.md", "sh"): by(f"{JAVA}::test_the_readmes_way_from_nothing_places_a_call"),
    ("clients/java/README.md", "java"): by(f"{JAVA}::test_the_readmes_way_from_nothing_places_a_call"),
    ("clients/python/README.md", "sh"): by(
        f"{TYPED}::test_the_page_of_the_python_client_installs_it_and_starts_a_gateway", blocks=3
    ),
    ("clients/python/README.md", "python"): by(f"{PYTHON}::test_a_program_prints_what_the_page_says", blocks=8),
    ("clients/python/README.md", "text"): by(f"{PYTHON}::test_a_program_prints_what_the_page_says", blocks=8),
    ("docs/callers.md", "python"): by(f"{CALLERS}::test_its_loop_lists_the_calls_whose_outcome_is_unknown"),
    ("docs/callers.md", "yaml"): by(f"{CALLERS}::test_stubs_of_ones_own_place_a_call"),
    ("docs/callers.md", "go"): by(f"{CALLERS}::test_stubs_of_ones_own_place_a_call"),
    ("docs/callers.md", "sh"): by(f"{CALLERS}::test_stubs_of_ones_own_place_a_call"),
    ("docs/container.md", "sh"): by(
        f"{CONTAINER}::test_five_minutes_with_the_sandbox_end_with_a_call",
        f"{CONTAINER}::test_an_operators_way_through_the_page",
        f"{CONTAINER}::test_an_authority_of_ones_own_is_named",
        f"{CONTAINER}::test_the_bill_of_materials_is_taken_out",
        blocks=15,
    ),
    ("docs/container.md", "toml"): by(f"{CONTAINER}::test_an_operators_way_through_the_page"),
    ("docs/grpc-web.md", "sh"): by(
        f"{MESH}/test_mesh_docs.py::test_the_command_that_starts_the_program_is_the_examples_own"
    ),
    ("docs/http.md", "sh"): by(f"{TYPED}::test_the_page_about_http_leads_from_nothing_to_a_call", blocks=5),
    ("docs/http.md", "json"): by(f"{MESH}/test_mesh_docs.py::test_the_error_of_the_http_page_is_the_gateways"),
    ("docs/kubernetes.md", "sh"): by(f"{CHART}::test_the_pages_commands_fit_the_chart", blocks=9),
    ("docs/kubernetes.md", "yaml"): by(f"{CHART}::test_the_pages_values_are_good", blocks=5),
    ("docs/ledger.md", "sql"): by(f"{DOCS}/test_ledger_page.py::test_what_it_grants_is_enough_to_serve"),
    ("docs/operators.md", "toml"): by(f"{DOCS}/test_settings_page.py::test_the_operators_settings_file_is_good"),
    ("docs/operators.md", "json"): by(f"{DOCS}/test_operators_page.py::test_its_line_of_the_log_is_logged"),
    ("docs/sandbox.md", "python"): by(
        f"{DOCS}/test_page_about_the_sandbox.py::test_its_python_prints_what_the_page_says"
    ),
    ("docs/systemd.md", "sh"): by(f"{CHART}::test_the_systemd_pages_commands_fit_its_files", blocks=2),
    ("docs/terminal.md", "sh"): by(f"{TYPED}::test_the_page_about_terminals_tells_what_each_client_prints", blocks=13),
    ("docs/terminal.md", "text"): by(f"{TYPED}::test_the_page_about_terminals_tells_what_each_client_prints", blocks=2),
    ("docs/testing.md", "sh"): by(f"{TYPED}::test_the_page_about_testing_leads_to_an_unknown_outcome", blocks=4),
    ("tests/cases/README.md", "json"): by(
        f"{DOCS}/test_cases_page.py::test_its_case_is_one_that_is_run",
        f"{DOCS}/test_cases_page.py::test_its_watch_is_one_that_is_run",
        f"{DOCS}/test_cases_page.py::test_its_invalid_request_is_one_that_is_run",
        blocks=3,
    ),
}
"""Blocks that a test runs or compares, by page and language. Those that stand in a source are not counted."""

SOURCES: Mapping[str, str] = {
    "examples/python/test_reminders.py": "tests/test_examples.py::test_a_callers_tests_pass_against_the_sandbox",
    "examples/python/what_next.py": f"{DOCS}/test_what_next.py::test_every_published_reason_has_an_outcome",
    "examples/go/place_call.go": "tests/test_examples.py::test_an_example_places_a_call",
    "examples/go/place_call_test.go": "tests/test_examples.py::test_a_callers_tests_pass_against_the_sandbox",
    "examples/go/whatnext/what_next.go": f"{DOCS}/test_what_next.py::test_every_published_reason_has_an_outcome",
    "examples/java/src/main/java/com/example/placecall/PlaceCall.java": (
        "tests/test_examples.py::test_an_example_places_a_call"
    ),
    "examples/java/src/main/java/com/example/placecall/WhatNext.java": (
        f"{DOCS}/test_what_next.py::test_every_published_reason_has_an_outcome"
    ),
    "examples/java/src/test/java/com/example/placecall/RingsTest.java": (
        "tests/test_examples.py::test_a_callers_tests_pass_against_the_sandbox"
    ),
    "examples/web/place_call.js": f"{MESH}/test_web_callers.py::test_a_page_places_a_call_and_repeats_it",
    "examples/web/watch_call.js": (
        f"{MESH}/test_watching_without_grpc.py::test_a_call_is_followed_to_its_end_while_the_gateway_is_replaced"
    ),
    "examples/http/watch_call.sh": (
        f"{MESH}/test_watching_without_grpc.py::test_a_call_is_followed_to_its_end_while_the_gateway_is_replaced"
    ),
    "deploy/envoy/reports.yaml": f"{MESH}/test_reports_ingress.py::test_a_report_is_taken",
    "deploy/envoy/front.yaml": f"{MESH}/test_rolling_restart.py::test_no_call_fails_and_none_is_made_twice",
    "deploy/envoy/web.yaml": f"{MESH}/test_http_callers.py::test_a_call_is_placed_and_its_repeat_is_a_replay",
    "deploy/envoy/egress.yaml": f"{MESH}/test_egress.py::test_the_shipped_route_sends_a_post_once",
    "deploy/envoy/egress_tls.yaml": f"{MESH}/test_egress.py::test_passed_on_a_call_keeps_its_proof",
    "clients/go/voicegateway/example_test.go": f"{GO}::test_the_packages_own_tests_pass",
    "clients/java/src/test/java/com/example/voicegateway/client/ReadmeTest.java": (
        f"{JAVA}::test_every_class_of_the_clients_own_tests_is_run"
    ),
    "tests/clients/java/src/**/*.java": f"{JAVA}::test_everything_else_at_the_gateway_is_run",
}
"""Sources that are built and run, and the tests that do. A block may stand in one of them, word for word."""

DRAWINGS = {("docs/testing.md", "your tests  --gRPC-->  kaleyra-gateway serve  --HTTP-->  kaleyra-gateway sandbox")}
"""Blocks of `text` that no test reads, since they are pictures: the page and the first line."""
