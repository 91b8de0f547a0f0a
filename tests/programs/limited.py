"""Run a script that may take no more than a gibibyte of addresses.

A thread takes eight mebibytes of them for its stack, so that the system
refuses to start the hundred and somethingth.
"""

import os
import resource
import sys

resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
