"""A rule may ask for the body as it came: the pipeline fetches it for such rules, and explain and backtest judge alike."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from mailbridge.cli.main import cli
from tests.harness import RULES, a_desk, a_mail

RAW = """
- name: coded bodies
  when: {body: {raw: {contains: cHJpbnRlcg==}}}
  then: {tags: [coded]}
"""
MAIL = a_mail().replace(b"Content-Transfer-Encoding: 7bit", b"Content-Transfer-Encoding: base64").partition(b"\r\n\r\n")[0] + (
    b"\r\n\r\ncHJpbnRlcg==\r\n"
)


def test_the_body_as_it_came_is_there_for_rules_that_ask_for_it(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=RULES | {"routing/20-raw.yaml": RAW}) as desk:
        desk.feed(MAIL)
        assert desk.ticket().tags == ("coded",)
    (tmp_path / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    (tmp_path / "one.eml").write_bytes(MAIL)

    for what in ([str(tmp_path / "one.eml")], ["1", "--again"]):
        result = CliRunner().invoke(cli, ["rules", "explain", *what, "--json", "--desk", str(tmp_path)], standalone_mode=False)
        assert result.exception is None, result.exception
        told = json.loads(result.output)
        assert (told[0] if isinstance(told, list) else told)["verdict"]["tags"] == ["coded"]
