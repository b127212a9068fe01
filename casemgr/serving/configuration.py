"""The configuration file of gunicorn, here and in `gunicorn.conf.py`: loads the code afresh, and takes the settings."""

import sys
from importlib import import_module

# gunicorn runs this file again when it reloads, to serve the code that is there by then.
for name in [name for name in sys.modules if name.split(".")[0] in {"app", "casemgr", "schemas"}]:
    del sys.modules[name]

# Loaded here once for all workers, which share the memory and start within a tenth of a second. The application stands
# above this package, so it is named here and not imported.
import_module("app")

from casemgr.serving.settings import *  # noqa: E402, F403
