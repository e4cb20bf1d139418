/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

/* KZ_BOOT_VERBOSE: console_io works, else it is refused as Xen refuses it to guests. */
void console_io_set_verbose(bool on);
