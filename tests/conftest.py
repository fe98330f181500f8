"""A suite behaves the same in a shell's background, where SIGINT is ignored and every child inherits that."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
