"""Opens wrapped content: the signed mail in an S/MIME envelope, and nested messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mailbridge.message import limits, smime
from mailbridge.message.encryption import DEFECT
from mailbridge.message.structure import read_tree
from mailbridge.message.tree import Container, Leaf, Tree


def opened(tree: Tree) -> Tree:
    """The tree with the leaves inside opaque S/MIME signatures added.  Encrypted content stays closed and is recorded as a defect."""
    if any(container.content_type == "multipart/encrypted" for container in tree.containers):
        return replace(tree, defects=(*tree.defects, DEFECT))
    if not any(smime.is_cms(leaf.content_type, leaf.content) for leaf in tree.leaves):
        return tree
    leaves: list[Leaf] = []
    containers = list(tree.containers)
    defects = list(tree.defects)
    for leaf in tree.leaves:
        leaves.append(leaf)
        if smime.is_cms(leaf.content_type, leaf.content):
            _open(leaf, leaves, containers, defects)
    return replace(tree, leaves=tuple(leaves), containers=tuple(containers), defects=tuple(defects))


def _open(leaf: Leaf, leaves: list[Leaf], containers: list[Container], defects: list[str]) -> None:
    kind, content = smime.opened(leaf.content)
    if kind is smime.Cms.ENCRYPTED:
        defects.append(DEFECT)
    if not content:
        return
    inner = read_tree(content)
    if not _is_mail(inner, content):
        return
    containers.append(Container(path=leaf.path, content_type=inner.content_type))
    containers += [replace(one, path=f"{leaf.path}.{one.path}") for one in inner.containers if one.path]
    leaves += _under(leaf.path, inner)
    defects += [f"part {leaf.path}: {defect}" for defect in inner.defects]


def _is_mail(inner: Tree, content: bytes) -> bool:
    """Whether the signed content is a mail.  Signed invoices and contracts use the same envelope."""
    return content.startswith((b"\r\n", b"\n")) or any(field.key.startswith("content-") for field in inner.headers)


def _under(path: str, inner: Tree) -> Iterator[Leaf]:
    for leaf in inner.leaves:
        yield replace(leaf, path=f"{path}.{leaf.path}", inside=f"{path}.{leaf.inside}".rstrip("."))


def all_leaves(tree: Tree) -> Iterator[Leaf]:
    """Every leaf; those of a nested message follow the message.  Bounded; numbered as in IMAP."""
    todo = list(reversed(tree.leaves))
    room, messages = limits.PARTS, limits.NESTED_MESSAGES
    while todo and room:
        leaf = todo.pop()
        room -= 1
        yield leaf
        if leaf.is_message and messages:
            messages -= 1
            todo += reversed(list(_under(leaf.path, read_tree(leaf.content))))
