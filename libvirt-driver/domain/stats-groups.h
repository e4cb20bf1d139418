/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of bulk statistics: what they say of one domain. */
#pragma once

#include <kxl-guest.h>

#include "handler.h"
#include "params.h"

G_BEGIN_DECLS

enum { /* virDomainStatsTypes */
       STATS_STATE = 1 << 0,
       STATS_CPU_TOTAL = 1 << 1,
       STATS_BALLOON = 1 << 2,
       STATS_VCPU = 1 << 3,
       STATS_INTERFACE = 1 << 4,
       STATS_BLOCK = 1 << 5,
       STATS_PERF = 1 << 6,
       STATS_IOTHREAD = 1 << 7,
       STATS_DIRTYRATE = 1 << 9,
};
#define STATS_ALL                                                                                  \
    (STATS_STATE | STATS_CPU_TOTAL | STATS_BALLOON | STATS_VCPU | STATS_INTERFACE | STATS_BLOCK |  \
     STATS_PERF | STATS_IOTHREAD | STATS_DIRTYRATE)

typedef struct {
    const Kanzend *kanzend;
    const DomainView *view;
    const DefinitionBrief *brief;
    const KxlDomainInfo *info; /* NULL: not running */
    const GArray *threads;     /* of KxlThread; NULL: no machine, or its groups are not asked for */
    gboolean backing;          /* images below a disk's, too */
    Params params;
    char name[80]; /* VIR_TYPED_PARAM_FIELD_LENGTH */
} StatsRecord;

/* The groups that need the threads of a running domain. */
#define STATS_OF_THREADS (STATS_CPU_TOTAL | STATS_VCPU | STATS_IOTHREAD)

/* What the threads of a kind have used. FALSE: there is none of them. threads may be NULL. */
gboolean stats_sum_threads(const GArray *threads, KxlThreadKind kind, guint64 *ret_user_ns,
                           guint64 *ret_system_ns);

void stats_groups_add(StatsRecord *record, guint32 groups);

G_END_DECLS
