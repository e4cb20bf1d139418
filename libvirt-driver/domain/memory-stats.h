/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a running guest's memory: by its size, its machine and its balloon driver. */
#pragma once

#include <kxl.h>

G_BEGIN_DECLS

#define MEMORY_STATS_MAX 13 /* VIR_DOMAIN_MEMORY_STAT_NR */

typedef struct {
    gint32 tag;       /* virDomainMemoryStatTags */
    const char *name; /* in bulk statistics, after "balloon." */
    guint64 value;    /* KiB, but of counts and times */
} MemoryStat;

/* Those that are known, at most MEMORY_STATS_MAX; how many. */
guint memory_stats_read(KxlHost *host, const KxlDomainInfo *info, MemoryStat *ret_stats);

G_END_DECLS
