"""How gunicorn serves casemgr in a checkout: as `casemgr serve` does."""

from runpy import run_module

# Unlike an import, this runs the module again when gunicorn reads this file again to reload.
globals().update(run_module("casemgr.serving.configuration"))
