"""What holds for every test: interrupts reach it, and no property is a race against the clock."""

from __future__ import annotations

import signal

from hypothesis import settings

# In a shell's background SIGINT is ignored, and every child inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure: performance is measured in `bench/`.
settings.register_profile("no race", deadline=None)
settings.load_profile("no race")
