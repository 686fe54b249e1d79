"""Another model while the sound goes on: what is heard then, and what is refused."""

import pytest
from engine_page import EnginePage

from models import random_parameters
from percepnet.network import quantize_network, save_model
from percepnet.topology import Topology

pytestmark = pytest.mark.alone

CHANGE_MODEL = """
    const refused = [];
    for (const model of ['nobody', new URL('/models/index.json', location)]) {
        await h.denoiser.useModel(model).catch((error) => refused.push(error.message));
    }
    refused.push(h.denoiser.model);
    await h.denoiser.useModel('mute');
    return refused;
"""


# Appended to engine.js: with the default model a hop takes longer than it lasts
SLOW_ENGINE = b"""
const quickProcess = Engine.prototype.process;
const setModel = Engine.prototype.useModel;
let hopMs = 15;
Engine.prototype.process = function () {
  const endMs = performance.now() + hopMs;
  while (performance.now() < endMs);
  return quickProcess.call(this);
};
Engine.prototype.useModel = function (model) {
  setModel.call(this, model);
  hopMs = 0;
};
"""


@pytest.fixture(scope="module")
def mute_model(tmp_path_factory):
    """A model whose gains are next to nothing."""
    topology = Topology(channels=16, squeeze=2, full=16, expand=2)
    parameters = random_parameters(topology, seed=5)
    parameters["head.weight"][:] = 0
    parameters["head.bias"][:] = -20
    path = tmp_path_factory.mktemp("models") / "mute.npz"
    save_model(quantize_network(topology, parameters), path)
    return path


@pytest.mark.parametrize("pipeline", ["shared", "message"])
def test_another_model_while_the_sound_goes_on(chromium, site_url, mute_model, pipeline):
    context = chromium().new_context()
    context.route("**/models/mute.npz", lambda route: route.fulfill(path=mute_model))
    page = EnginePage(context.new_page(), site_url).open(pipeline=pipeline)
    page.listen(seconds=0.5)
    nobody, no_model, still_in_use = page.run(CHANGE_MODEL)
    wait_for_sound(page, is_quiet=True)
    model = page.stats["model"]
    page.run("await h.denoiser.useModel('default');")
    wait_for_sound(page, is_quiet=False)
    n_workers = page.run("return workers.length;")
    context.close()

    assert "models/nobody.npz cannot be loaded (HTTP 404)" in nobody
    assert "is not a percepnet model" in no_model
    assert (still_in_use, model, n_workers) == ("default", "mute", 1)


def test_an_engine_too_slow_for_its_model_steps_down(chromium, serve_site, mute_model):
    url = serve_site(edited={"/engine.js": lambda engine: engine + SLOW_ENGINE})
    index = {"models": [{"name": "mute", "weights": 9, "bytes": 9, "sha256": ""}]}
    context = chromium().new_context()
    context.route("**/models/mute.npz", lambda route: route.fulfill(path=mute_model))
    context.route("**/models/index.json", lambda route: route.fulfill(json=index))
    page = EnginePage(context.new_page(), url).open()
    page.wait_for_degraded("slow")
    wait_for_sound(page, is_quiet=True)
    page.wait_for("recovered")
    (slow,) = (e["detail"] for e in page.events("degraded") if e["detail"]["reason"] == "slow")
    model, n_workers = page.stats["model"], page.run("return workers.length;")
    context.close()
    assert slow["message"] == 'too slow for the model "default": going on with "mute"'
    assert (model, n_workers) == ("mute", 1)


def wait_for_sound(page, is_quiet):
    """The source is loud; what is late on a busy machine, too."""
    page.page.wait_for_function(
        """(isQuiet) => {
            const peak = Math.max(...h.sides[1].at(-1).map(Math.abs));
            return isQuiet ? peak < 1e-3 : peak > 1e-2;
        }""",
        arg=is_quiet,
    )
