"""Documents that are made from the code are as the code says; documents that people write name what exists."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = runpy.run_path(str(ROOT / "docs" / "generate.py"), run_name="documents")


@pytest.mark.parametrize("name", sorted(GENERATED["DOCUMENTS"]))
def test_a_generated_document_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == GENERATED["DOCUMENTS"][name](), "run `python docs/generate.py`"


WRITTEN = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
WRITTEN += [str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", WRITTEN)
def test_paths_and_links_in_documents_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text)
    paths = re.findall(r"`((?:domain|projections|api|registry_site|tests|bench|docs)/[\w./-]*\w)`", text)
    missing = [link for link in links if not ((ROOT / name).parent / link).exists()]
    missing += [path for path in paths if not (ROOT / path).exists() and not list(ROOT.glob(path + "*"))]
    assert missing == []
