"""No secret in the repository, and none told by the settings."""

import re
import subprocess

import pytest

from knowledge.settings import ROOT, Settings

# What providers' keys and private keys look like.
SECRETS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abp]-[0-9A-Za-z-]{20,}"
    rb"|\bEAA[A-Za-z0-9]{60,}|\bSK[0-9a-f]{32}\b|\bglpat-[A-Za-z0-9_-]{20}\b"
)


def test_no_secret_is_kept_in_the_repository():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("no Git checkout")
    names = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert len(names) > 100
    assert [path for path in names if path.is_file() and SECRETS.search(path.read_bytes())] == []
    assert SECRETS.search(b"-----BEGIN RSA PRIVATE " + b"KEY-----")


def test_settings_never_show_a_secret():
    secret = "s3cr3t-value-of-this-test"
    named = [name for name in Settings.__fields__ if name.endswith(("_secret", "_token", "_key"))]
    shown = Settings(**dict.fromkeys(named, secret))
    assert len(named) > 6
    for text in (repr(shown), str(shown), shown.json(), f"{shown.dict()}"):
        assert secret not in text
