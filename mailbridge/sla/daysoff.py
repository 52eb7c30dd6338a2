"""Public holidays of a country.  The only importer of `holidays`."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.metadata import version

YEARS = range(2020, 2041)  # fixed, so that the same rules mean the same on every day; law beyond that is a guess anyway


def countries() -> dict[str, list[str]]:
    """ISO 3166 codes of the countries that are known, each with the codes of its regions."""
    import holidays  # with the first country it loads all of them, which takes long: only for rules that name one

    return {code: list(regions) for code, regions in holidays.list_supported_countries().items()}


def library() -> str:
    """The version of the library."""
    return version("holidays")


@lru_cache(maxsize=64)
def days_off(country: str, region: str = "") -> frozenset[date]:
    """The public holidays of a country, or of a region in it, in `YEARS`."""
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=YEARS))
