/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libkxl says about the host, kept for a while: it asks QEMU for its version, which takes
 * longer than a client that polls should wait. */
#pragma once

#include <kxl.h>

G_BEGIN_DECLS

typedef struct HostInfoCache HostInfoCache;
HostInfoCache *host_info_cache_new(KxlHost *host);
void host_info_cache_free(HostInfoCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInfoCache, host_info_cache_free)

/* A counted reference to a figure that does not change. */
typedef struct {
    KxlHostInfo *kxl;
} HostInfo;
HostInfo *host_info_get(HostInfoCache *cache, GError **error);
void host_info_unref(HostInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInfo, host_info_unref)

G_END_DECLS
