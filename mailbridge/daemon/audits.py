"""The daily audit of a running desk."""

from __future__ import annotations

from datetime import datetime

from mailbridge.config.model import Config
from mailbridge.doctor.audit import TokensOf, audit
from mailbridge.doctor.audit_model import lane_name
from mailbridge.jobs.audit import AuditNews
from mailbridge.store.engine import Store


def compared(store: Store, config: Config, tokens: TokensOf, now: datetime) -> AuditNews:
    """Runs the audit; what the job tells of it."""
    report = audit(store, config, tokens, now)
    return AuditNews(
        missing=tuple((one.id, one.why, one.repair) for one in report.missing),
        faults=report.faults,
        accepted={lane_name((one.source, one.account, one.folder)): one.accepted for one in report.sources},
    )
