/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel files of PV and PVH guests: bzImage or ELF, compressed or not, and what their ELF notes
 * say. */
#pragma once

#include <glib.h>

typedef enum { KXL_KERNEL_PV, KXL_KERNEL_PVH } KxlKernelKind;

typedef struct {
    guint64 image_size;  /* bytes of the unpacked ELF file */
    guint64 memory_size; /* bytes its segments take in memory */
    gboolean is_64bit;
} KxlKernel;

/*
 * Writes the kernel's ELF image to fd at its present offset and checks that it is of that kind.
 * Errors name the path: KXL_ERROR_NOT_FOUND, _PERMISSION, _INVALID (not a kernel, truncated, not
 * for Xen), _UNSUPPORTED.
 */
gboolean kxl_kernel_unpack(const char *path, int fd, KxlKernelKind kind, KxlKernel *ret_kernel,
                           GError **error);

/* The check alone, on an unpacked image. */
gboolean kxl_kernel_check(const guint8 *elf, gsize len, KxlKernelKind kind, KxlKernel *ret_kernel,
                          GError **error);
