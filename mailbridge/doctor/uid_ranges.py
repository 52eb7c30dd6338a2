"""Sets of UIDs as ranges, so that a hundred thousand UIDs are compared as a few numbers.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Range = tuple[int, int]  # first and last UID


@dataclass(frozen=True, slots=True)
class UidRanges:
    """Ranges in order, none of which touches the next."""

    parts: tuple[Range, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Range]) -> UidRanges:
        """The union of these ranges; empty ones (last below first) are left out."""
        merged: list[Range] = []
        for first, last in sorted(part for part in parts if part[1] >= part[0]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def of_uids(cls, uids: Iterable[int]) -> UidRanges:
        return cls.of((uid, uid) for uid in uids)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.parts)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.parts:
            yield from range(first, last + 1)

    def __or__(self, other: UidRanges) -> UidRanges:
        return UidRanges.of((*self.parts, *other.parts))

    def __sub__(self, other: UidRanges) -> UidRanges:
        return UidRanges(tuple(self._without(other)))

    def __and__(self, other: UidRanges) -> UidRanges:
        return self - (self - other)

    def _without(self, other: UidRanges) -> Iterator[Range]:
        taken = 0  # parts of `other` that are below the part of the moment
        for first, last in self.parts:
            while taken < len(other.parts) and other.parts[taken][1] < first:
                taken += 1
            for begin, end in other.parts[taken:]:
                if begin > last:
                    break
                if begin > first:
                    yield first, begin - 1
                first = end + 1
            if first <= last:
                yield first, last

    def packed(self, most: int = 4000) -> Iterator[str]:
        """The UIDs as sets of RFC 9051 (`1:4,7`), each of at most `most` characters."""
        line = ""
        for first, last in self.parts:
            part = str(first) if first == last else f"{first}:{last}"
            if line and len(line) + len(part) >= most:
                yield line
                line = ""
            line = f"{line},{part}" if line else part
        if line:
            yield line
