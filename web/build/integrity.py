"""Name every file of the site with its hash: for the service worker and for pages elsewhere."""

import hashlib
import json
from base64 import b64encode

SERVICE_WORKER = "service-worker.js"
INTEGRITY = "integrity.json"
VERSION = "sha256-of-integrity.json"  # stands in the service worker for what it says

NOT_FOR_PAGES = (".d.ts", "package.json")


def list_files(site):
    """Write the list, and the list's own hash into the service worker."""
    worker = site / SERVICE_WORKER
    files = [path for path in site.rglob("*") if path.is_file() and path != worker]
    hashes = {
        path.relative_to(site).as_posix(): integrity(path.read_bytes())
        for path in sorted(files)
        if not path.name.endswith(NOT_FOR_PAGES)
    }
    content = json.dumps(hashes, indent=1) + "\n"
    (site / INTEGRITY).write_text(content)
    script = worker.read_text()
    if script.count(VERSION) != 1:
        raise SystemExit(f"{worker}: it should name its version {VERSION!r} once")
    worker.write_text(script.replace(VERSION, integrity(content.encode())))


def integrity(content):
    """As in the attribute of that name of HTML's elements."""
    return "sha256-" + b64encode(hashlib.sha256(content).digest()).decode()
