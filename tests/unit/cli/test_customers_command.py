"""`mailbridge customers`: show, check, export, import."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from mailbridge.cli import exits
from mailbridge.cli.main import main


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk as `init` writes it: acme in customers.yaml."""
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    return folder


def run(desk: Path, capsys: pytest.CaptureFixture[str], *arguments: str, leaves: int = exits.OK) -> tuple[str, str]:
    capsys.readouterr()
    assert main(["customers", arguments[0], "--desk", str(desk), *arguments[1:]]) == leaves
    said = capsys.readouterr()
    return said.out, said.err


def test_a_customer_is_found_by_whatever_is_known_of_it(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = [run(desk, capsys, "show", who)[0] for who in ("acme", "somebody@acme.example", "acme.example", "lf 2231", "ACME-0017")]

    assert len(set(shown)) == 1
    assert shown[0].startswith("Acme SRL (acme)\n  tier: gold\n")
    assert "    LF-2231, ACME-0017, printer, LaserFast 2000, iasi\n" in shown[0]
    assert json.loads(run(desk, capsys, "show", "acme", "--json")[0])["locations"]["iasi"]["title"] == "Iași"
    assert "no customer matches" in run(desk, capsys, "show", "nobody", leaves=exits.MISTAKES)[1]


def test_without_a_word_all_are_listed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk, capsys, "show")[0].splitlines()[1].split() == ["acme", "Acme", "SRL", "gold", "1", "2", "2", "2"]


