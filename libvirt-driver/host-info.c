/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-info.h"

#define FRESH_S 60

struct HostInfoCache {
    KxlHost *host;
    GMutex lock; /* held while libkxl is asked: one asks for all who wait */
    HostInfo *info;
    gint64 until;
};

HostInfoCache *host_info_cache_new(KxlHost *host)
{
    HostInfoCache *cache = g_new0(HostInfoCache, 1);

    cache->host = host;
    g_mutex_init(&cache->lock);
    return cache;
}

static void clear_info(gpointer data)
{
    kxl_host_info_free(((HostInfo *)data)->kxl);
}

void host_info_unref(HostInfo *info)
{
    g_atomic_rc_box_release_full(info, clear_info);
}

void host_info_cache_free(HostInfoCache *cache)
{
    if (cache == NULL)
        return;
    g_clear_pointer(&cache->info, host_info_unref);
    g_mutex_clear(&cache->lock);
    g_free(cache);
}

HostInfo *host_info_get(HostInfoCache *cache, GError **error)
{
    HostInfo *info = NULL;

    g_mutex_lock(&cache->lock);
    if (cache->info == NULL || g_get_monotonic_time() > cache->until) {
        KxlHostInfo *kxl = kxl_host_get_info(cache->host, error);

        g_clear_pointer(&cache->info, host_info_unref);
        if (kxl != NULL) {
            cache->info = g_atomic_rc_box_new0(HostInfo);
            cache->info->kxl = kxl;
            cache->until = g_get_monotonic_time() + FRESH_S * G_TIME_SPAN_SECOND;
        }
    }
    if (cache->info != NULL)
        info = g_atomic_rc_box_acquire(cache->info);
    g_mutex_unlock(&cache->lock);
    return info;
}
