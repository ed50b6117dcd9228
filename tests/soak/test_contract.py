"""Schemathesis over the OpenAPI document of the running server: no 5xx, nothing that the document does not say."""

import re
import subprocess

import pytest

from tests.isolated import clean_environment, python_with

pytestmark = pytest.mark.soak

PACKAGE = "schemathesis==4.32.5"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"


@pytest.mark.timeout(240)
def test_the_server_keeps_to_its_document(live_server: str, tmp_path):
    tool = python_with(PACKAGE).parent / "schemathesis"
    command = [
        str(tool), "run", f"{live_server}/openapi.json", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
        "--max-examples", "25", "--seed", "41", "--workers", "1", "--request-timeout", "30", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=clean_environment(COLUMNS="200"), timeout=230)
    print(done.stdout[-1500:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    generated = re.search(r"(\d[\d,]*) generated", done.stdout)
    assert generated and int(generated[1].replace(",", "")) > 300, "it hardly asked anything"
