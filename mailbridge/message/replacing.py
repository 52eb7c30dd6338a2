"""Frozen values with other fields, as `dataclasses.replace` makes them, in a tenth of the time, and frozen classes whose values are made in
a third of the time.

A mail replaces fields of about thirty values, some with more than forty fields, and makes more than a hundred values.  A frozen class sets
each field by a call of `object.__setattr__`, which takes 0.15 µs.  Here the fields are set on an instance of a twin: a class with the same
slots that is not frozen.  Then the instance becomes one of the frozen class (`__class__`, which CPython allows for equal slots).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from functools import lru_cache
from inspect import ismethod
from typing import TYPE_CHECKING, Any, TypeVar

_Class = TypeVar("_Class", bound=type[Any])

if TYPE_CHECKING:  # the type checker knows the fields of each class this way
    from dataclasses import replace as replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy of the value with these fields.  Raises TypeError for a name that is no field of its class."""
        return _copier(value.__class__, tuple(changes))(value, changes)


def quickly_made(cls: _Class) -> _Class:
    """The dataclass with an `__init__` that takes the same arguments.  Use it above `@dataclass(frozen=True, slots=True, kw_only=True)` for
    a class with eight fields or more whose values each mail makes.  Raises TypeError for a class that computes fields of its own."""
    known = _fields(cls)
    if not all(field.kw_only and field.init for field in known):
        raise TypeError(f"{cls.__name__} takes its fields by place or computes them")
    defaults = {f"default_{field.name}": field.default for field in known if field.default is not MISSING}
    factories = {f"factory_{field.name}": field.default_factory for field in known if field.default_factory is not MISSING}
    taken = ", ".join(f"{field.name}{_default(field)}" for field in known)
    body = [f"def __init__(self, *, {taken}):", "    become(self, '__class__', twin)"]
    body += [f"    self.{field.name} = {_given(field)}" for field in known]
    names = {"become": object.__setattr__, "twin": _twin(cls), "cls": cls, "missing": MISSING, **defaults, **factories}
    made = _function([*body, "    self.__class__ = cls"], "__init__", names)
    made.__qualname__, made.__annotations__ = f"{cls.__qualname__}.__init__", cls.__init__.__annotations__
    cls.__init__ = made
    return cls


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return f"=default_{field.name}"
    return "=missing" if field.default_factory is not MISSING else ""


def _given(field: Field[Any]) -> str:
    if field.default_factory is MISSING:
        return field.name
    return f"factory_{field.name}() if {field.name} is missing else {field.name}"


@lru_cache(maxsize=2048)
def _copier(cls: type[Any], changed: tuple[str, ...]) -> Callable[[Any, Mapping[str, Any]], Any]:
    """What copies a value of the class with these fields changed."""
    known = [field.name for field in _fields(cls)]
    if unknown := set(changed).difference(known):
        raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
    body = ["def copied(value, changes):", "    new = make(twin)"]
    body += [f"    new.{name} = " + (f"changes[{name!r}]" if name in changed else f"value.{name}") for name in known]
    names = {"make": object.__new__, "twin": _twin(cls), "cls": cls}
    copied: Callable[[Any, Mapping[str, Any]], Any] = _function([*body, "    new.__class__ = cls", "    return new"], "copied", names)
    return copied


def _fields(cls: type[Any]) -> tuple[Field[Any], ...]:
    if hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} computes fields of its own; use dataclasses.replace")
    return fields(cls)


def _twin(cls: type[Any]) -> type[Any]:
    """A class with the layout of this one whose fields can be set."""
    known = _TWINS.get(cls)
    if known is None:
        known = _TWINS[cls] = _new_twin(cls)
    return known


_TWINS: dict[type[Any], type[Any]] = {}


def _new_twin(cls: type[Any]) -> type[Any]:
    if type(cls) is not type or ismethod(cls.__init_subclass__):
        raise TypeError(f"{cls.__name__} is made in a way of its own; use dataclasses.replace")
    slots = {"__slots__": cls.__slots__} if "__slots__" in vars(cls) else {}
    return type(cls.__name__, cls.__bases__, {**slots, "__module__": cls.__module__, "__setattr__": object.__setattr__})


def _function(lines: Iterable[str], name: str, names: dict[str, Any]) -> Any:
    """The function with this source, as `dataclasses` makes `__init__`.  The source holds names of fields alone, no value of a mail."""
    exec("\n".join(lines), names)  # noqa: S102
    return names[name]
