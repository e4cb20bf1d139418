/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel file is the user's, and may come from anywhere: the unpacker, then the ELF notes. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int in = memfd_create("in", 0), out = memfd_create("out", 0);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", in);
    KxlKernel kernel;

    if (write(in, data, size) == (ssize_t)size)
        kxl_kernel_unpack(path, out, KXL_KERNEL_PV, &kernel, NULL);
    kxl_kernel_check(data, size, KXL_KERNEL_PV, &kernel, NULL);
    kxl_kernel_check(data, size, KXL_KERNEL_PVH, &kernel, NULL);
    close(in);
    close(out);
    return 0;
}
