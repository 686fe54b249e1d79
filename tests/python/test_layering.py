"""Who may import whom: the source tree is the picture of the signal chain."""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PY = ROOT / "py"
WEB = ROOT / "web"
MAX_LINES = 300

# From the bottom up; a folder stands for its modules, which may also import one another.
MAY_IMPORT = {
    "build_kernels": {"hatchling"},
    "percepnet.constants": set(),
    "percepnet.errors": set(),
    "percepnet.dsp": {"numpy", "percepnet.constants"},
    "percepnet.dsp.kernels": {
        "numpy", "percepnet.constants", "percepnet.dsp", "percepnet.errors",
    },
    "percepnet.nn": {"numpy", "percepnet.errors"},
    "percepnet.nn.kernels": {"numpy", "percepnet.errors", "percepnet.nn"},
    "percepnet.topology": {"numpy", "percepnet.constants", "percepnet.errors", "percepnet.nn"},
    "percepnet.network": {
        "numpy", "percepnet.constants", "percepnet.errors", "percepnet.nn",
        "percepnet.nn.kernels", "percepnet.topology",
    },
    "percepnet.enhancer": {
        "numpy", "percepnet.constants", "percepnet.dsp", "percepnet.dsp.kernels",
    },
    "percepnet.stream": {
        "numpy", "percepnet.constants", "percepnet.enhancer", "percepnet.errors",
    },
    "percepnet": {
        "percepnet.constants", "percepnet.enhancer", "percepnet.errors", "percepnet.network",
        "percepnet.stream",
    },
    "percepnet.whole_file": {"numpy", "percepnet.constants", "percepnet.dsp"},
    "percepnet.oracle": {
        "numpy", "percepnet.constants", "percepnet.dsp", "percepnet.whole_file",
    },
    "percepnet.audio_format": {"soundfile", "percepnet.errors"},
    "percepnet.interrupts": set(),
    "percepnet.audio_file": {
        "numpy", "soundfile", "percepnet.audio_format", "percepnet.constants", "percepnet.errors",
        "percepnet.interrupts",
    },
    "percepnet.resampler": {"numpy", "scipy"},
    "percepnet.file_jobs": {
        "numpy", "percepnet.audio_file", "percepnet.audio_format", "percepnet.constants",
        "percepnet.errors", "percepnet.network", "percepnet.resampler", "percepnet.stream",
    },
    "percepnet.benchmark": {
        "numpy", "percepnet.constants", "percepnet.dsp", "percepnet.dsp.kernels",
        "percepnet.enhancer", "percepnet.network", "percepnet.topology",
    },
    "percepnet.oracle_stages": {
        "numpy", "percepnet.constants", "percepnet.dsp", "percepnet.oracle",
        "percepnet.whole_file",
    },
    "percepnet.mixture": {"numpy", "percepnet.constants", "percepnet.errors"},
    "percepnet.lab": {
        "numpy", "percepnet.constants", "percepnet.dsp", "percepnet.mixture",
        "percepnet.oracle_stages", "percepnet.stream",
    },
    "percepnet.scores": {
        "numpy", "onnxruntime", "pesq", "pystoi", "scipy", "percepnet.constants", "percepnet.dsp",
    },
    "percepnet.composite": {"numpy"},
    "percepnet.evaluation": {
        "numpy", "percepnet.audio_file", "percepnet.composite", "percepnet.constants",
        "percepnet.errors", "percepnet.network", "percepnet.scores", "percepnet.stream",
    },
    "percepnet.oracle_figures": {
        "numpy", "matplotlib", "percepnet.constants", "percepnet.dsp",
    },
    "percepnet.oracle_report": {
        "numpy", "percepnet.audio_file", "percepnet.audio_format", "percepnet.constants",
        "percepnet.errors", "percepnet.mixture", "percepnet.oracle_figures",
        "percepnet.oracle_stages", "percepnet.resampler", "percepnet.scores", "percepnet.stream",
    },
    "percepnet.commands": {
        "numpy", "tqdm", "percepnet", "percepnet.audio_file", "percepnet.benchmark",
        "percepnet.constants", "percepnet.errors", "percepnet.evaluation", "percepnet.file_jobs",
        "percepnet.network", "percepnet.nn.kernels", "percepnet.oracle_report",
    },
    "percepnet.cli": {"percepnet", "percepnet.commands", "percepnet.errors"},
    "percepnet.__main__": {"percepnet.cli"},
    "percepnet_training": {
        "matplotlib", "numpy", "onnx", "scipy", "soundfile", "torch", "tqdm", "percepnet",
        "percepnet.audio_format", "percepnet.cli", "percepnet.constants",
        "percepnet.dsp", "percepnet.errors", "percepnet.network", "percepnet.nn",
        "percepnet.evaluation", "percepnet.oracle", "percepnet.oracle_stages",
        "percepnet.scores", "percepnet.topology", "percepnet.whole_file",
    },
}  # fmt: skip