def test_what_is_imported_is_there_and_checked_and_exported(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = tmp_path / "people.csv"
    people.write_text("customer,address,name\nacme,ion@freemail.example,Ion Radu\n", encoding="utf-8")

    assert run(desk, capsys, "import", "--dry-run", str(people))[0] == (
        "rules/customers/people.csv could be written\n0 customers added, 1 changed, 0 removed\n"
    )
    assert not (desk / "rules" / "customers").exists()
    assert run(desk, capsys, "import", str(people))[0].startswith("rules/customers/people.csv was written\n")
    assert "ion@freemail.example, Ion Radu" in run(desk, capsys, "show", "ion@freemail.example")[0]
    assert run(desk, capsys, "check")[0].endswith("1 customer with 2 devices and 2 contracts\n")
    assert "--replace" in run(desk, capsys, "import", str(people), leaves=exits.MISTAKES)[1]
    run(desk, capsys, "import", "--replace", str(people))

    written = tmp_path / "all.yaml"
    run(desk, capsys, "export", "--output", str(written))
    assert written.read_text(encoding="utf-8") == run(desk, capsys, "export")[0]
    assert "Ion Radu" in written.read_text(encoding="utf-8")
    assert "already exists" in run(desk, capsys, "export", "--output", str(written), leaves=exits.MISTAKES)[1]


def test_of_a_file_with_a_mistake_nothing_is_taken(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    devices = tmp_path / "devices.csv"
    devices.write_text("customer,serial\nacme,XX-100\nacme,LF-2231\n", encoding="utf-8")

    said = run(desk, capsys, "import", str(devices), leaves=exits.USAGE)[1]

    assert f'{devices}:3:6: the serial number "LF-2231" stands twice' in said
    assert "  3 | acme,LF-2231\n" in said
    assert not (desk / "rules" / "customers").exists()


def test_check_names_the_file_and_the_line(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "rules" / "customers").mkdir()
    (desk / "rules" / "customers" / "acme.people.csv").write_text("address\n\n", encoding="utf-8")

    assert "rules/customers/acme.people.csv:2:1: an empty row" in run(desk, capsys, "check", leaves=exits.MISTAKES)[0]
    told = json.loads(run(desk, capsys, "check", "--json", leaves=exits.MISTAKES)[0])
    assert [(one["file"], one["line"]) for one in told["problems"]] == [("rules/customers/acme.people.csv", 2)]


def test_a_name_that_the_desk_would_not_read_is_refused(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = tmp_path / "notes.csv"
    notes.write_text("x\n", encoding="utf-8")

    assert "not a valid file name" in run(desk, capsys, "import", str(notes), leaves=exits.MISTAKES)[1]


def test_what_is_changed_beside_the_files_is_shown_checked_and_exported(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run(desk, capsys, "add", "Acme SRL", "person", "eva@private.example", "role=buyer", "phones=+40 232 123 456")[0]
    assert said == "acme: person eva@private.example role=buyer, phones=+40 232 123 456\n"
    assert "eva@private.example, buyer" in run(desk, capsys, "show", "eva@private.example")[0]
    refused = run(desk, capsys, "change", "acme", "customer", "tier=silver", leaves=exits.MISTAKES)[1]
    assert "this value is set in a file (tier: rules/customers.yaml:" in refused
    assert 'did you mean "acme"?' in run(desk, capsys, "remove", "acmee", "person", "x@y.example", leaves=exits.MISTAKES)[1]
    assert "role=buyer" in run(desk, capsys, "history", "acme")[0]
    assert json.loads(run(desk, capsys, "history", "acme", "--json")[0])[0]["values"] == {"phones": "+40 232 123 456", "role": "buyer"}

    before = json.loads(run(desk, capsys, "show", "--json")[0])
    written = tmp_path / "all.yaml"
    run(desk, capsys, "export", "--output", str(written))
    people = tmp_path / "people.csv"
    people.write_text("customer,address,role\nacme,eva@private.example,boss\n", encoding="utf-8")
    told = run(desk, capsys, "import", str(people))[0]
    assert "rules/customers/people.csv:2: the overlay change has no effect: acme person eva@private.example role" in told

    checked = run(desk, capsys, "check")[0]
    assert "rules/customers/people.csv:2" in checked
    assert "made by the command line" in checked
    assert "eva@private.example, boss, +40 232 123 456" in run(desk, capsys, "show", "acme")[0]
    (desk / "rules" / "customers" / "people.csv").unlink()
    assert "eva@private.example, buyer" in run(desk, capsys, "show", "acme")[0]

    (desk / "rules" / "customers.yaml").write_text(written.read_text(encoding="utf-8"), encoding="utf-8")
    assert json.loads(run(desk, capsys, "show", "--json")[0]) == before


def test_contracts_are_listed_with_how_they_stand(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = datetime.now(ZoneInfo("Europe/Bucharest")).date()  # as the desk's calendar has it
    contracts = {
        "ends": f"{{until: {day + timedelta(days=12)}, responsible: ana}}",
        "far": f"{{until: {day + timedelta(days=300)}}}",
        "old": f"{{until: {day - timedelta(days=1)}}}",
        "renewed": f"{{until: {day + timedelta(days=5)}}}",
        "next": f"{{renews: renewed, since: {day + timedelta(days=6)}}}",
    }
    lines = "".join(f"      {name}: {about}\n" for name, about in contracts.items())
    agent = next(iter(yaml.safe_load((desk / "rules" / "teams.yaml").read_text())["agents"]))
    text = f"customers:\n  beta:\n    domains: [beta.example]\n    contracts:\n{lines}".replace("ana", agent)
    (desk / "rules" / "customers").mkdir(exist_ok=True)
    (desk / "rules" / "customers" / "beta.yaml").write_text(text)

    rows = {row["contract"]: row for row in json.loads(run(desk, capsys, "contracts", "--json")[0]) if row["customer"] == "beta"}
    assert {name: (row["state"], row["renewed_by"]) for name, row in rows.items()} == {
        "old": ("ended", ""), "renewed": ("renewed", "next"), "ends": ("ends", ""), "far": ("valid", ""), "next": ("later", ""),
    }  # fmt: skip
    [ending] = [line for line in run(desk, capsys, "contracts", "--ending", "60d")[0].splitlines() if "beta" in line]
    assert ending.split()[1] == "ends"
    assert ending.rstrip().endswith("ends in 12 days")
