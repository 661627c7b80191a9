"""Run a command and write what it took: `python -I -S launch.py REPORT COMMAND...`.

A child's peak memory counts from before its exec, when it still is its parent. So the parent of what is
measured is this small process, and never the one that made models and data.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:])
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": wall_s,
        "peak_mib": usage.ru_maxrss / 1024,
    }
    Path(sys.argv[1]).write_text(json.dumps({"exit_code": process.returncode, "cost": cost}))
