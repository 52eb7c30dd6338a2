"""Each alert rule fires on what it is for, and not on what is near it: asked of promtool, the program of Prometheus itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.install.pip import not_here
from tests.unit.ops.test_boards import ALERTS, known

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "alerts.yml"
STEP = 10  # minutes from one value to the next; one evaluation each
STEPS = 26 * 60 // STEP  # of a series: longer than the range of every expression
BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Series in the notation of promtool: metric -> its values, one each STEP."""

    fires: dict[str, str]
    quiet: dict[str, str]


def always(value: object) -> str:
    return f"{value}x{STEPS}"


def one(metric: str, fires: object, quiet: object) -> Case:
    return Case(fires={metric: always(fires)}, quiet={metric: always(quiet)})


AGE = f"0+600x{STEPS}"  # of something that happened at the start
CASES = {
    "MailbridgeDown": one('up{job="mailbridge"}', 0, 1),
    "MailbridgeStoreAway": one("mailbridge_store_up", 0, 1),
    "MailbridgeMailPutOff": Case(
        fires={'mailbridge_mails_put_off_total{source="smtp", reason="database"}': f"0+1x{STEPS}"},
        quiet={'mailbridge_mails_put_off_total{source="smtp", reason="closed"}': f"0+1x{STEPS}"},
    ),
    "MailbridgeSourceFails": one('mailbridge_source_up{name="outgoing"}', 0, 1),
    "MailbridgeSourceStale": Case(
        fires={'mailbridge_source_proven_timestamp_seconds{name="imap:support/INBOX"}': always(0)},
        quiet={
            'mailbridge_source_proven_timestamp_seconds{name="pipe"}': always(0),
            'mailbridge_source_proven_timestamp_seconds{name="webhook:hooks.acme.example"}': always(0),
            'mailbridge_source_proven_timestamp_seconds{name="outgoing"}': f"-600+600x{STEPS}",
        },
    ),
    "MailbridgeSourceSilent": one('mailbridge_source_silent{name="pipe"}', 1, 0),
    "MailbridgeCanaryLate": one('mailbridge_canary_late{to="support@acme.example"}', 1, 0),
    "MailbridgeCanaryStale": one('mailbridge_canary_age_seconds{to="support@acme.example"}', 3601, 3600),
    "MailbridgeShadowLong": one("mailbridge_shadow_seconds", 30 * 86400 + 1, 30 * 86400),
    "MailbridgeMailWaits": one("mailbridge_inbox_oldest_seconds", 301, 300),
    "MailbridgeMailMissing": one("mailbridge_audit_missing", 1, 0),
    "MailbridgeAuditStale": one("mailbridge_audit_age_seconds", 2 * 86400 + 1, 2 * 86400),
    "MailbridgeQuarantine": Case(
        fires={'mailbridge_inbox{state="quarantined"}': always(1)},
        quiet={'mailbridge_inbox{state="new"}': always(9), 'mailbridge_inbox{state="quarantined"}': always(0)},
    ),
    "MailbridgeOutboxStuck": Case(
        fires={'mailbridge_outbox{state="queued"}': always(60), 'mailbridge_outbox{state="deferred"}': always(60)},
        quiet={'mailbridge_outbox{state="queued"}': always(60), 'mailbridge_outbox{state="failed"}': always(60)},
    ),
    "MailbridgeOutboxOld": one("mailbridge_outbox_oldest_seconds", 601, 600),
    "MailbridgeUndeliverable": one('mailbridge_outbox{state="failed"}', 1, 0),
    "MailbridgeWebhooksFail": Case(
        fires={'mailbridge_webhooks{state="failed"}': always(1)},
        quiet={'mailbridge_webhooks{state="deferred"}': always(20), 'mailbridge_webhooks{state="queued"}': always(90)},
    ),
    "MailbridgeClocksLate": one("mailbridge_sweep_lag_seconds", 61, 60),
    "MailbridgeJobFails": one('mailbridge_job_failures{exported_job="sweep"}', 1, 0),
    "MailbridgeLoginEnds": one('mailbridge_oauth_days_left{login="support", kind="client secret"}', 13.9, 14),
    "MailbridgeLoginWithoutToken": one('mailbridge_oauth_token_seconds{login="support"}', 0, 1),
    "MailbridgeDiskFull": one('mailbridge_disk_free_bytes{files="database"}', 199 * BYTES, 200 * BYTES),
    # 50 MB a minute fill the rest within a day; 1 MB a minute would take 13 days.
    "MailbridgeDiskFills": Case(
        fires={'mailbridge_disk_free_bytes{files="database"}': f"{100_000 * BYTES}-{500 * BYTES}x{STEPS}"},
        quiet={'mailbridge_disk_free_bytes{files="database"}': f"{20_000 * BYTES}-{10 * BYTES}x{STEPS}"},
    ),
    "MailbridgeClockWrong": Case(
        fires={'mailbridge_time_seconds{instance="desk:9464"}': f"-31+600x{STEPS}"},
        quiet={'mailbridge_time_seconds{instance="desk:9464"}': f"29+600x{STEPS}"},
    ),
    "MailbridgeClockSet": Case(
        fires={"mailbridge_clock_steps_total": f"0x{STEPS - 3} 1x3"},
        quiet={"mailbridge_clock_steps_total": f"0x{STEPS - 12} 1x12"},
    ),
    "MailbridgeBackupFails": one("mailbridge_backup_failed", 1, 0),
    "MailbridgeBackupOld": one("mailbridge_backup_age_seconds", 2 * 86400 + 1, 2 * 86400),
    "MailbridgeBackupNotProven": Case(
        fires={"mailbridge_backup_proven_age_seconds": always(8 * 86400 + 1), "mailbridge_backup_age_seconds": AGE},
        quiet={"mailbridge_backup_proven_age_seconds": always(8 * 86400), "mailbridge_backup_age_seconds": AGE},
    ),
    "MailbridgeRulesBroken": one("mailbridge_rules_mistakes", 1, 0),
    "MailbridgeReadersLost": Case(
        fires={"mailbridge_readers_lost_total": f"0+10x{STEPS}"}, quiet={"mailbridge_readers_lost_total": always(11)}
    ),
}


