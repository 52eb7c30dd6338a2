"""`mailbridge check` and `mailbridge rules` on a desk of their own."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.cli.main import main
from mailbridge.rules import folder as rules_folder
from mailbridge.rules.load import load, version_of
from mailbridge.rules.versions import changes
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MAIL = b"From: ana@acme.example\r\nSubject: Imprimanta LF-2231 nu merge\r\n\r\nE-52\r\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A desk with the shipped rules, and nobody's environment."""
    monkeypatch.delenv("MAILBRIDGE_DESK", raising=False)
    assert main(["init", str(tmp_path / "desk")]) == 0
    capsys.readouterr()
    monkeypatch.chdir(tmp_path / "desk")
    return tmp_path / "desk"


def remember(desk: Path) -> str:
    """The rules of now were in force once, and two mails came."""
    files, _ = rules_folder.read(desk)
    store = Store(f"sqlite:///{desk / 'mailbridge.db'}")
    store.upgrade()
    with store.write() as tx:
        tx.policies.remember(version_of(files), files, NOW)
        tx.state.set("rules", {"version": version_of(files), "since": NOW.isoformat(), "problems": []}, NOW)
        for number, subject in enumerate(("Rechnung 7", "Imprimanta LF-2231"), 1):
            raw = f"From: ana@acme.example\r\nSubject: {subject}\r\n\r\nx".encode()
            tx.mails.add(
                StoredMail(
                    direction=Direction.IN,
                    received_at=datetime.now(UTC),
                    ticket=number,
                    fingerprint=f"{subject}{datetime.now(UTC)}",
                    sender="ana@acme.example",
                    subject=subject,
                    sha256=tx.blobs.put(raw),
                    text="x",
                    fresh="x",
                )
            )
    store.close()
    return version_of(files)


