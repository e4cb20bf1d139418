/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest and its virtual CPUs. One domain per hv, but it is passed, never global. */
#pragma once

#include "types.h"
#include "irq.h"
#include "time.h"
#include <xen/xen.h>

struct evtchn_state;  /* pv/evtchn.c */
struct grant_state;   /* pv/grant.c */
struct xenstore;      /* xenbus/store.c */
struct vcpu_arch;     /* cpu/: saved registers, trap table, descriptor tables, timers */

struct domain {
    uint32_t domid;
    uint8_t uuid[16];
    uint32_t nr_vcpus;          /* online at start */
    uint32_t max_vcpus;
    struct vcpu **vcpu;         /* max_vcpus entries, all there from the start: a guest binds events
                                   to a vCPU before it initialises it */
    uint64_t nr_pages;          /* pages the guest holds now */
    uint64_t max_pages;
    bool is_32bit;
    bool tsc_emulated;          /* RDTSC faults and hv answers */
    bool started;               /* its first instruction has run */
    uint64_t vm_assist;
    shared_info_t *shared_info; /* hv's mapping */
    mfn_t shared_info_mfn;
    struct evtchn_state *evtchn;
    struct grant_state *grant;
    struct xenstore *store;
};

struct vcpu {
    uint32_t id;
    struct domain *domain;
    vcpu_info_t *vcpu_info;     /* in shared_info, or where VCPUOP_register_vcpu_info put it */
    bool online;
    struct vcpu_arch *arch;
};

/* The vCPU whose guest is running or that made the current hypercall. */
struct vcpu *current_vcpu(void);

/* Frame bookkeeping, for grants, memory ops and the back ends. */
bool mfn_is_guest_ram(struct domain *d, mfn_t mfn);
/* The same, and hv or a device may write to it for the guest: no top-level page table, hv's own
 * entries are there. */
bool mfn_is_guest_writable(struct domain *d, mfn_t mfn);
/* Takes a free machine frame for the guest / gives one back (contents undefined / cleared). */
mfn_t domain_alloc_frame(struct domain *d);
void domain_free_frame(struct domain *d, mfn_t mfn);
/* A frame hv shares with the guest (grant frames, FIFO pages): a zeroed hv page the guest may
 * map. */
void *domain_alloc_shared(struct domain *d, mfn_t *ret_mfn);

/* Ends the guest for its own fault: one log line, KZ_STATUS_CRASH, machine off. */
void domain_crash(struct domain *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
