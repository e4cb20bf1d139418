/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPU features by name: xl.cfg(5)'s cpuid= in QEMU's words. */
#pragma once

#include "kxl.h"

/* "host,aes=0,cmpxchg16=1,sse3=x" as "aes=off", "cx16=on": a list for -cpu. "x", "k" and "s" leave
 * a feature as the host has it. Registers by number are KXL_ERROR_UNSUPPORTED. */
char **kxl_cpu_flags_parse(const char *cpuid, GError **error);
