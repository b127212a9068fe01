"""The worker without a server; tests/live has the rest."""

import subprocess
import sys

PROGRAM = """
import os, signal
from casemgr.serving.worker import hold_signals_while_forking

def held():
    return signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, [])

hold_signals_while_forking()
child = os.fork()
if not child:
    os._exit(held())
print(bool(os.waitpid(child, 0)[1]), held())
"""


def test_a_stop_signal_is_held_back_while_a_worker_forks() -> None:
    command = [sys.executable, "-c", PROGRAM]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True False\n"  # noqa: S603
