"""A scanner that is silent three times in a row is skipped for a minute; then one mail probes it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mailbridge.checks.scan import NotScanned, ScanFault
from mailbridge.checks.skipping import MOST, PAUSE, SkippedScanner


@dataclass
class Scanner:
    """Answers after `seconds`, by `fault` or well.  It is its own clock."""

    seconds: float = 30.0
    fault: ScanFault | None = ScanFault.BROKE
    asked: int = 0
    time: float = 0.0
    reports: list[tuple[str, str]] = field(default_factory=list)

    def scan(self) -> str:
        self.asked += 1
        self.time += self.seconds
        if self.fault is not None:
            raise NotScanned("clamd did not answer in time", self.fault)
        return ""

    def report(self, name: str, trouble: str) -> None:
        self.reports.append((name, trouble))

    def skipped(self) -> SkippedScanner:
        return SkippedScanner("scanner:clamd", self.report, lambda: self.time)


def ask(skipped: SkippedScanner, scanner: Scanner, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotScanned):
            skipped.ask(scanner.scan)


def test_sixty_mails_wait_for_three_silences_and_not_for_sixty() -> None:
    scanner = Scanner()
    ask(scanner.skipped(), scanner, 60)
    assert (scanner.asked, scanner.time) == (MOST, MOST * 30.0)
    assert [name for name, _ in scanner.reports] == ["scanner:clamd"]
    assert "skipped for a minute" in scanner.reports[0][1]


def test_after_a_minute_one_mail_is_the_probe() -> None:
    scanner = Scanner()
    skipped = scanner.skipped()
    ask(skipped, scanner, MOST + 5)
    scanner.time += PAUSE.total_seconds()
    ask(skipped, scanner, 5)
    assert scanner.asked == MOST + 1
    scanner.time += PAUSE.total_seconds()
    scanner.fault, scanner.seconds = None, 0.1
    assert [skipped.ask(scanner.scan) for _ in range(5)] == [""] * 5
    assert scanner.reports[-1] == ("scanner:clamd", "")


@pytest.mark.parametrize(("fault", "seconds"), [(ScanFault.AWAY, 0.01), (ScanFault.BROKE, 0.5), (ScanFault.NEVER, 30.0)])
def test_a_refusal_that_holds_nothing_up_skips_nothing(fault: ScanFault, seconds: float) -> None:
    scanner = Scanner(seconds=seconds, fault=fault)
    ask(scanner.skipped(), scanner, 20)
    assert (scanner.asked, scanner.reports) == (20, [])


def test_an_answer_ends_the_row_of_silences() -> None:
    scanner = Scanner()
    skipped = scanner.skipped()
    for _ in range(5):
        scanner.fault = ScanFault.BROKE
        ask(skipped, scanner, MOST - 1)
        scanner.fault = None
        skipped.ask(scanner.scan)
    assert scanner.asked == 5 * MOST
