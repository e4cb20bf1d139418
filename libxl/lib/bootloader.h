/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kxl.h"

/* The kernel file a PV domain starts with: its own, or GRUB for Xen, which finds the guest's kernel
 * on its disks from inside. New string. */
char *kxl_bootloader_kernel(const KxlHost *host, const KxlDomainConfig *config, GError **error);
