/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's memory as the firmware describes it, and how it is shared out at boot. */
#pragma once

#include "types.h"

#define BOOT_MAX_RANGES 16

struct boot_range {
    mfn_t start, end; /* whole frames of RAM, end excluded */
};

struct boot_memory {
    struct boot_range ram[BOOT_MAX_RANGES]; /* ascending, apart from each other */
    unsigned int nr_ram;
    struct boot_range file; /* KZ boot file */
};

struct hvm_start_info;

/* Copies the memory map out of the PVH structures. */
void boot_memory_read(struct boot_memory *mem, const struct hvm_start_info *si);

/* Frames of RAM in all. */
uint64_t boot_memory_frames(const struct boot_memory *mem);

/* Sets up the page allocator, frame table, page tables and M2P. Everything but hv's share, and the
 * boot file, becomes FRAME_FREE: max_pages frames including the boot file's. */
void boot_memory_init(const struct boot_memory *mem, uint64_t max_pages);
