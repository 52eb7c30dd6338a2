"""Frozen values with other fields, as `dataclasses.replace` makes them, in a third of the time.  A mail replaces fields of about thirty
values, some with more than forty fields, and the generated `__init__` is slow for these."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the type checker knows the fields of each class this way
    from dataclasses import replace as replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy of the value with these fields.  Raises TypeError for a name that is no field of its class."""
        cls = value.__class__
        others, values_of = _others(cls, tuple(changes))
        new = object.__new__(cls)
        deque(map(object.__setattr__, repeat(new), others, values_of(value)), 0)
        for name, changed in changes.items():
            object.__setattr__(new, name, changed)
        return new


@lru_cache(maxsize=2048)
def _others(cls: type[Any], changed: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The names of the fields of the class that are not changed, and what takes their values."""
    if hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} computes fields of its own; use dataclasses.replace")
    known = [field.name for field in fields(cls)]
    if unknown := set(changed).difference(known):
        raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
    names = tuple(name for name in known if name not in changed)
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda value: tuple(getattr(value, name) for name in names)
