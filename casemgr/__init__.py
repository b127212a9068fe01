"""casemgr: customer-service cases by ID, over HTTP."""

__version__ = "0.1.0"
