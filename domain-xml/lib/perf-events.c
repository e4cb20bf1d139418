/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The events of <perf>. */
#include <string.h>

#include "domain-def.h"

const char *const domain_perf_events[] = {
    "cache_references",
    "cache_misses",
    "instructions",
    "cpu_cycles",
    "branch_instructions",
    "branch_misses",
    "bus_cycles",
    "stalled_cycles_frontend",
    "stalled_cycles_backend",
    "ref_cpu_cycles",
    "cpu_clock",
    "task_clock",
    "page_faults",
    "context_switches",
    "cpu_migrations",
    "page_faults_min",
    "page_faults_maj",
    "alignment_faults",
    "emulation_faults",
};
G_STATIC_ASSERT(G_N_ELEMENTS(domain_perf_events) == DOMAIN_PERF_EVENT_COUNT);

const char *const domain_perf_old_events[] = { "cmt", "mbmt", "mbml", NULL };

int domain_perf_event_find(const char *name)
{
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        if (strcmp(domain_perf_events[i], name) == 0)
            return i;
    }
    return -1;
}

static DomainPerfEvent *find(const GPtrArray *events, const char *name)
{
    for (guint i = 0; i < events->len; i++) {
        DomainPerfEvent *event = g_ptr_array_index(events, i);

        if (strcmp(event->name, name) == 0)
            return event;
    }
    return NULL;
}

gboolean domain_perf_event_enabled(const GPtrArray *events, const char *name)
{
    const DomainPerfEvent *event = find(events, name);

    return event != NULL && strcmp(event->enabled, "yes") == 0;
}

void domain_perf_event_enable(GPtrArray *events, const char *name, gboolean enabled)
{
    DomainPerfEvent *event = find(events, name);

    if (event == NULL) {
        event = g_new0(DomainPerfEvent, 1);
        event->name = g_strdup(name);
        g_ptr_array_add(events, event);
    }
    g_free(event->enabled);
    event->enabled = g_strdup(enabled ? "yes" : "no");
}
