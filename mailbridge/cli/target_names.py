"""The names of SLA targets in the output of all commands, as docs/glossary.md has them.  JSON has the stored names."""

from __future__ import annotations

from mailbridge.sla.segments import TargetKind


def target_name(kind: TargetKind) -> str:
    names = {
        TargetKind.RESPONSE: "first answer",
        TargetKind.NEXT_RESPONSE: "next answer",
        TargetKind.RESOLUTION: "solution",
        TargetKind.ARRIVAL: "arrival on site",
        TargetKind.TEAM: "team",
        TargetKind.CLAIM: "taken",
    }
    return names[kind]
