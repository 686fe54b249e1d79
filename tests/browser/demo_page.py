"""The page as a person uses it."""

import soundfile

# Python has to be loaded, on a shared machine.
START_TIMEOUT_MS = 90_000


class DemoPage:
    def __init__(self, page, downloads):
        self.page = page
        self._downloads = downloads

    def start(self, button="#start"):
        """Press Start; returns when audio flows or a problem is shown."""
        self.page.click(button)
        self.page.wait_for_selector(
            "#start[data-running], #problem:not([hidden])", timeout=START_TIMEOUT_MS
        )

    def start_recorded(self, button="#start"):
        """Start with every sample recorded from the first on."""
        self.page.click("#record")
        self.start(button)
        assert not self.problem, self.problem

    def listen(self, seconds):
        self.page.wait_for_timeout(1000 * seconds)

    def choose_original(self):
        self.page.get_by_text("Original", exact=True).first.click()

    def slide(self, name, value):
        """Move a slider as a hand does: `input` fires."""
        self.page.fill(f"#{name}", str(value))

    def stop(self):
        self.page.click("#start")
        self.page.wait_for_selector("#start:not([data-running])")

    def recording(self):
        """What the denoiser's node received and emitted, each float32 (n,)."""
        return tuple(self._download(name) for name in ("noisy", "enhanced"))

    def _download(self, name):
        with self.page.expect_download() as download:
            self.page.click(f"#{name}-file")
        path = self._downloads / f"{name}.wav"
        download.value.save_as(path)
        samples, _ = soundfile.read(path, dtype="float32")
        return samples

    def loudness_of(self, selector):
        """How bright a canvas is, by rows from the top, each 0 to 255."""
        return self.page.eval_on_selector(
            selector,
            """(canvas) => {
                const { width, height } = canvas;
                const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
                return Array.from({ length: height }, (_, row) => {
                    let sum = 0;
                    for (let x = 0; x < width; x++) sum += data[4 * (row * width + x) + 1];
                    return sum / width;
                });
            }""",
        )

    @property
    def problem(self):
        """What the page says went wrong, or an empty string."""
        return self.page.inner_text("#problem") if self.page.is_visible("#problem") else ""

    def status(self, name):
        return self.page.inner_text(f"#{name}")

    def protocol(self, name):
        """A constant of protocol.js."""
        return self.page.evaluate("async (name) => (await import('./protocol.js'))[name]", name)

    def create_denoiser(self, options, sample_rate=48_000):
        """Create a Denoiser as an app does; returns the error's message or 'created'."""
        return self.page.evaluate(
            """async ([options, sampleRate]) => {
                const { Denoiser } = await import('./percepnet.js');
                const audioContext = new AudioContext({ sampleRate });
                try {
                    const denoiser = await Denoiser.create({ audioContext, ...options });
                    await denoiser.close();
                    return 'created';
                } catch (error) {
                    return error.message;
                } finally {
                    await audioContext.close();
                }
            }""",
            [options, sample_rate],
        )