# The command line brings these with it; what is imported to denoise in memory must not.
EXTRAS = {"matplotlib", "onnxruntime", "pesq", "pystoi", "scipy", "soundfile", "tqdm"}
AT_RUN_TIME = "percepnet"

WEB_MAY_IMPORT = {
    "protocol.js": set(),
    "ring-buffer.js": set(),
    "backlog.js": set(),
    "resampler.js": set(),
    "rate-step.js": {"protocol.js", "resampler.js"},
    "shared-transport.js": {"backlog.js", "protocol.js", "ring-buffer.js"},
    "message-transport.js": {"backlog.js", "protocol.js", "ring-buffer.js"},
    "fetch-file.js": set(),
    "platform.js": set(),
    "python.js": {"fetch-file.js", "platform.js"},
    "engine.js": {"protocol.js", "python.js"},
    "hop-step.js": {"protocol.js"},
    "engine-host.js": {"engine.js", "hop-step.js", "protocol.js", "rate-step.js"},
    "engine-worker.js": {"engine-host.js", "message-transport.js", "shared-transport.js"},
    "inline-transport.js": {"engine-host.js", "protocol.js", "ring-buffer.js"},
    "processor.js": {"protocol.js"},
    "burst-meter.js": set(),
    "percepnet-processor.js": {
        "burst-meter.js", "message-transport.js", "processor.js", "protocol.js",
        "shared-transport.js",
    },
    "worklet-scope.js": set(),
    "inline-processor.js": {
        "engine-host.js", "inline-transport.js", "processor.js", "python.js", "worklet-scope.js",
    },
    "inline-main-end.js": {"fetch-file.js", "platform.js", "protocol.js"},
    "audio-node.js": set(),
    "engine-thread.js": set(),
    "pipelines.js": {
        "audio-node.js", "engine-thread.js", "inline-main-end.js", "message-transport.js",
        "protocol.js", "shared-transport.js",
    },
    "controls.js": {"protocol.js"},
    "events.js": set(),
    "media-track.js": set(),
    "models.js": {"fetch-file.js"},
    "stats.js": {"protocol.js"},
    "supervisor.js": {"protocol.js"},
    "percepnet.js": {
        "controls.js", "engine-thread.js", "events.js", "media-track.js", "models.js",
        "pipelines.js", "platform.js", "protocol.js", "stats.js", "supervisor.js",
    },
    "adapters/livekit.js": {"percepnet.js"},
    "adapters/jitsi.js": {"media-track.js", "percepnet.js", "protocol.js"},
    "service-worker.js": set(),
    "demo/offline.js": set(),
    "demo/every.js": set(),
    "demo/field.js": set(),
    "demo/ready.js": set(),
    "demo/picture": set(),
    "demo/wav.js": set(),
    "demo/settings.js": set(),
    "demo/decode.js": {"protocol.js"},
    "demo/model-choice.js": {"models.js"},
    "demo/player.js": {"demo/field.js", "demo/picture"},
    "demo/adapters": {"adapters/jitsi.js", "adapters/livekit.js"},
    "demo/bench": {"models.js", "protocol.js", "python.js"},
    "demo/live": {
        "fetch-file.js", "percepnet.js", "protocol.js", "demo/every.js", "demo/field.js",
        "demo/model-choice.js", "demo/picture", "demo/player.js", "demo/settings.js", "demo/wav.js",
    },
    "demo/call": {
        "percepnet.js", "protocol.js", "demo/every.js", "demo/field.js", "demo/live",
        "demo/settings.js",
    },
    "demo/files": {
        "engine.js", "fetch-file.js", "models.js", "protocol.js", "demo/decode.js",
        "demo/model-choice.js", "demo/picture", "demo/player.js", "demo/settings.js", "demo/wav.js",
    },
    "demo/lab": {
        "fetch-file.js", "models.js", "protocol.js", "python.js", "demo/decode.js", "demo/every.js",
        "demo/field.js", "demo/picture", "demo/wav.js",
    },
}  # fmt: skip
KNOWS_PYODIDE = {"python.js", "inline-main-end.js", "inline-processor.js"}

