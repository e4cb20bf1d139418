/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a definition says beyond devices: memory, NUMA, limits, firmware's strings, enlightenments.
 * As in domain-def.h, NULL and 0 mean not given, words are libvirt's, tristates are
 * DomainTristate. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char *path;
    guint weight, read_iops, write_iops;
    guint64 read_bytes, write_bytes;
} DomainBlkioDevice;

typedef struct {
    guint weight;
    GPtrArray *devices; /* of DomainBlkioDevice */
} DomainBlkiotune;

typedef struct {
    guint64 hard_limit_kib, soft_limit_kib, min_guarantee_kib, swap_hard_limit_kib;
} DomainMemtune;

typedef struct {
    guint64 size_kib;
    char *nodeset; /* guest cells */
} DomainHugePage;

typedef struct {
    gboolean hugepages;
    GPtrArray *pages; /* of DomainHugePage */
    gboolean nosharepages, locked, discard;
    char *source, *access, *allocation;
    guint allocation_threads;
} DomainMemoryBacking;

typedef struct {
    guint id;
    char *enabled, *hotpluggable;
    guint order;
} DomainVcpu;

typedef struct {
    guint id;
    int pool_min, pool_max; /* -1: not given */
} DomainIothread;

typedef struct {
    guint iothread;
    char *cpuset;
} DomainIothreadPin;

typedef struct {
    char *which; /* vcpus= or iothreads= */
    char *scheduler;
    int priority; /* -1: not given */
} DomainSched;

typedef struct {
    char *period, *quota; /* microseconds; a quota may be negative: none */
} DomainBandwidthLimit;

typedef struct {
    DomainBandwidthLimit vcpu, global, emulator, iothread;
    char *emulator_cpuset;
    GPtrArray *iothread_pins;   /* of DomainIothreadPin */
    GPtrArray *vcpu_scheds;     /* of DomainSched, as the next */
    GPtrArray *iothread_scheds;
    DomainSched *emulator_sched;
} DomainCputune;

typedef struct {
    guint cell;
    char *mode, *nodeset;
} DomainMemnode;

typedef struct {
    char *mode, *nodeset, *placement;
    GPtrArray *memnodes; /* of DomainMemnode */
} DomainNumatune;

typedef struct {
    char *name, *file, *text;
} DomainSysinfoEntry;

typedef struct {
    GPtrArray *entries; /* of DomainSysinfoEntry */
} DomainBaseBoard;

typedef struct {
    char *type; /* "smbios", "fwcfg" */
    GPtrArray *bios, *system, *chassis, *oem_strings, *entries; /* of DomainSysinfoEntry */
    GPtrArray *boards; /* of DomainBaseBoard */
} DomainSysinfo;

typedef struct {
    char *name, *enabled;
} DomainFirmwareFeature;

typedef struct {
    char *name, *enabled;
} DomainPerfEvent;

/* What can be counted of a running domain: libvirt's names. */
#define DOMAIN_PERF_EVENT_COUNT 19
extern const char *const domain_perf_events[DOMAIN_PERF_EVENT_COUNT];
/* A processor's cache monitoring, which Linux counts no more since 4.14; ends with NULL. */
extern const char *const domain_perf_old_events[];
int domain_perf_event_find(const char *name); /* -1: none of them */
/* Of a list of DomainPerfEvent; one that is not in it is off. */
gboolean domain_perf_event_enabled(const GPtrArray *events, const char *name);
void domain_perf_event_enable(GPtrArray *events, const char *name, gboolean enabled);

typedef struct {
    char *name, *value;
} DomainEnvironment;

typedef struct {
    char *mode; /* "custom", "passthrough" */
    int relaxed, vapic, spinlocks, vpindex, runtime, synic, stimer, stimer_direct, reset, vendor_id;
    int frequencies, reenlightenment, tlbflush, ipi, evmcs, avic;
    guint spinlocks_retries;
    char *vendor_id_value;
} DomainHyperv;

typedef struct {
    int hidden, hint_dedicated, poll_control, pv_ipi, dirty_ring;
    guint dirty_ring_size;
} DomainKvm;

G_END_DECLS
