"""What changed from one version of the rules to the next, in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailbridge.config import nodes, yaml
from mailbridge.rules.schema import ROUTING


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """One text a file that is new, gone or different; of routing files also which rules."""
    if not before:
        return ["the first"]
    told: list[str] = []
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        name = path.removeprefix("rules/")
        if path not in before:
            told.append(f"{name} new")
        elif path not in after:
            told.append(f"{name} gone")
        else:
            told.append(f"{name}: {_inside(path, before[path], after[path])}")
    return told


def _inside(path: str, before: str, after: str) -> str:
    if not path.startswith(ROUTING):
        return "changed"
    old, new = _rules(path, before), _rules(path, after)
    words = [
        *(f'+ "{name}"' for name in new if name not in old),
        *(f'- "{name}"' for name in old if name not in new),
        *(f'~ "{name}"' for name in new if name in old and new[name] != old[name]),
    ]
    return ", ".join(words) or "order or comments"


def _rules(path: str, text: str) -> dict[str, object]:
    """What each rule of the file says, by its name."""
    node, _ = yaml.read(path, text)
    items: Iterable[nodes.Node] = node.items if isinstance(node, nodes.Sequence) else ()
    rules = [item for item in items if isinstance(item, nodes.Mapping)]
    return {name.text: nodes.meaning(rule) for rule in rules if isinstance(name := rule.get("name"), nodes.Scalar)}
