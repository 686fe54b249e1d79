"""Chromium as a person has it: Playwright keeps every page visible, so this speaks to it itself."""

import json
import os
import subprocess
from contextlib import contextmanager


class Page:
    """One page, by the DevTools protocol."""

    def __init__(self, call):
        self._call = call
        self._target = call("Target.createTarget", url="about:blank")["targetId"]
        attached = call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]

    def goto(self, url):
        self._call("Page.navigate", self._session, url=url)
        self.run("while (document.readyState !== 'complete') await new Promise(setTimeout);")

    def run(self, script):
        """What a script with `await` and `return` gives."""
        answer = self._call(
            "Runtime.evaluate",
            self._session,
            expression=f"(async () => {{ {script} }})()",
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def come_to_the_front(self):
        self._call("Target.activateTarget", targetId=self._target)


@contextmanager
def unattended(executable, flags, profile):
    """Start it with a fresh profile; gives what opens a page, in a tab at the front."""
    from_us, to_us = os.pipe(), os.pipe()
    fds = {"in": from_us[0], "out": to_us[1]}
    script = f'exec "$@" 3<&{fds["in"]} 4>&{fds["out"]}'
    options = [*flags, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    browser = subprocess.Popen(
        ["bash", "-c", script, "bash", executable, *options],
        pass_fds=tuple(fds.values()),
        stderr=subprocess.DEVNULL,
    )
    for fd in fds.values():
        os.close(fd)
    with os.fdopen(from_us[1], "wb", 0) as requests, os.fdopen(to_us[0], "rb") as answers:
        n_calls = 0

        def call(method, session=None, **params):
            nonlocal n_calls
            n_calls += 1
            request = {"id": n_calls, "method": method, "params": params}
            if session:
                request["sessionId"] = session
            requests.write(json.dumps(request).encode() + b"\0")
            while True:
                answer = json.loads(next_message(answers))
                if answer.get("id") == n_calls:
                    assert "error" not in answer, answer["error"]
                    return answer["result"]

        try:
            yield lambda: Page(call)
        finally:
            browser.terminate()
            browser.wait()


def next_message(stream):
    message = bytearray()
    while (byte := stream.read(1)) != b"\0":
        assert byte, "Chromium has ended"
        message += byte
    return message
