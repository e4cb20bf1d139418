/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which CPUs a domain's vCPUs run on, and how they weigh against others'. */
#pragma once

#include "kxl-vcpu.h"

/* A set as xl.cfg has it, "0-3,5". New string. */
char *kxl_affinity_format(const cpu_set_t *set, guint nr_cpus);

/* kxl_affinity_parse() for one vCPU: cpus may also be xl.cfg's list of lists, [ "0", "2-3,^1" ],
 * one for each vCPU; those beyond its end run anywhere. */
gboolean kxl_affinity_parse_vcpu(const char *cpus, guint vcpu, guint nr_cpus, cpu_set_t *ret_set,
                                 GError **error);
/* The list of that vCPU alone. New string. */
char *kxl_affinity_of_vcpu(const char *cpus, guint vcpu);
/* Whether every list in cpus is one. */
gboolean kxl_affinity_check(const char *cpus, guint nr_cpus, GError **error);

/* Nice value that makes a thread's share of a CPU stand to the default's as weight to 256. */
int kxl_affinity_nice(guint weight);

/* Applies config->cpus and cpu_weight to the vCPU threads. */
gboolean kxl_affinity_apply(const KxlDomainConfig *config, char *const *tids, GError **error);
