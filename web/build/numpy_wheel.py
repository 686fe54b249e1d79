"""Find numpy's wheel for Pyodide: any source will do, only the lock file's sha256 is accepted."""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

PYODIDE_CDN = "https://cdn.jsdelivr.net/pyodide/v0.28.3/full/"

# A wheel of the package index that carries Pyodide's wheels inside
CARRIER = "open-webui==0.9.6"
CARRIER_FOLDER = "open_webui/frontend/pyodide/"

TIMEOUT_S = 30
READ_AHEAD = 1 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", type=Path, help="pyodide-lock.json")
    parser.add_argument("cache", type=Path, help="folder that holds or gets the wheel")
    args = parser.parse_args()
    entry = json.loads(args.lock.read_text())["packages"]["numpy"]
    wheel = args.cache / entry["file_name"]
    sources = {
        str(wheel): wheel.read_bytes,
        PYODIDE_CDN: lambda: read_url(PYODIDE_CDN + wheel.name),
        f"{CARRIER} on the package index": lambda: read_carrier(CARRIER_FOLDER + wheel.name),
    }
    content = first_intact(sources, entry["sha256"])
    if content is None:
        sys.exit(
            f"no source has numpy's wheel for Pyodide (tried {', '.join(sources)}): "
            f"get {wheel.name} (sha256 {entry['sha256']}) elsewhere and put it into {args.cache}"
        )
    write_whole(wheel, content)


def first_intact(sources, sha256):
    """The first source's bytes with that sha256, or None; says of the others why not."""
    for name, read in sources.items():
        try:
            content = read()
        except (OSError, subprocess.CalledProcessError, zipfile.BadZipFile, KeyError) as error:
            print(f"numpy: not from {name}: {in_one_line(error)}", file=sys.stderr)
            continue
        found = hashlib.sha256(content).hexdigest()
        if found == sha256:
            print(f"numpy: from {name}", file=sys.stderr)
            return content
        print(f"numpy: refused from {name}: sha256 {found}, not {sha256}", file=sys.stderr)
    return None


def in_one_line(error):
    """The cause in a line; of a command that failed, the last line it said."""
    said = getattr(error, "stderr", None) or getattr(error, "strerror", None) or str(error)
    return said.strip().splitlines()[-1]


def read_url(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
        return response.read()


def read_carrier(member):
    """One member of the carrier's wheel, by range requests: the rest is not downloaded."""
    remote = io.BufferedReader(RemoteFile(carrier_url()), READ_AHEAD)
    with zipfile.ZipFile(remote) as carrier:
        return carrier.read(member)


def carrier_url():
    """Where the index that pip is set up for keeps the carrier."""
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
        *("--ignore-requires-python", "--no-deps", "--report", "-", CARRIER),
    ]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(report)["install"][0]["download_info"]["url"]


class RemoteFile(io.RawIOBase):
    """A read-only file on a server that answers range requests."""

    def __init__(self, url):
        self._url = url
        self._position = 0
        with urllib.request.urlopen(
            urllib.request.Request(url, method="HEAD"), timeout=TIMEOUT_S
        ) as response:
            self._length = int(response.headers["Content-Length"])

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=os.SEEK_SET):
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer):
        end = min(self._position + len(buffer), self._length)
        if end <= self._position:
            return 0
        wanted = {"Range": f"bytes={self._position}-{end - 1}"}
        request = urllib.request.Request(self._url, headers=wanted)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            if response.status != 206:
                raise OSError("the server does not answer range requests")
            content = response.read()
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def write_whole(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


if __name__ == "__main__":
    main()
