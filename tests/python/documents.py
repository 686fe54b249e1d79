"""The documentation's blocks of code."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

# Pictures, folders and files of others' formats have no name after the fence, or this one.
NOT_CODE = {"", "nginx"}


class Block(NamedTuple):
    place: str  # as in docs/python.md:7
    language: str
    code: str


def blocks(language):
    """All blocks of a language."""
    return [block for block in _blocks() if block.language == language]


def languages():
    return {block.language for block in _blocks()}


def block_with(document, text):
    """The one block of a document that contains the text."""
    (found,) = (b for b in _blocks() if b.place.startswith(f"{document}:") and text in b.code)
    return found.code


def _blocks():
    for document in DOCUMENTS:
        text = document.read_text()
        assert text.count("```") % 2 == 0, f"{document.name}: a block has no end"
        for match in re.finditer(r"^```(\S*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            line = text[: match.start()].count("\n") + 1
            place = f"{document.relative_to(ROOT)}:{line}"
            yield Block(place, match[1], match[2])
