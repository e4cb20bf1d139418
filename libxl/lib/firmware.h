/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UEFI images of this host, as QEMU's firmware descriptors tell of them (QEMU
 * docs/interop/firmware.json). */
#pragma once

#include <glib.h>

/*
 * The image to start, and the empty variables that belong to it. code: one that the user has named,
 * or NULL for the first that suits our machine without secure boot, in the descriptors' order.
 * Where no descriptor tells, it is Debian's. Both are new strings.
 */
void kxl_firmware_find(const char *code, char **ret_code, char **ret_variables);
