"""Name in the head of every page all modules it imports, so that the browser asks for all at once.

Without, it finds each only after it has read the one that imports it.
"""

import os
import re
from pathlib import Path

_SCRIPT = re.compile(r'^ *<script type="module" src="([^"]+)"></script>\n', re.MULTILINE)
_IMPORT = re.compile(r"^(?:import|export)\b[^;'\"]*'(\.[^']+)';", re.MULTILINE)


def preload_modules(site):
    """Write the links into the site's pages, before their scripts."""
    for page in site.glob("*.html"):
        text = page.read_text()
        scripts = [site / name for name in _SCRIPT.findall(text)]
        imported = sorted(set().union(*map(modules_of, scripts)) - set(scripts))
        links = "".join(
            f'    <link rel="modulepreload" href="{module.relative_to(site).as_posix()}" />\n'
            for module in imported
        )
        first = _SCRIPT.search(text).start()
        page.write_text(text[:first] + links + text[first:])


def modules_of(script):
    """The script and all that it imports, and they, and so on."""
    found, waiting = set(), [script]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            names = _IMPORT.findall(module.read_text())
            waiting += [Path(os.path.normpath(module.parent / name)) for name in names]
    return found
