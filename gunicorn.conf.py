"""How gunicorn serves casemgr: loads the code afresh, and takes the settings of `casemgr.serving.settings`."""

import sys

# gunicorn reads this file again when it reloads, to serve the code that is there by then.
for name in [name for name in sys.modules if name.split(".")[0] in {"app", "casemgr", "schemas"}]:
    del sys.modules[name]

# Loaded here once for all workers, which share the memory and start within a tenth of a second.
import app  # noqa: E402, F401
from casemgr.serving.settings import *  # noqa: E402, F403
