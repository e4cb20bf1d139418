/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv's virtual addresses, all in the range that every 64-bit Xen guest leaves alone (xen-x86_64.h
 * HYPERVISOR_VIRT_START/END: L4 slots 256 to 271). docs/hv-memory-layout.md draws it. Shared with
 * assembly.
 */
#pragma once

#define HV_SLOT_FIRST 256
#define HV_SLOT_LAST  271

#define M2P_VA       0xffff800000000000 /* slot 256: machine to pseudo-physical, read by the
                                           guest */
#define GDT_AREA_VA  0xffff820000000000 /* slot 260: GDT_AREA_SIZE for each vCPU */
#define IOREMAP_VA   0xffff82c000000000 /* slot 261: device memory */
#define HV_IMAGE_VA  0xffff82d080000000 /* slot 261: hv itself */
#define DIRECTMAP_VA 0xffff830000000000 /* slots 262 to 271: all RAM */
#define HV_VA_END    0xffff880000000000

#define GDT_AREA_SIZE 0x20000

/*
 * In a 32-bit guest hv keeps the end of the last GiB for the M2P (xen-x86_32.h
 * HYPERVISOR_VIRT_START); the rest is in the same slots of an L4 of hv's own. Its L2 slots: */
#define HV_COMPAT_VA         0xf5800000
#define HV_COMPAT_SLOT_FIRST 428
#define HV_COMPAT_SLOTS      84
#define HV_COMPAT_L3_SLOT    3

/* Each vCPU's stack; struct cpu_info stands at its end (cpu/regs.h). */
#define HV_STACK_SIZE 0x4000
