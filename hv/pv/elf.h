/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's kernel: an ELF image with Xen's notes (elfnote.h). Compiled on the host for its
 * tests. */
#pragma once

#include "types.h"

#define KERNEL_MAX_SEGMENTS 16

struct kernel_segment {
    uint64_t offset; /* in the image */
    uint64_t filesz;
    uint64_t va;    /* where the guest finds it */
    uint64_t memsz; /* >= filesz, the rest is zero */
};

struct kernel_image {
    struct kernel_segment segments[KERNEL_MAX_SEGMENTS];
    unsigned int nr_segments;
    bool is_32bit;                 /* PAE */
    uint64_t virt_base;            /* address of pfn 0 */
    uint64_t virt_start, virt_end; /* of all segments */
    uint64_t entry;
    uint64_t hypercall_page; /* 0: none */
    uint64_t p2m_base;       /* 0: the P2M is part of the initial mapping */
    bool ramdisk_unmapped;   /* the ramdisk is handed over by pfn */
};

/* Checks and reads the image of size bytes. Returns NULL, or what is wrong with it. */
const char *kernel_image_parse(const void *image, size_t size, struct kernel_image *ret);
