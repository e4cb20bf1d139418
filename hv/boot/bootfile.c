/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/bootfile.h"
#include <xen/xen.h>

static bool section_ok(const struct kz_section *s, uint64_t size)
{
    return s->offset % KZ_PAGE_SIZE == 0 && s->offset <= size && s->size <= size - s->offset;
}

const char *bootfile_check(const struct kz_boot_header *h, uint64_t size)
{
    if (size < sizeof(*h) || h->magic != KZ_BOOT_MAGIC)
        return "not a boot file";
    if (h->version != KZ_BOOT_VERSION || h->header_size != sizeof(*h))
        return "boot file of another version";
    if (!section_ok(&h->kernel, size) || !section_ok(&h->ramdisk, size) ||
        !section_ok(&h->cmdline, size) || !section_ok(&h->store, size))
        return "boot file section outside of the file";
    if (h->kernel.size == 0)
        return "boot file without a kernel";
    if (h->cmdline.size >= MAX_GUEST_CMDLINE)
        return "command line is too long";
    if (h->nr_pages == 0 || h->max_pages < h->nr_pages)
        return "boot file with a wrong memory size";
    if (h->nr_vcpus == 0 || h->max_vcpus < h->nr_vcpus)
        return "boot file with a wrong number of vCPUs";
    return NULL;
}

bool bootfile_kernel_is_32bit(const struct kz_boot_header *h)
{
    const uint8_t *ident = (const uint8_t *)h + h->kernel.offset;

    return h->kernel.size > 4 && ident[4] == 1; /* ELF: EI_CLASS, ELFCLASS32 */
}
