/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

/* Called by the boot code on vCPU 0's stack, interrupts off, with the direct map of the first 4
 * GiB. */
_Noreturn void hv_start(uint32_t start_info_paddr);
