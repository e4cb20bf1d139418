/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory-stats.h"

#include <kxl-guest.h>

#include "handler.h"

/* virDomainMemoryStatTags, those that no balloon driver tells. */
enum { TAG_AVAILABLE = 5, TAG_CURRENT = 6, TAG_RSS = 7, TAG_LAST_UPDATE = 9 };

static const struct {
    gint32 tag;
    const char *name;
} told[] = {
    [KXL_BALLOON_SWAP_IN] = { 0, "swap_in" },
    [KXL_BALLOON_SWAP_OUT] = { 1, "swap_out" },
    [KXL_BALLOON_MAJOR_FAULT] = { 2, "major_fault" },
    [KXL_BALLOON_MINOR_FAULT] = { 3, "minor_fault" },
    [KXL_BALLOON_UNUSED] = { 4, "unused" },
    [KXL_BALLOON_AVAILABLE] = { TAG_AVAILABLE, "available" },
    [KXL_BALLOON_USABLE] = { 8, "usable" },
    [KXL_BALLOON_DISK_CACHES] = { 10, "disk_caches" },
    [KXL_BALLOON_HUGETLB_PGALLOC] = { 11, "hugetlb_pgalloc" },
    [KXL_BALLOON_HUGETLB_PGFAIL] = { 12, "hugetlb_pgfail" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(told) == KXL_BALLOON_COUNT);
G_STATIC_ASSERT(G_N_ELEMENTS(told) + 3 == MEMORY_STATS_MAX);

/* A PV guest's balloon is not QEMU's, and tells nothing. */
static guint read_told(KxlHost *host, const KxlDomainInfo *info, MemoryStat *ret_stats)
{
    KxlBalloonStats balloon = { .last_update_s = 0 };
    guint n = 0;

    if (info->domid == 0 || info->type == KXL_TYPE_PV ||
        !kxl_domain_balloon_stats(host, info->domid, &balloon, NULL) || balloon.last_update_s == 0)
        return 0;
    for (guint i = 0; i < KXL_BALLOON_COUNT; i++) {
        if (balloon.stats[i] >= 0)
            ret_stats[n++] = (MemoryStat){ told[i].tag, told[i].name, (guint64)balloon.stats[i] };
    }
    ret_stats[n++] = (MemoryStat){ TAG_LAST_UPDATE, "last-update", (guint64)balloon.last_update_s };
    return n;
}

guint memory_stats_read(KxlHost *host, const KxlDomainInfo *info, MemoryStat *ret_stats)
{
    guint64 rss_kib = kxl_domain_info_resident_kb(info);
    guint n = 0;

    ret_stats[n++] = (MemoryStat){ TAG_CURRENT, "current", info->memory_kb };
    if (rss_kib > 0)
        ret_stats[n++] = (MemoryStat){ TAG_RSS, "rss", rss_kib };
    return n + read_told(host, info, ret_stats + n);
}

static gboolean has_tag(const MemoryStat *stats, guint n, gint32 tag)
{
    for (guint i = 0; i < n; i++) {
        if (stats[i].tag == tag)
            return TRUE;
    }
    return FALSE;
}

gboolean on_domain_memory_stats(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_auto(DomainView) view = { 0 };
    MemoryStat stats[MEMORY_STATS_MAX];
    guint n;

    if (!check_flags(call, call->args[2].u, 0, error) || !call_view(call, &view, error) ||
        !check_active(&view, error))
        return FALSE;
    info = kxl_domain_get_info(kanzend->host, view.id, error);
    if (info == NULL)
        return FALSE;
    n = memory_stats_read(kanzend->host, info, stats);
    /* A guest that tells nothing sees what it was started with. */
    if (!has_tag(stats, n, TAG_AVAILABLE))
        stats[n++] = (MemoryStat){ TAG_AVAILABLE, "available", info->max_memory_kb };
    n = MIN(call->args[1].u, n);
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++) {
        xdr_put_i32(call->ret, stats[i].tag);
        xdr_put_u64(call->ret, stats[i].value);
    }
    return TRUE;
}
