"""The organizational domain of a name (RFC 7489 3.2), by the public suffix list that the package ships."""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList


class Suffixes:
    """The public suffix list with its private section, so that two customers of one hosting company are two organizations."""

    def __init__(self) -> None:
        self._list = PublicSuffixList()
        self.organizational = lru_cache(maxsize=2000)(self._organizational)

    def _organizational(self, domain: str) -> str:
        """`example.co.uk` for `mail.example.co.uk` (RFC 7489 3.2); the name itself if it is a public suffix."""
        name = domain.lower().rstrip(".")
        return str(self._list.privatesuffix(name) or name)
