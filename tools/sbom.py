"""The bill of materials: `python -m tools.sbom > mailbridge.cdx.json`, CycloneDX 1.6 in JSON (ECMA-424).

Made from requirements/runtime.lock: each package with its version, the SHA-256 of every file that may be installed, and its licence.
The licence is what the installed package says; where it says it in no SPDX expression, the table below does.  The same sources give the
same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from mailbridge import __version__
from tools.reproducible import ROOT, epoch

NAME = "mailbridge-desk"
# SPDX ids of packages whose metadata has no License-Expression, as their licence files say.
LICENCES = {
    "aiosmtpd": "Apache-2.0",
    "apscheduler": "MIT",
    "atpublic": "Apache-2.0",
    "brotli": "MIT",
    "colorama": "BSD-3-Clause",
    "dkimpy": "Zlib",
    "faust-cchardet": "MPL-1.1 OR GPL-2.0-or-later OR LGPL-2.1-or-later",
    "flufl-bounce": "Apache-2.0",
    "google-re2": "BSD-3-Clause",
    "imapclient": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "mistune": "BSD-3-Clause",
    "nh3": "MIT",
    "pynacl": "Apache-2.0",
    "pyspf": "PSF-2.0",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "pyyaml": "MIT",
    "six": "MIT",
    "snowballstemmer": "BSD-3-Clause",
    "tqdm": "MPL-2.0 AND MIT",
    "tzdata": "Apache-2.0",
}
ENTRY = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^ ;\\\n]+)(.*?)(?=^[\w.-]+(?:\[|==)|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One package of the lock; `hashes` are SHA-256 in hexadecimal, `parents` the packages that need it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    parents: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package URL, which is also the component's reference."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> list[Locked]:
    """Every package of a lock that pip-compile or uv wrote, in its order."""
    found = []
    for name, version, rest in ENTRY.findall(text):
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)
        via = re.split(r"# via", rest)[-1]
        parents = [re.split(r"[\s(\[]", one)[0] for one in re.findall(r"^ *#? +([\w.-]+.*)$", via.replace("#", " "), re.MULTILINE)]
        found.append(Locked(name=name, version=version, hashes=tuple(hashes), parents=tuple(parents)))
    return found


def licence(name: str) -> str:
    """The SPDX expression of a package.  Raises LookupError where nobody has looked it up."""
    if name in LICENCES:
        return LICENCES[name]
    try:
        expression = metadata(name).json.get("license_expression")
    except PackageNotFoundError:
        expression = None
    if not expression:
        raise LookupError(f"{name}: its metadata has no License-Expression; look at its licence and add it to LICENCES of tools/sbom.py")
    return str(expression)


def bill(packages: list[Locked]) -> dict[str, Any]:
    """The document."""
    root = f"pkg:pypi/{NAME}@{__version__}"
    references = {one.name: one.purl for one in packages} | {NAME: root}
    needs: dict[str, list[str]] = {reference: [] for reference in references.values()}
    for one in packages:
        for parent in one.parents:
            needs[references[parent]].append(one.purl)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([root, sorted((one.purl, one.hashes) for one in packages)]))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch(), UTC).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": NAME,
                "version": __version__,
                "purl": root,
                "licenses": [{"license": {"id": "MIT"}}],
            },
        },
        "components": list(components(packages)),
        "dependencies": [{"ref": reference, "dependsOn": sorted(set(below))} for reference, below in sorted(needs.items())],
    }


def components(packages: list[Locked]) -> Iterator[dict[str, Any]]:
    """One component a package.  Its files are named by their hashes: the lock has several for each, one a platform."""
    for one in packages:
        expression = licence(one.name)
        simple = re.fullmatch(r"[A-Za-z0-9.+-]+", expression)
        files = [{"type": "distribution", "url": f"https://pypi.org/project/{one.name}/{one.version}/#files",
                  "hashes": [{"alg": "SHA-256", "content": each} for each in one.hashes]}]  # fmt: skip
        yield {
            "type": "library",
            "bom-ref": one.purl,
            "name": one.name,
            "version": one.version,
            "purl": one.purl,
            "licenses": [{"license": {"id": expression}} if simple else {"expression": expression}],
            "externalReferences": files,
        }


def text() -> str:
    """The document as it is released."""
    return json.dumps(bill(locked((ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8"))), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
