/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's performance counters, of the processes of domains: perf_event_open(2). What is counted
 * is set of a running domain and forgotten with it; events are numbered as in domain_perf_events,
 * sets of them are bits. All functions may be called by any thread.
 */
#pragma once

#include <domain-def.h>

G_BEGIN_DECLS

typedef struct PerfTable PerfTable;

PerfTable *perf_table_new(void);
void perf_table_free(PerfTable *table);

/* What a definition enables. */
guint32 perf_events_of(const DomainDef *def);
/* VIR_ERR_SYSTEM_ERROR when the host cannot count one of them. */
gboolean perf_check_host(guint32 events, GError **error);

/* From now on these events are counted of the process, those that were not yet from 0. Nothing has
 * changed when it fails. */
gboolean perf_table_set(PerfTable *table, int domid, int pid, guint32 events, GError **error);
guint32 perf_table_get(PerfTable *table, int domid);
/* FALSE: it is not counted. */
gboolean perf_table_read(PerfTable *table, int domid, int event, guint64 *ret_count);
void perf_table_forget(PerfTable *table, int domid);

G_END_DECLS
