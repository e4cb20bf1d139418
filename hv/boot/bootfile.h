/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot file of kanzen-abi.h, as QEMU left it in memory. Compiled on the host for its test. */
#pragma once

#include "kanzen-abi.h"
#include "types.h"

/* Checks header and sections of the file of size bytes. Returns NULL, or what is wrong. */
const char *bootfile_check(const struct kz_boot_header *h, uint64_t size);

/* Is the checked file's kernel a 32-bit one? It may be none at all. */
bool bootfile_kernel_is_32bit(const struct kz_boot_header *h);
