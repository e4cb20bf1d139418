# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a running guest costs in memory: its QEMU's own pages, and what hv says it keeps."""
import re
import subprocess
from pathlib import Path


def domid_of(name):
    return subprocess.run(["xl", "domid", name], capture_output=True, text=True, check=True).stdout.strip()


def qemu_of(name):
    """The process whose command line names the domain's folder: QEMU, not the supervisor, which has no -name."""
    folder = f"/run/kanzen/{domid_of(name)}/"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_text()
        except OSError:
            continue  # it ended meanwhile
        if "-nodefaults" in text and folder in text:
            return int(path.parent.name)
    raise RuntimeError(f"no QEMU of {name}")


def private_kib(pid):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(v) for v in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", rollup, re.M))


def hv_words(name):
    log = Path(f"/run/kanzen/{domid_of(name)}/hv.log").read_text(errors="replace")
    said = re.search(r"memory: (.*)", log)
    return said.group(1) if said else "says nothing of memory"
