/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control groups of a domain that has limits: <partition>/kanzen-<domid>-<uuid> in each of
 * version 1's hierarchies that a limit needs, or in version 2's one. Threads with limits of their
 * own are in groups below it: vcpu0, iothread1, emulator. A domain without limits has no group.
 */
#pragma once

#include <sys/types.h>

#include "kxl.h"

#define KXL_CGROUP_ROOT "/sys/fs/cgroup"

typedef struct {
    const char *root; /* KXL_CGROUP_ROOT, but in tests */
    const KxlDomainConfig *config;
    int domid;
} KxlCgroup;

/* Makes the groups and sets their limits. One that the host cannot give is an error naming it. */
gboolean kxl_cgroup_make(const KxlCgroup *group, GError **error);
/* Puts a process, with all its threads, into them. */
gboolean kxl_cgroup_join(const KxlCgroup *group, pid_t pid, GError **error);
/* Puts one thread into the group of its own: kind "vcpu" or "iothread". Nothing when it has
 * none. */
gboolean kxl_cgroup_join_thread(const KxlCgroup *group, const char *kind, guint number, pid_t tid,
                                GError **error);
/* While the domain runs as pid: from the limits of before to those of group's configuration.
 * Nothing has changed when it fails. */
gboolean kxl_cgroup_change(const KxlCgroup *group, const KxlDomainConfig *before, pid_t pid,
                           GError **error);
/* When its processes have gone. */
void kxl_cgroup_remove(const KxlCgroup *group);
