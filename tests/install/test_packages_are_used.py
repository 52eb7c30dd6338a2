"""The packages that the product is built on do the work: where one is a stub that accepts everything, the way through it fails.

With the real package each way can be gone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.install.pip import ROOT, run

STUB = '''
"""Takes the place of a package: every module and every name is there, and nothing does anything."""
import importlib.abc, importlib.machinery, sys

class Nothing(Exception):
    def __init__(self, *_a, **_k): pass
    def __call__(self, *_a, **_k): return Nothing()
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return Nothing()
    def __enter__(self): return self
    def __exit__(self, *_a): return None
    def __iter__(self): return iter(())
    def __class_getitem__(cls, _item): return cls

def _name(name):
    if name.startswith("__"): raise AttributeError(name)
    return type(name, (Nothing,), {})

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.startswith(__name__ + "."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec): return None
    def exec_module(self, module): module.__getattr__ = _name

__getattr__ = _name
__path__ = []
sys.meta_path.insert(0, Finder())
'''

TICKER = """
from datetime import timedelta
from threading import Event
from mailbridge.jobs.ticker import Job, Ticker
class Runs:
    def run(self, job, work): work()
    def hangs(self, job, since): pass
called = Event()
ticker = Ticker([Job(name="job", every=timedelta(hours=1), run=called.set)], Runs())
ticker.start()
assert called.wait(5)
"""
A_DESK = """
import pathlib, sys
from tests.harness import a_desk, a_mail
with a_desk(pathlib.Path(sys.argv[1])) as desk:
    desk.feed(a_mail("The printer is on fire.", subject="Printer"))
    told = desk.deliver()
    assert desk.ticket().subject == "Printer", desk.ticket()
    assert any("MB-1" in str(mail["subject"]) for mail in told), told
"""
A_READING = """
from datetime import UTC
from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.read import read
raw = b"From: Carol <carol@customer.test>\\nTo: x@desk.test\\nDate: Mon, 30 Nov 2026 09:00:00 +0200\\nSubject: s\\n\\ntext\\n"
message = read(raw, ReadingPolicy())
assert message.sender.address == "carol@customer.test", message.sender
assert message.date.astimezone(UTC).hour == 7, message.date
"""
A_LOG = """
import io, json
from mailbridge.ops import log
stream = io.StringIO()
log.configure(style="json", level="info", stream=stream)
log.get("worker").info("mail_processed", ticket=7)
assert json.loads(stream.getvalue())["ticket"] == 7
"""
A_TEST = "import pytest, sys; sys.exit(pytest.main(['-q', '-x', '-p', 'no:cacheprovider', '{}']))"
IMAP = A_TEST.format("tests/intake/test_imap_fake.py::test_mail_is_peeked_at_and_never_searched_for_by_its_words")
SMTP = A_TEST.format("tests/intake/test_listener.py::test_accepted_mail_is_kept_whole_with_its_envelope")

WAYS = {
    "aiosmtpd": SMTP,
    "imapclient": IMAP,
    "mailparser": A_READING,
    "sqlalchemy": A_DESK,
    "apscheduler": TICKER,
    "jinja2": A_DESK,
    "structlog": A_LOG,
}


def go(program: str, folder: Path, *first: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "desk").mkdir()
    path = ":".join(map(str, (*first, ROOT)))
    return run([sys.executable, "-c", f"import os; os.chdir({str(ROOT)!r})\n{program}", folder / "desk"], PYTHONPATH=path, **environment)


@pytest.mark.parametrize("package", sorted(WAYS.keys() - {"sqlalchemy"}))  # whose way is that of jinja2
def test_with_the_real_package_the_way_can_be_gone(package: str, tmp_path: Path) -> None:
    done = go(WAYS[package], tmp_path)

    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]


@pytest.mark.parametrize("package", WAYS)
def test_with_a_stub_in_its_place_the_way_ends(package: str, tmp_path: Path) -> None:
    (tmp_path / "stub" / package).mkdir(parents=True)
    (tmp_path / "stub" / package / "__init__.py").write_text(STUB)

    assert go(WAYS[package], tmp_path, tmp_path / "stub", TESTS_WIRE_PATIENCE="3").returncode != 0
