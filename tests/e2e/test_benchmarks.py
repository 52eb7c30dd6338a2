"""The benchmarks run and find no fault; how fast is not asked here, where several runs share a machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from benchmarks import generator
from benchmarks.ingest import FAULTS, read_corpus
from benchmarks.paired import BENCHMARKS, Pairs

ROOT = Path(__file__).parents[2]
PROMISED = {"mails_per_s", "parse_mails_per_s", "ratio_to_parse", "lost", "doubled", "misplaced", "attachments_wrong", "peak_mb"}


def test_the_generator_makes_the_same_mails_from_the_same_numbers(tmp_path: Path) -> None:
    for name in ("one", "other"):
        generator.write(tmp_path / name, 60, seed=3)

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 61
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes() for name in files)


def test_the_manifest_tells_the_truth_about_the_mails(tmp_path: Path) -> None:
    generator.write(tmp_path, 150, seed=4)

    corpus = read_corpus(tmp_path, tmp_path / "manifest.jsonl")

    assert corpus.address == generator.DESK
    assert {one["kind"] for one in corpus.truth} >= {"new", "reply"}
    for raw, one in zip(corpus.raws, corpus.truth, strict=True):
        mail = message_from_bytes(raw, policy=default)
        assert (mail["Message-ID"], mail["Subject"]) == (one["msgid"], one["subject"])
        files = [part.get_payload(decode=True) for part in mail.iter_attachments()] if one["kind"] in {"new", "reply"} else []
        assert [hashlib.sha256(file).hexdigest() for file in files] == [file["sha256"] for file in one["attachments"]]
        if one["probe"]:
            body = mail.get_body(("plain", "html"))
            assert body is not None
            assert one["fresh"] in body.get_content()


@pytest.mark.servers
def test_every_mail_of_a_mailbox_ends_where_it_belongs(tmp_path: Path) -> None:
    """40 mails of the generator from a real Dovecot, by the very command of the manual."""
    command = [sys.executable, "benchmarks/ingest.py", "--n", "40", "--rounds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() >= PROMISED
    assert {name: found[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert found["mails"] == 40
    assert found["mails_per_s"] > 0


def test_the_cost_of_understanding_is_told_beside_the_bare_parses() -> None:
    command = [sys.executable, "benchmarks/parse.py", "--n", "25", "--rounds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)

    assert done.returncode in {0, 1}, done.stderr
    found = json.loads(done.stdout)
    assert found["cpu_ms_a_mail"].keys() == {"mailbridge", "mail-parser", "standard library"}
    assert all(figure > 0 for figures in ("cpu_ms_a_mail", "mails_per_s", "memory_mb") for figure in found[figures].values())
    assert set(found["failed"].values()) == {0}
    assert {"reply", "kind", "language"} <= found["where_ours_goes_ms"].keys()


def test_two_commits_are_compared_round_by_round() -> None:
    """The quotient is the median of the quotients, in the order of the rounds."""
    pairs = Pairs(base=[2.0, 4.0, 1.0], here=[1.0, 4.0, 3.0])

    assert pairs.quotient == 1.0
    assert set(BENCHMARKS) == {"ingest", "commands", "rules", "growth"}
    rules = [{"name": "a", "value": 1, "unit": "ms"}, {"name": "b", "value": 2, "unit": "times"}]
    assert BENCHMARKS["rules"].figures(rules) == {"rules: a": 1}
