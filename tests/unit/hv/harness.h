/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A make-believe machine for hv's sources compiled on the host: RAM with guest and hv frames, guest linear
 * addresses, one domain, allocation failures on demand, a clock, softirqs and timers. Everything hv's core
 * offers in hv/include is defined here as a weak symbol, so a test may link the real source instead.
 */
#pragma once

#include "alloc.h"
#include "domain.h"
#include "evtchn.h"
#include "guest.h"
#include "irq.h"
#include "printk.h"
#include "time.h"
#include "types.h"
#include <xen/errno.h>

/* The guest holds HARNESS_GUEST_PAGES frames from HARNESS_FIRST_MFN on, pfn by pfn; its linear addresses map
 * them in the same order from HARNESS_GVA on (below 4 GiB, so a 32-bit guest has them too). */
#define HARNESS_FIRST_MFN   256U
#define HARNESS_GUEST_PAGES 1024U
#define HARNESS_FREE_PAGES  256U  /* more frames for domain_alloc_frame() */
#define HARNESS_HV_PAGES    2048U /* alloc_pages() and domain_alloc_shared() */
#define HARNESS_GVA         0x40000000UL

enum harness_access { HARNESS_RW, HARNESS_READ_ONLY, HARNESS_ABSENT };

/* What the machine saw since harness_domain_new(). */
struct harness {
    uint64_t now_ns;          /* what now_ns() answers; tests move it */
    unsigned int *upcalls;    /* vcpu_mark_events_pending() per vCPU id */
    unsigned int nr_polls;    /* vcpu_wake_pollers() */
    uint32_t last_poll_port;
    unsigned int nr_tlb_flushes;
    bool crashed;             /* domain_crash() */
    char crash_reason[256];
    int64_t fail_alloc_after; /* so many allocations succeed, all later ones fail; -1: none fails */
    mfn_t top_table_mfn;      /* a frame that is not mfn_is_guest_writable() */
    uint32_t current_vcpu;    /* id of current_vcpu() */
    unsigned int nr_raised_soon; /* softirq_raise_soon() */
};
extern struct harness harness;

struct domain *harness_domain_new(unsigned int max_vcpus, bool is_32bit);
/* Frees the domain and every block and page hv's code still holds. */
void harness_domain_free(struct domain *d);

mfn_t harness_mfn(pfn_t pfn);
void *harness_page(pfn_t pfn); /* hv's view of the guest's page */
gva_t harness_gva(pfn_t pfn, unsigned int offset);
void harness_set_access(pfn_t pfn, enum harness_access access);
/* Writes to or reads from guest memory as the guest would; the address must be good. */
void harness_guest_write(gva_t dst, const void *src, size_t n);
void harness_guest_read(void *dst, gva_t src, size_t n);

unsigned int harness_run_softirqs(void); /* how many ran */
unsigned int harness_run_timers(void);   /* those due at harness.now_ns */
size_t harness_live_blocks(void);        /* kmalloc()ed and not freed */
size_t harness_live_pages(void);         /* of alloc_pages(), shared ones not counted */
/* For a test of the real page allocator: lets it at all pages of hv's. */
void harness_open_hv_pages(void);
