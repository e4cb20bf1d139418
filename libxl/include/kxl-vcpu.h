/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vCPUs of a running domain: how many, where they run, how they weigh. */
#pragma once

#include <sched.h>
#include "kxl.h"

G_BEGIN_DECLS

typedef struct {
    guint number;
    gboolean online;  /* as the guest has been asked to have it */
    gboolean running; /* on a CPU of the host, or ready */
    int cpu;          /* of the host, where it ran last */
    guint64 cpu_time_ns;
    char *cpus; /* of the host, where it may run: "0-1", "all" */
} KxlVcpu;
void kxl_vcpu_free(KxlVcpu *vcpu);
/* All that the domain may have, of KxlVcpu, freed with the array. Those of 0 are the host's CPUs. */
GPtrArray *kxl_domain_vcpu_list(KxlHost *host, int domid, GError **error);

/* Asks the guest to run on the first n. A PV guest and an HVM guest that has less do it in their
 * time; of an HVM guest it is waited that a vCPU goes (KXL_ERROR_TIMEOUT), and those it started
 * with stay (KXL_ERROR_UNSUPPORTED). */
gboolean kxl_domain_set_vcpus(KxlHost *host, int domid, guint n, GError **error);
/* xl.cfg's list of the host's CPUs: "0-3,5", "all", "nodes:1", "^2" takes one out. Numbers that are
 * not below nr_cpus are passed over. KXL_ERROR_INVALID: no such list, or no CPU is left. */
gboolean kxl_affinity_parse(const char *cpus, guint nr_cpus, cpu_set_t *ret_set, GError **error);
/* Where a vCPU (-1: each) may run, as in xl.cfg's cpus=. Stays over restarts. */
gboolean kxl_domain_pin_vcpu(KxlHost *host, int domid, int vcpu, const char *cpus, GError **error);
/* The CPUs of this host that a list of xl.cfg's stands for ("node:0", "all,^1"), as "0,2-3" in a
 * new string; NULL: it is no such list (KXL_ERROR_INVALID), or the host has none of them. */
char *kxl_cpus_expand(const char *cpus, GError **error);
/* As xl.cfg's cpu_weight=. */
gboolean kxl_domain_set_weight(KxlHost *host, int domid, guint weight, GError **error);
/* The limits of like become the domain's: its share of CPU time as a whole (limits.global,
 * cpu_cap), memory, block I/O. Through control groups; KXL_ERROR_UNSUPPORTED when the host has none
 * for it. Nothing has changed when it fails. Stays over restarts. */
gboolean kxl_domain_set_limits(KxlHost *host, int domid, const KxlDomainConfig *like,
                               GError **error);

G_END_DECLS
