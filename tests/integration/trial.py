# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the long trials ask of a Linux guest that was under load."""
import re

import kanzen

COMPLAINTS = re.compile(r"lockup|stall[s ]|hung task|blocked for more|BUG:|Oops|Call Trace|WARNING|nobody cared", re.I)


def timer_counts(console, vcpus):
    """Of each vCPU its own timer's interrupts, from /proc/interrupts."""
    rows = [line.split() for line in console.command("cat /proc/interrupts").splitlines()]
    return [int(row[1 + n]) for n in range(vcpus) for row in rows if row and row[-1] == f"timer{n}"]


def complaints(console):
    """Lines of the guest's kernel and of hv that say that something is wrong."""
    return [line for line in console.command("dmesg").splitlines() + kanzen.xl("dmesg").splitlines() if COMPLAINTS.search(line)]