def test_each_alert_has_a_case() -> None:
    assert sorted(CASES) == sorted(rule["alert"] for rule in ALERTS)


def test_the_cases_use_metrics_and_labels_that_there_are() -> None:
    own = {"job", "instance", "exported_job"}  # that Prometheus adds
    for alert, case in CASES.items():
        for series in (*case.fires, *case.quiet):
            if series.startswith("up{"):
                continue
            name, _, labels = series.partition("{")
            assert name in known(), alert
            assert set(re.findall(r"(\w+)=", labels)) - own <= known()[name], alert


def test_what_the_manual_alerts_on_has_an_alert() -> None:
    """`alert above 300` in the table of metrics promises one."""
    manual = (RULES.parents[2] / "docs" / "manual" / "running.md").read_text(encoding="utf-8")
    promised = re.findall(r"^\| `(mailbridge_\w+)` \|.*\balert (?:above|at|below|on|if)\b", manual, flags=re.MULTILINE)
    expressions = " ".join(rule["expr"] for rule in ALERTS)
    assert [name for name in promised if name not in expressions] == []
    assert len(promised) > 5


def test_each_alert_fires_on_what_it_is_for_and_not_on_what_is_near_it(tmp_path: Path) -> None:
    if not shutil.which("promtool"):
        not_here("promtool is missing: apt-get install prometheus")
    shutil.copy(RULES, tmp_path)
    for_promtool = {"rule_files": ["alerts.yml"], "evaluation_interval": f"{STEP}m", "tests": grouped()}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(for_promtool))

    done = subprocess.run(["promtool", "test", "rules", "tests.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def grouped() -> list[dict[str, Any]]:
    """Cases whose rules ask for different metrics are asked together: each group costs an evaluation of all rules."""
    metrics = {rule["alert"]: set(re.findall(r"mailbridge_\w+|\bup\b", rule["expr"])) for rule in ALERTS}
    groups: list[tuple[set[str], dict[str, Any]]] = []
    for alert, case in CASES.items():
        for series, fires in ((case.fires, True), (case.quiet, False)):
            used, group = next((one for one in groups if not one[0] & metrics[alert]), (set(), {}))
            if not group:
                group |= {"interval": f"{STEP}m", "input_series": [], "promql_expr_test": []}
                groups.append((used, group))
            used |= metrics[alert]
            group["input_series"] += [{"series": name, "values": values} for name, values in series.items()]
            group["promql_expr_test"].append(asked(alert, fires))
    return [group for _, group in groups]


def asked(alert: str, fires: bool) -> dict[str, Any]:
    """Whether this alert fires at the end, whatever others do."""
    expression = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) by (alertname)'
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if fires else []
    return {"expr": expression, "eval_time": f"{STEPS * STEP}m", "exp_samples": expected}
