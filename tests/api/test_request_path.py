"""A request for one case runs through few files, so that a reader of the source can follow it."""

import sys
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from tests.api.client import CASE, XML, credentials
from tests.api.conftest import StoreRecords
from tests.factories import CLIENT, CUSTOMER, USER, activity, case

ROOT = Path(__file__).resolve().parents[2]
OUR_FOLDERS = (str(ROOT / "casemgr"), str(ROOT / "schemas"), str(ROOT / "app.py"))

MAX_FILES = {"application/json": 15, XML: 16}
"""The encoder of XML calls a function to escape texts, that of JSON one of the standard library."""


def trace_files(app: Flask, session: str, accept: str) -> set[str]:
    """Process a request for one case, and list the files of the project whose functions are called."""
    files = set()

    def note_file(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OUR_FOLDERS):
            files.add(str(Path(frame.f_code.co_filename).relative_to(ROOT)))

    environ = create_environ(f"{CASE}/1", headers=credentials(session) | {"Accept": accept})
    sys.setprofile(note_file)
    try:
        _, status, _ = run_wsgi_app(app, environ)
    finally:
        sys.setprofile(None)
    assert status == "200 OK"
    return files


@pytest.mark.sqlite
@pytest.mark.parametrize("session", [USER, CUSTOMER, CLIENT])
@pytest.mark.parametrize("accept", MAX_FILES)
def test_a_request_for_a_case_runs_through_few_files(
    app: Flask, store_records: StoreRecords, session: str, accept: str
) -> None:
    store_records(case(1, customer=30), activity())
    # The first request compiles encoders and statements, which later ones do not.
    trace_files(app, session, accept)
    files = trace_files(app, session, accept)
    assert "casemgr/web/cases.py" in files
    assert len(files) <= MAX_FILES[accept], "\n".join(sorted(files))
