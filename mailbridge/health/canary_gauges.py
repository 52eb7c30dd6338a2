"""The gauges of the canary, for Prometheus: from the documents that `conversation.canary` describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbridge.config.model import Config
from mailbridge.health.names import canary_name
from mailbridge.store.tx import Tx

Numbers = Callable[[Mapping[str, Any], datetime], dict[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryGauge:
    """A gauge with the label `to`: a configured address, so there are few.  `numbers`: from what is stored of one address."""

    name: str
    about: str
    numbers: Numbers
    labels: tuple[str, ...] = ("to",)

    def count(self, config: Config, tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        stored = {to: tx.state.get(canary_name(to)) for to in config.canary_addresses}
        return {(to, *labels): number for to, said in stored.items() if said for labels, number in self.numbers(said, now).items()}


def _last(said: Mapping[str, Any], _now: datetime) -> dict[tuple[str, ...], float]:
    return {(): said["last"]["seconds"]} if said["last"] else {}


def _age(said: Mapping[str, Any], now: datetime) -> dict[tuple[str, ...], float]:
    return {(): max(0.0, (now - datetime.fromisoformat(said["last"]["came"])).total_seconds())} if said["last"] else {}


def _hops(said: Mapping[str, Any], _now: datetime) -> dict[tuple[str, ...], float]:
    """By place in the way: the host names of big providers differ from mail to mail."""
    legs = said["last"]["legs"] if said["last"] else ()
    return {(str(place),): leg["seconds"] for place, leg in enumerate(legs, start=1) if leg["seconds"] is not None}


def _late(said: Mapping[str, Any], _now: datetime) -> dict[tuple[str, ...], float]:
    return {(): float(said["late_since"] is not None)}


CANARY_GAUGES = (
    CanaryGauge(name="mailbridge_canary_last_seconds", about="How long the last canary took", numbers=_last),
    CanaryGauge(name="mailbridge_canary_hop_seconds", about="Each part of its way", numbers=_hops, labels=("to", "hop")),
    CanaryGauge(name="mailbridge_canary_age_seconds", about="Seconds since a canary came", numbers=_age),
    CanaryGauge(name="mailbridge_canary_late", about="1 where a canary is late", numbers=_late),
    CanaryGauge(name="mailbridge_canary_lost", about="Canaries that never came", numbers=lambda said, _: {(): float(said["lost"])}),
)
