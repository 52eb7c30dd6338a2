"""A small PKI, made with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.servers.processes import program

DESK, CAROL = "support@desk.test", "carol@customer.test"


def openssl(*words: str, given: bytes = b"") -> bytes:
    done = subprocess.run([program("openssl", "openssl"), *words], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def make_pki(folder: Path) -> Path:
    """A root, an intermediate CA, and certificates of the desk (RSA, EC) and of Carol."""

    def issue(name: str, issuer: str, address: str = "", days: str = "400", key: tuple[str, ...] = ("rsa:2048",)) -> None:
        ends = folder / name
        san = f"subjectAltName=email:{address}\n" if address else "basicConstraints=critical,CA:TRUE\n"
        ends.with_suffix(".ext").write_text(san)
        request = ("req", "-new", "-nodes", "-newkey", *key, "-subj", f"/CN={name}", "-keyout", f"{ends}.key")
        signed = openssl(*request)
        by = ("-CA", f"{folder / issuer}.pem", "-CAkey", f"{folder / issuer}.key") if issuer else ("-signkey", f"{ends}.key")
        made = openssl("x509", "-req", "-days", days, *by, "-extfile", f"{ends}.ext", given=signed)
        (folder / f"{name}.pem").write_bytes(made)

    issue("root", "")
    issue("middle", "root")
    issue("desk", "middle", DESK)
    issue("ec", "middle", DESK, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
    issue("short", "middle", DESK, days="20")
    issue("carol", "root", "carol@customer.test")
    for name in ("desk", "ec", "short"):
        (folder / f"{name}.chain.pem").write_bytes((folder / f"{name}.pem").read_bytes() + (folder / "middle.pem").read_bytes())
    return folder
