"""What no request brings about; the rest is in tests/api."""

import logging

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from casemgr.exchanges import Exchange, ExchangeMiddleware


def test_an_answer_does_not_depend_on_being_counted(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Exchange) -> None:
        raise OSError("no space left")

    answering = ExchangeMiddleware(Flask("nothing").wsgi_app, [fail])
    _, status, headers = run_wsgi_app(answering, create_environ("/"))
    assert (status, headers["Content-Language"]) == ("404 NOT FOUND", "en-US")
    [record] = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "An exchange was not counted")