MODULES = {
    ".".join(path.relative_to(PY).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PY.rglob("*.py"))
}
WEB_FILES = sorted(
    path for path in WEB.rglob("*.js") if "node_modules" not in path.relative_to(WEB).parts
)


def imports(path):
    """Modules that a Python file imports, anywhere in it, as full names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: write the full name"
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                yield member if member in MODULES else node.module


def row_of(module):
    """The row of the table that a module belongs to: its own or its folder's."""
    if module in MAY_IMPORT:
        return module
    folder = module.rpartition(".")[0]
    return folder if folder not in ("", "percepnet") else None


def outside_own_row(module):
    for name in imports(MODULES[module]):
        package = name.partition(".")[0]
        if package in sys.stdlib_module_names:
            continue
        imported = row_of(name) if package.startswith("percepnet") else package
        if imported != row_of(module):
            yield imported


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_its_row_names(module):
    row = row_of(module)
    assert row in MAY_IMPORT, f"{module} has no row in the table"
    assert set(outside_own_row(module)) <= MAY_IMPORT[row]


def test_rows_name_only_what_stands_above_them():
    above = set()
    for row, may_import in MAY_IMPORT.items():
        assert {name for name in may_import if name.startswith("percepnet")} <= above, row
        above.add(row)


def test_no_module_imports_itself_by_way_of_others():
    graph = {
        module: {name for name in imports(path) if name in MODULES}
        for module, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_denoising_in_memory_needs_numpy_only():
    reached, waiting = set(), {AT_RUN_TIME}
    while waiting:
        row = waiting.pop()
        reached.add(row)
        waiting |= MAY_IMPORT.get(row, set()) - reached
    assert {name for name in reached if not name.startswith("percepnet")} == {"numpy"}
    assert EXTRAS.isdisjoint(reached)


def test_only_commands_print_and_only_the_command_line_exits():
    speakers = {"percepnet.commands"}
    leavers = {"percepnet.cli", "percepnet.__main__"}
    for module, path in MODULES.items():
        if not module.startswith("percepnet.") and module != "percepnet":
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        called = {ast.unparse(call.func) for call in calls}
        assert "print" not in called or module in speakers, f"{module} prints"
        assert "sys.exit" not in called or module in leavers, f"{module} exits"


@pytest.mark.parametrize(
    "path", [*MODULES.values(), *WEB_FILES], ids=lambda path: str(path.relative_to(ROOT))
)
def test_files_stay_short(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES


def code_of(path):
    """JavaScript without its comments, which may name types of any module."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(), flags=re.DOTALL)


def web_row_of(path):
    """The row of the table that a JavaScript file belongs to: its own or its folder's."""
    name = path.relative_to(WEB)
    return next((str(row) for row in (name, name.parent) if str(row) in WEB_MAY_IMPORT), None)


@pytest.mark.parametrize("path", WEB_FILES, ids=lambda path: str(path.relative_to(WEB)))
def test_web_module_imports_only_what_its_row_names(path):
    row = web_row_of(path)
    assert row, f"{path.name} has no row in the table"
    found = re.findall(r"(?:\bfrom\s*|\bimport\s*\(?\s*)['\"]([^'\"]+)['\"]", code_of(path))
    ours = (path.parent / source for source in found if not source.startswith("./pyodide/"))
    rows = {web_row_of(source.resolve()) for source in ours}
    assert rows - {row} <= WEB_MAY_IMPORT[row]


def test_every_web_row_has_a_file():
    assert {web_row_of(path) for path in WEB_FILES} == WEB_MAY_IMPORT.keys()


def test_only_one_file_knows_pyodide():
    knowing = {path.name for path in WEB_FILES if re.search("pyodide", code_of(path), re.I)}
    assert knowing == KNOWS_PYODIDE
