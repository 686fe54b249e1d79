"""The npm package: packed from the site, installed in a fresh app, checked by TypeScript."""

import json
import re
import shutil
import subprocess

import pytest
from site_server import serve

from conftest import ROOT
from documents import block_with, blocks

MODULES = ROOT / "web/node_modules"
VITE = "vite@6.4.6"  # not in web/package.json: who builds the site needs none

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

# What the documentation takes for granted
AROUND_DOCUMENTS = """
declare const audioContext: AudioContext, source: AudioNode, destination: AudioNode;
declare const microphoneTrack: MediaStreamTrack, peerConnection: RTCPeerConnection;
declare const denoiser: import('percepnet-web').Denoiser;
declare const localAudioTrack: import('livekit-client').LocalAudioTrack;
declare const jitsiLocalTrack: {
  setEffect(effect: {
    isEnabled(track: { isAudioTrack(): boolean }): boolean;
    startEffect(stream: MediaStream): MediaStream;
    stopEffect(): void;
  }): Promise<void>;
};
"""

CONFIG = {
    "include": ["*.ts"],
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


@pytest.fixture(scope="module")
def livekit_app(app):
    (app / "node_modules/livekit-client").symlink_to(MODULES / "livekit-client")
    return app


def check(folder, *options, **files):
    """Run tsc on these files and no others."""
    for old in folder.glob("*.ts"):
        old.unlink()
    for name, text in files.items():
        (folder / f"{name}.ts").write_text(text)
    return tsc(folder, *options)


def test_an_app_type_checks_and_livekit_takes_the_processor(livekit_app):
    result = check(livekit_app, app=APP)
    assert result.returncode == 0, result.stdout


def test_the_documentation_type_checks(livekit_app):
    modules = {
        re.sub(r"\W", "_", block.place): f"{block.code}export {{}};\n" for block in blocks("ts")
    }
    assert len(modules) > 5
    result = check(livekit_app, around=AROUND_DOCUMENTS, **modules)
    assert result.returncode == 0, result.stdout


def test_wrong_use_is_found(app):
    result = check(app, app=WRONG_APP)
    assert "Type 'string' is not assignable to type 'number'" in result.stdout
    assert "'latencySeconds' does not exist" in result.stdout


def test_its_types_need_nothing_else(app):
    modules = ("percepnet-web", "percepnet-web/livekit", "percepnet-web/jitsi")
    imports = "".join(f"import '{module}';\n" for module in modules)
    result = check(app, "--skipLibCheck", "false", app=imports)
    assert result.returncode == 0, result.stdout


def pipeline_of(chromium, folder, script):
    """Serve a folder without headers, run a script in a page of it."""
    with serve(folder, headers={}) as url:
        context = chromium().new_context()
        page = context.new_page()
        page.goto(url)
        pipeline = page.evaluate(script)
        context.close()
    return pipeline


def test_it_runs_from_node_modules(app, chromium):
    script = """async () => {
        const { Denoiser } = await import('/node_modules/percepnet-web/percepnet.js');
        const denoiser = await Denoiser.create();
        const { pipeline } = denoiser.stats;
        await denoiser.close();
        return pipeline;
    }"""
    assert pipeline_of(chromium, app, script) == "message"


def test_a_vite_app_as_documented(app, chromium):
    """Built and served; its source is the documentation's."""
    vite = app / "vite"
    vite.mkdir()
    (vite / "index.html").write_text('<script type="module" src="main.ts"></script>')
    keep = "Object.assign(window, { denoiser });"
    (vite / "main.ts").write_text(block_with("docs/web-app.md", "@vite-ignore") + keep)
    shutil.copytree(app / "node_modules/percepnet-web", vite / "public/percepnet")
    npm("install", "--no-audit", "--no-package-lock", VITE, cwd=app)
    command = [app / "node_modules/.bin/vite", "build", "--target", "es2022"]
    build = subprocess.run(command, cwd=vite, capture_output=True, text=True)
    assert build.returncode == 0, build.stderr
    script = """async () => {
        while (!window.denoiser) await new Promise((resolve) => setTimeout(resolve, 100));
        return window.denoiser.stats.pipeline;
    }"""
    assert pipeline_of(chromium, vite / "dist", script) == "message"
