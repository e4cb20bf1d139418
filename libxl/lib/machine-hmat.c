/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast an HVM guest's NUMA cells reach each other: ACPI 6.3 5.2.27, HMAT. */
#include <string.h>

#include "machine-args.h"

gboolean kxl_memory_has_hmat(const KxlDomainConfig *config)
{
    gboolean has = config->interconnects->len > 0;

    for (guint i = 0; i < config->numa_cells->len; i++)
        has |= ((const KxlNumaCell *)config->numa_cells->pdata[i])->caches->len > 0;
    return has;
}

/* The cell whose CPUs reach a cell's memory best, for one that has none of its own: as libvirt, by
 * bandwidth, then latency, then the first one with CPUs. */
static int best_initiator(const KxlDomainConfig *config, guint target)
{
    guint64 bandwidth = 0, latency = G_MAXUINT64;
    int best = -1;

    for (guint i = 0; i < config->interconnects->len; i++) {
        const KxlInterconnect *link = config->interconnects->pdata[i];

        if (link->target != target || link->cache != 0)
            continue;
        if (link->bandwidth ? link->value > bandwidth : bandwidth == 0 && link->value < latency)
            best = (int)link->initiator;
        if (link->bandwidth)
            bandwidth = MAX(bandwidth, link->value);
        else
            latency = MIN(latency, link->value);
    }
    for (guint i = 0; best < 0 && i < config->numa_cells->len; i++)
        if (((const KxlNumaCell *)config->numa_cells->pdata[i])->cpus)
            best = (int)i;
    return best;
}

char *kxl_hmat_initiator(const KxlDomainConfig *config, guint cell)
{
    const KxlNumaCell *c = config->numa_cells->pdata[cell];
    int initiator = c->cpus ? (int)cell : best_initiator(config, cell);

    return kxl_memory_has_hmat(config) && initiator >= 0
               ? g_strdup_printf(",initiator=%d", initiator)
               : NULL;
}

static void add_interconnects(KxlArgs *args, const GPtrArray *links)
{
    static const char *const levels[] = { "memory", "first-level", "second-level", "third-level" };

    for (guint i = 0; i < links->len; i++) {
        const KxlInterconnect *link = links->pdata[i];
        const char *kind = link->bandwidth ? "bandwidth" : "latency";

        kxl_args_add(
            args, "-numa",
            "hmat-lb,initiator=%u,target=%u,hierarchy=%s,data-type=%s-%s,%s=%" G_GUINT64_FORMAT
            "%s",
            link->initiator, link->target, levels[MIN(link->cache, 3)], link->type, kind, kind,
            link->value, link->bandwidth ? "K" : "");
    }
}

static void add_cache(KxlArgs *args, guint cell, const KxlNumaCache *cache)
{
    const char *policy = cache->policy, *associativity = cache->associativity;

    if (g_str_has_prefix(policy, "write")) /* QEMU's words are hyphenated */
        policy = g_str_equal(policy, "writeback") ? "write-back" : "write-through";
    if (g_str_equal(associativity, "full"))
        associativity = "complex";
    kxl_args_add(args, "-numa",
                 "hmat-cache,node-id=%u,size=%" G_GUINT64_FORMAT
                 "K,level=%u,associativity=%s,policy=%s,line=%" G_GUINT64_FORMAT,
                 cell, cache->size_kb, cache->level, associativity, policy, cache->line_bytes);
}

/* QEMU wants the nearest first. */
static void add_caches(KxlArgs *args, guint i, const GPtrArray *caches)
{
    for (guint level = 1; level <= 3; level++) {
        for (guint n = 0; n < caches->len; n++) {
            const KxlNumaCache *cache = caches->pdata[n];

            if (cache->level == level)
                add_cache(args, i, cache);
        }
    }
}

void kxl_args_hmat(KxlArgs *args, const KxlDomainConfig *config)
{
    add_interconnects(args, config->interconnects);
    for (guint i = 0; i < config->numa_cells->len; i++)
        add_caches(args, i, ((const KxlNumaCell *)config->numa_cells->pdata[i])->caches);
}
