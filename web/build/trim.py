"""Copy out of Pyodide what is imported, compiled. Run inside it, after exercise.py.

`TRIMMED` gets the standard library in one folder, the packages in another.
"""

import sys
from pathlib import Path

MAJOR, MINOR = sys.version_info[:2]
STDLIB = Path(f"/lib/python{MAJOR}{MINOR}.zip")
PACKAGES = Path(f"/lib/python{MAJOR}.{MINOR}/site-packages")
TRIMMED = Path("/trimmed")
KERNELS = "percepnet/*/kernels/*.wasm"

# What `compile` calls levels of optimization. numpy computes with docstrings.
AS_WRITTEN, WITHOUT_DOCSTRINGS = 0, 2


def main():
    stdlib, packages = imported_from(STDLIB), imported_from(PACKAGES)
    packages |= {path.relative_to(PACKAGES) for path in PACKAGES.glob(KERNELS)}

    # Imported here: what only they import is no longer kept.
    from shutil import unpack_archive
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as sources:
        unpack_archive(STDLIB, sources)
        copy(stdlib, Path(sources), STDLIB, TRIMMED / "stdlib", WITHOUT_DOCSTRINGS)
    copy(packages, PACKAGES, PACKAGES, TRIMMED / "packages", AS_WRITTEN)


def imported_from(root):
    """Files below the root that modules were imported from, relative to it."""
    specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
    origins = [Path(spec.origin) for spec in specs if spec and spec.origin]
    return {path.relative_to(root) for path in origins if path.is_relative_to(root)}


def copy(files, sources, origin, folder, optimize):
    """Copy files, Python's as .pyc; tracebacks name the places below `origin`."""
    from py_compile import PycInvalidationMode, compile
    from shutil import copyfile

    for file in sorted(files):
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix != ".py":
            copyfile(sources / file, target)
            continue
        compile(
            str(sources / file),
            cfile=str(target.with_suffix(".pyc")),
            dfile=str(origin / file),
            doraise=True,
            optimize=optimize,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )


main()
