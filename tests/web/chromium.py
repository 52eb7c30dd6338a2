"""Chromium, driven by the DevTools protocol over two pipes: no driver, no port, no request to anybody but the desk.

https://chromedevtools.github.io/devtools-protocol; messages are JSON and end with a zero byte (--remote-debugging-pipe).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 60.0
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip


class Chromium:
    """One tab.  `asked`: the addresses of all requests so far; `complaints`: what the console said."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._pending, self._number, self._session = b"", 0, ""
        self.asked: list[str] = []
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """The page is loaded."""
        self._loaded(lambda: self._call("Page.navigate", url=url))

    def press(self, selector: str) -> None:
        """Presses a button that leads to another page, by the mouse, as a person does; also where scripts are off."""
        self._call("DOM.enable")
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._call("DOM.scrollIntoViewIfNeeded", nodeId=node)
        quad = self._call("DOM.getBoxModel", nodeId=node)["model"]["content"]
        x, y = (quad[0] + quad[4]) / 2, (quad[1] + quad[5]) / 2
        mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}

        def click() -> None:
            self._call("Input.dispatchMouseEvent", type="mousePressed", **mouse)
            self._call("Input.dispatchMouseEvent", type="mouseReleased", **mouse)

        self._loaded(click)

    def type(self, selector: str, text: str) -> None:
        """Types into a field."""
        self._call("DOM.enable")
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        self._call("DOM.focus", nodeId=self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"])
        self._call("Input.insertText", text=text)

    def evaluate(self, expression: str) -> Any:
        """What the expression gives in the page, by a script of DevTools, which no policy of the page forbids."""
        return self._call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    @property
    def words(self) -> str:
        return " ".join(str(self.evaluate("document.body.innerText")).split())

    @property
    def address(self) -> str:
        return str(self.evaluate("location.href"))

    def scripts(self, *, on: bool) -> None:
        self._call("Emulation.setScriptExecutionDisabled", value=not on)

    def show(self, width: int, *, dark: bool = False) -> None:
        """The width of the window in pixels, and the colours that the reader prefers."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=scheme)

    def picture(self) -> bytes:
        """The whole page as PNG."""
        return b64decode(self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def _loaded(self, act: Any) -> None:
        self._loads = 0
        act()
        until = time.monotonic() + PATIENCE
        while not self._loads:
            self._take(until)

    def _call(self, method: str, **params: object) -> Any:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params, **({"sessionId": self._session} if self._session else {})}
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            said = self._take(until)
            if said.get("id") == self._number:
                assert "error" not in said, f"{method}: {said['error']}"
                return said["result"]

    def _take(self, until: float) -> Any:
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            piece = os.read(self._read, 1 << 16)
            assert piece, "Chromium has ended"
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\0")
        said = json.loads(line)
        self._note(said)
        return said

    def _note(self, said: Any) -> None:
        params = said.get("params", {})
        match said.get("method"):
            case "Page.loadEventFired":
                self._loads = 1
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(params["exceptionDetails"]["text"])

    _loads = 0


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser without any cookie, which is gone afterwards."""
    program = shutil.which("chromium")
    assert program, "tests need Debian's chromium: tests/install-servers.sh"
    to_read, write = os.pipe()
    read, to_write = os.pipe()

    with tempfile.TemporaryDirectory(prefix="mailbridge-chromium-", ignore_cleanup_errors=True) as folder:
        command = [program, *FLAGS, f"--user-data-dir={folder}"]
        command = ["/bin/bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *command]
        process = subprocess.Popen(
            command, pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        for number in (to_read, to_write):
            os.close(number)
        try:
            yield Chromium(write, read)
        finally:
            os.close(write)
            os.close(read)
            process.terminate()
            process.wait(PATIENCE)
