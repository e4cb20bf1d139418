/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The counters as text, and the names of what they count. */
#pragma once

#include "types.h"

struct domain;

#define STATS_ALL_VCPUS (~0U)

/* Lines "NAME COUNT" of all counters that are not 0, of one vCPU or of all together. Returns the
 * text's length, cut to what fits. */
size_t stats_format(const struct domain *d, unsigned int vcpu, char *buf, size_t size);

/* The same of the rings of KZ_STATS_DEVICES devices, after leaving out the first ones. 0: there are
 * no more. Under the big lock. */
size_t stats_format_rings(unsigned int leave_out, char *buf, size_t size);
