"""Failures of listeners; tests/api has the rest."""

import logging

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from casemgr.i18n.translation import init_app
from casemgr.observability.context import AccessRecord
from casemgr.web.application import Application


def test_a_failing_listener_does_not_change_the_response(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: AccessRecord) -> None:
        raise OSError("no space left")

    application = Application([fail])
    init_app(application)
    _, status, headers = run_wsgi_app(application, create_environ("/"))
    assert (status, headers["Content-Language"]) == ("404 NOT FOUND", "en-US")
    [record] = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "A request was not recorded")
