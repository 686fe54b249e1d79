"""The npm package: packed from the site, installed in a fresh app, checked by TypeScript."""

import json
import subprocess

import pytest
from site_server import serve

from conftest import ROOT

MODULES = ROOT / "web/node_modules"

APP = """
import { Denoiser, type DenoiserOptions } from 'percepnet-web';
import { PercepNetEffect } from 'percepnet-web/jitsi';
import { PercepNetProcessor } from 'percepnet-web/livekit';
import type { AudioProcessorOptions, LocalAudioTrack, Track, TrackProcessor } from 'livekit-client';

export async function call(microphone: MediaStreamTrack, peer: RTCPeerConnection) {
  const options: DenoiserOptions = { model: 'default', pipeline: 'auto', attenuationLimitDb: 40 };
  const denoiser = await Denoiser.create(options);
  peer.addTrack(await denoiser.processTrack(microphone));
  denoiser.strength = 0.7;
  denoiser.bypass = true;
  denoiser.addEventListener('degraded', (event) => console.log(event.detail.reason));
  denoiser.addEventListener('voice', (event) => console.log(event.detail.toFixed(2)));
  denoiser.addEventListener('error', (event) => console.log(event.message));
  const latencyMs: number = denoiser.stats.latencyMs;
  await denoiser.close();
  return latencyMs;
}

export async function inLiveKit(track: LocalAudioTrack) {
  const processor: TrackProcessor<Track.Kind.Audio, AudioProcessorOptions> =
    new PercepNetProcessor({ strength: 0.9 });
  await track.setProcessor(processor);
}

export async function inJitsi(stream: MediaStream): Promise<MediaStream> {
  const effect = await PercepNetEffect.create();
  return effect.startEffect(stream);
}
"""

WRONG_APP = """
import { Denoiser } from 'percepnet-web';
const denoiser = await Denoiser.create({ strength: 'loud' });
denoiser.stats.latencySeconds;
"""

CONFIG = {
    "compilerOptions": {
        "target": "ES2022",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "module": "ES2022",
        "moduleResolution": "bundler",
        "strict": True,
        "noEmit": True,
        "types": [],
        # LiveKit's own declarations are not ours to check; ours are, by the test below.
        "skipLibCheck": True,
    },
}


def npm(*arguments, cwd):
    result = subprocess.run(["npm", *arguments], cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def tsc(app, *options):
    command = [MODULES / ".bin/tsc", *options]
    return subprocess.run(command, cwd=app, capture_output=True, text=True)


@pytest.fixture(scope="module")
def packed(site, tmp_path_factory):
    """The tarball and the paths in it."""
    folder = tmp_path_factory.mktemp("packed")
    (listing,) = json.loads(npm("pack", "--json", "--pack-destination", folder, cwd=site))
    return folder / listing["filename"], {file["path"] for file in listing["files"]}


@pytest.fixture(scope="module")
def app(packed, tmp_path_factory):
    """A fresh app with the package installed."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "package.json").write_text('{"name": "app", "type": "module"}')
    npm("install", "--offline", "--no-audit", packed[0], cwd=folder)
    (folder / "tsconfig.json").write_text(json.dumps(CONFIG))
    return folder


def test_it_holds_what_an_app_needs_and_no_page(packed, site):
    _, paths = packed
    assert {
        "percepnet.js", "percepnet.d.ts", "engine-worker.js", "percepnet-processor.js",
        "adapters/livekit.js", "adapters/livekit.d.ts", "adapters/jitsi.js",
        "models/default.npz", "pyodide/pyodide.mjs", "pyodide/pyodide.asm.wasm",
        "pyodide/python_stdlib.zip", "pyodide/pyodide-lock.json", "package.json",
    } <= paths  # fmt: skip
    assert {f"pyodide/{wheel.name}" for wheel in site.glob("pyodide/*.whl")} <= paths
    assert not [path for path in paths if path.startswith("demo") or path.endswith(".html")]


def test_an_app_type_checks_and_livekit_takes_the_processor(app):
    (app / "node_modules/livekit-client").symlink_to(MODULES / "livekit-client")
    (app / "app.ts").write_text(APP)
    result = tsc(app)
    assert result.returncode == 0, result.stdout


def test_wrong_use_is_found(app):
    (app / "app.ts").write_text(WRONG_APP)
    result = tsc(app)
    assert "Type 'string' is not assignable to type 'number'" in result.stdout
    assert "'latencySeconds' does not exist" in result.stdout


def test_its_types_need_nothing_else(app):
    (app / "app.ts").write_text("import 'percepnet-web'; import 'percepnet-web/livekit';\n"
                                "import 'percepnet-web/jitsi';\n")
    result = tsc(app, "--skipLibCheck", "false")
    assert result.returncode == 0, result.stdout


def test_it_runs_from_node_modules(app, chromium):
    with serve(app, headers={}) as url:
        context = chromium().new_context()
        page = context.new_page()
        page.goto(f"{url}node_modules/")
        pipeline = page.evaluate("""async () => {
            const { Denoiser } = await import('/node_modules/percepnet-web/percepnet.js');
            const denoiser = await Denoiser.create();
            const { pipeline } = denoiser.stats;
            await denoiser.close();
            return pipeline;
        }""")
        context.close()
    assert pipeline == "message"
