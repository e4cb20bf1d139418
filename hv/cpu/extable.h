/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

/* Where to go on after a fault at rip, an instruction of hv's that may fault; 0: it may not. */
uint64_t extable_find(uint64_t rip);
