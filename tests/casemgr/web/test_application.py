"""What no request brings about; the rest is in tests/api."""

import logging

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from casemgr.i18n.locales import DEFAULT_LOCALE
from casemgr.i18n.translation import init_app
from casemgr.observability.context import AccessRecord
from casemgr.web.application import Application


def test_a_response_does_not_depend_on_being_recorded(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: AccessRecord) -> None:
        raise OSError("no space left")

    application = Application([fail])
    init_app(application, lambda: DEFAULT_LOCALE)
    _, status, headers = run_wsgi_app(application, create_environ("/"))
    assert (status, headers["Content-Language"]) == ("404 NOT FOUND", "en-US")
    [record] = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "A request was not recorded")
