"""
Typesets one paper, in a process of its own: what to set comes by standard input as JSON, the PDF goes to standard output.

It knows nothing of the register, reads no file but the templates beside it, and is ended by whoever started it when it takes too long.
Texts are handed to typst as inputs, never as source, so nothing that somebody wrote into a field can act as markup.
"""

import json
import resource
import sys
from pathlib import Path

import typst

TEMPLATES = Path(__file__).parent


def typeset(template: str, inputs: dict[str, str], at: int) -> bytes:
    """
    Return a PDF that claims PDF/A-3a and PDF/UA-1, dated by a POSIX time.

    Only fonts that come with typst are used, so that every machine gives the same bytes.
    Raises: typst.TypstError where a standard is not kept; RuntimeError for a warning, such as one of a missing font.
    """
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    made, warnings = typst.compile_with_warnings(
        TEMPLATES / template, root=TEMPLATES, font_paths=fonts, sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=at, format="pdf"
    )
    if warnings:
        raise RuntimeError("; ".join(warning.message for warning in warnings))
    return made


def main() -> None:
    """Set what was asked for, within bounds of memory and of time."""
    asked = json.load(sys.stdin.buffer)
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    sys.stdout.buffer.write(typeset(asked["template"], asked["inputs"], asked["at"]))


if __name__ == "__main__":
    main()
