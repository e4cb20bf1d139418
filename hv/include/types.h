/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Basic types and the address kinds of hv. Mixing the kinds is the classic PV bug, so each has a
 * name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The public headers' newest names and layouts; every hv file includes this one before them. */
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

typedef uint64_t paddr_t; /* physical address of the machine QEMU made; what DMA and PTEs use */
typedef uint64_t mfn_t;   /* paddr_t >> PAGE_SHIFT: Xen's machine frame number */
typedef uint64_t pfn_t;   /* the guest's own frame number, 0 .. nr_pages-1 */
typedef uint64_t gva_t;   /* a guest linear address, valid in the current vCPU's page table */

#define MFN_INVALID (~0ULL)

#define ARRAY_SIZE(a)             (sizeof(a) / sizeof((a)[0]))
#ifndef MIN /* host tests have GLib's */
#define MIN(a, b)                 ((a) < (b) ? (a) : (b))
#define MAX(a, b)                 ((a) > (b) ? (a) : (b))
#endif
#define ROUND_UP(x, a)            (((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define DIV_ROUND_UP(x, a)        (((x) + (a) - 1) / (a))
#define container_of(p, type, m)  ((type *)((char *)(p) - offsetof(type, m)))
#define READ_ONCE(x)              (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)          (*(volatile typeof(x) *)&(x) = (v))
#define likely(x)                 __builtin_expect(!!(x), 1)
#define unlikely(x)               __builtin_expect(!!(x), 0)

/* x86 is TSO: only the compiler must be kept in order for these two; mb() also orders
 * store->load. */
#define barrier() __asm__ __volatile__("" ::: "memory")
#define rmb()     barrier()
#define wmb()     barrier()
#define mb()      __asm__ __volatile__("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
