"""No block of any page is there that nobody runs."""

import ast
import json
import os
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from readers import DRAWINGS, READ, SOURCES
from snippets import PAGES, ROOT, Snippet, snippets

BLOCKS = [block for page in PAGES for block in snippets(page)]
SUFFIX_BY_LANGUAGE = {"python": ".py", "go": ".go", "java": ".java", "js": ".js", "sh": ".sh", "yaml": ".yaml"}
PARSERS = {"json": json.loads, "toml": tomllib.loads, "yaml": lambda code: list(yaml.safe_load_all(code))}
WHAT_TO_DO = "let a test find it on the page and run it, and name that test in tests/docs/readers.py"


def lines(code: str) -> str:
    """The code without its margins, so that a part of a function is found in it."""
    return "\n".join(line.strip() for line in code.strip().splitlines())


SOURCES_BY_PATTERN = {pattern: sorted(ROOT.glob(pattern)) for pattern in SOURCES}
TEXT = {path: f"\n{lines(path.read_text())}\n" for paths in SOURCES_BY_PATTERN.values() for path in paths}


def stands_in(path: Path, block: Snippet) -> bool:
    return path.suffix == SUFFIX_BY_LANGUAGE.get(block.language) and f"\n{lines(block.code)}\n" in TEXT[path]


def stands_in_a_source(block: Snippet) -> bool:
    return any(stands_in(path, block) for path in TEXT)


def is_a_drawing(block: Snippet) -> bool:
    """A picture has an arrow in it, and nothing that any language would take."""
    known = (block.page, block.code.splitlines()[0].strip()) in DRAWINGS
    return known and "-->" in block.code and not re.search(r"[;{}$]|\w\(", block.code)


def read_by_a_test(page: str, language: str) -> list[Snippet]:
    """The blocks that some test must find on the page itself."""
    found = [block for block in BLOCKS if (block.page, block.language) == (page, language)]
    return [block for block in found if not (stands_in_a_source(block) or is_a_drawing(block))]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_names_its_language(block):
    """Whoever renders it and whoever runs it must know what it is; what can be parsed is."""
    assert block.language, f"{block}: name the language behind the fence; `text` for what a program prints"

    PARSERS.get(block.language, str)(block.code)


@pytest.mark.parametrize(
    ("page", "language"), sorted({(block.page, block.language) for block in BLOCKS} | set(READ)), ids=str
)
def test_every_block_is_run(page, language):
    """Each stands in a source that is run, is a picture, or is one of those that a named test reads."""
    blocks = read_by_a_test(page, language)
    known = READ[page, language].blocks if (page, language) in READ else 0
    where = ", ".join(map(str, blocks))

    assert known >= len(blocks), f"nobody runs one of these blocks of `{language}`: {where}; {WHAT_TO_DO}"
    assert known == len(blocks), f"{page} has fewer blocks of `{language}` than readers.py says: {where}"


@pytest.mark.parametrize(
    "test", sorted({test for reads in READ.values() for test in reads.tests} | set(SOURCES.values()))
)
def test_a_test_that_is_named_is_there(test):
    """A test that was renamed or removed would leave its blocks to nobody."""
    file, _, name = test.partition("::")
    functions = [each for each in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(each, FUNCTIONS)]

    assert name in {function.name for function in functions}


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize(
    ("test", "page"), sorted({(test, page) for (page, _), reads in READ.items() for test in reads.tests})
)
def test_a_test_that_is_named_reads_the_page(test, page):
    """It names the page by its path, or by its last two words."""
    file = (ROOT / test.partition("::")[0]).read_text()
    words = [page, *(f'"{word}"' for word in Path(page).parts[-1:])]

    assert any(word in file for word in words), f"{test} does not open {page}"


@pytest.mark.parametrize("pattern", SOURCES)
def test_a_source_is_there_and_shown(pattern):
    """Who moves a source learns where it is shown."""
    assert any(stands_in(path, block) for path in SOURCES_BY_PATTERN[pattern] for block in BLOCKS)


def test_a_page_has_no_block_that_this_does_not_see():
    """Every fence in a page belongs to a block that was found."""
    fences = Counter(
        str(page.relative_to(ROOT)) for page in PAGES for _ in re.finditer(r"^\s*```", page.read_text(), re.MULTILINE)
    )

    assert fences == Counter({page: 2 * count for page, count in Counter(block.page for block in BLOCKS).items()})


def test_every_page_is_looked_at():
    """A page in a folder that has had none is seen, too."""
    found = set[Path]()
    for folder, folders, files in os.walk(ROOT):  # other tests build what is made meanwhile
        folders[:] = [name for name in folders if name not in {"node_modules", "target"} and not name.startswith(".")]
        found |= {Path(folder) / name for name in files if name.endswith(".md")}

    assert found == {*PAGES}