def test_a_good_desk_leaves_zero(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "0 errors" in capsys.readouterr().out


def test_a_mistake_leaves_one_and_names_its_place(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk / "rules" / "routing" / "30-billing.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("then: {team: billing,", "then: {team: biling,"), encoding="utf-8")
    version = remember(desk)

    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert 'rules/routing/30-billing.yaml:11:16: unknown team "biling"' in out
    line = (desk / "rules" / "teams.yaml").read_text(encoding="utf-8").splitlines().index("  billing:") + 1
    assert f'did you mean "billing" (rules/teams.yaml:{line})?' in out
    assert f"(version {version})" in out


def test_a_mistake_in_another_folder_is_shown_by_the_line_of_that_folder(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "candidate"
    shutil.copytree(desk / "rules", other)
    path = other / "routing" / "30-billing.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("then: {team: billing,", "then: {team: biling,"), encoding="utf-8")

    assert main(["check", "--rules", str(other)]) == 1
    assert "11 |   then: {team: biling," in capsys.readouterr().out


def test_the_template_of_a_reply_must_be_there(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = "- {name: y, when: {kind: list}, then: {reply: recieved}, examples: [{mail: {kind: list}}]}\n"
    (desk / "rules" / "routing" / "95.yaml").write_text(rule, encoding="utf-8")

    assert main(["check"]) == 1
    assert 'did you mean "received"?' in capsys.readouterr().out
    (desk / "templates" / "mail").mkdir(parents=True)
    shipped = Path(__file__).parents[3] / "templates" / "mail" / "customer.received.j2"
    (desk / "templates" / "mail" / "customer.recieved.j2").write_bytes(shipped.read_bytes())
    main(["check"])
    assert "unknown template" not in capsys.readouterr().out


def test_check_tells_programs_the_same(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "rules" / "team.yaml").write_text("x: 1\n", encoding="utf-8")

    assert main(["check", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["errors"], [one["file"] for one in told["problems"] if not one["warning"]]) == (1, ["rules/team.yaml"])


def test_looking_makes_no_database(desk: Path) -> None:
    main(["check"])

    assert not (desk / "mailbridge.db").exists()


def test_an_eml_is_explained_without_a_database(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)

    assert main(["rules", "explain", str(tmp_path / "a.eml")]) == 0
    out = capsys.readouterr().out
    assert "printer down under a four-hour contract" in out
    assert "→ team field-service (already), priority high, sla four-hours, equipment LF-2231, field serial LF-2231; stop" in out
    assert not (desk / "mailbridge.db").exists()


def test_an_example_may_be_a_file_beside_the_rule(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = "- name: y\n  when: {body: {contains: E-52}}\n  then: {priority: low}\n  examples: [{file: e52.eml, gives: {priority: low}}]\n"
    (desk / "rules" / "routing" / "95.yaml").write_text(rule, encoding="utf-8")
    (desk / "rules" / "routing" / "e52.eml").write_bytes(b"From: a@b.example\nSubject: x\n\nerror E-52 \xe9\n")

    assert main(["check"]) == 0
    (desk / "rules" / "routing" / "e52.eml").write_bytes(b"From: a@b.example\nSubject: x\n\nerror E-53\n")
    assert main(["check"]) == 1
    assert 'this example of "y" does not make the rule hold' in capsys.readouterr().out


def test_a_candidate_is_compared_with_the_desks_own_rules(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(desk)
    candidate = tmp_path / "candidate"
    (desk / "rules").rename(candidate)
    main(["init", str(tmp_path / "again")])
    (tmp_path / "again" / "rules").rename(desk / "rules")
    billing = candidate / "routing" / "30-billing.yaml"
    billing.write_text("- {name: bills, when: {header: {subject: {contains: Rechnung}}}, then: {team: support}}\n", encoding="utf-8")
    capsys.readouterr()

    assert main(["rules", "backtest", "--rules", str(candidate), "--html", str(tmp_path / "p.html")]) == 0
    out = capsys.readouterr().out
    assert "2 mails replayed" in out
    assert "billing → support            1   bills" in out
    assert "<svg" in (tmp_path / "p.html").read_text(encoding="utf-8")
    assert main(["rules", "backtest", "--rules", str(candidate), "--fail-over", "49%"]) == 1
    assert main(["rules", "backtest", "--rules", str(candidate), "--fail-over", "50%"]) == 0
    assert main(["rules", "backtest", "--rules", str(candidate), "--since", "yesterday"]) == 2


def test_history_and_rollback(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = remember(desk)
    billing = desk / "rules" / "routing" / "30-billing.yaml"
    before = billing.read_text(encoding="utf-8")
    billing.write_text(before.replace("then: {team: billing, type: invoice", "then: {team: billing, type: question"), encoding="utf-8")
    (desk / "rules" / "routing" / "99.yaml").write_text("- {name: z, when: {kind: list}, then: {drop: true}}\n", encoding="utf-8")

    assert main(["rules", "rollback", first[:6], "--yes"]) == 0
    assert version_of(rules_folder.read(desk)[0]) == first
    assert billing.read_text(encoding="utf-8") == before
    assert (desk / "rules" / "schema" / "routing.json").is_file()
    assert (desk / f"rules.before-{first}" / "routing" / "99.yaml").is_file()
    capsys.readouterr()
    assert main(["rules", "history", "--json"]) == 0
    assert [each["version"] for each in json.loads(capsys.readouterr().out)] == [first]
    assert main(["rules", "rollback", "0000", "--yes"]) == 1


def test_fmt_tidies_and_check_only_looks(desk: Path) -> None:
    path = desk / "rules" / "types.yaml"
    tidy = path.read_text(encoding="utf-8")
    path.write_text(tidy.replace("\n", "  \n"), encoding="utf-8")

    assert main(["rules", "fmt", "--check"]) == 1
    assert main(["rules", "fmt"]) == 0
    assert path.read_text(encoding="utf-8") == tidy
    assert main(["rules", "fmt", "--check"]) == 0


def test_schema_is_printed_and_written(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "schema", "sla"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "sla.yaml of mailbridge"
    assert main(["rules", "schema", "--write", str(tmp_path / "s")]) == 0
    assert sorted(path.name for path in (tmp_path / "s").iterdir())[0] == "approvals.json"
    assert main(["rules", "schema", "tickets"]) == 2


def test_what_changed_names_the_rules() -> None:
    old = "- {name: a, when: {kind: list}, then: {drop: true}}\n- {name: b, when: {kind: list}, then: {drop: true}}\n"
    new = "# x\n- {name: b, when: {kind: loop}, then: {drop: true}}\n- {name: c, when: {kind: list}, then: {drop: true}}\n"
    routing = "rules/routing/1.yaml"

    assert changes({routing: old}, {routing: new}) == ['routing/1.yaml: + "c", - "a", ~ "b"']
    assert changes({routing: old}, {routing: old + "# y\n"}) == ["routing/1.yaml: order or comments"]
    assert changes({"rules/sla.yaml": "a"}, {"rules/types.yaml": "b"}) == ["sla.yaml gone", "types.yaml new"]
    assert changes({}, {routing: old}) == ["the first"]


def test_an_unreadable_file_is_a_mistake_and_not_an_end(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "teams.yaml").write_bytes(b"\xff\xfe\x00")
    files, problems = rules_folder.read(tmp_path)

    assert files == {}
    assert [problem.message for problem in problems] == ["cannot be read: not UTF-8"]
    assert load(files).policy is None
