/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's CPU, and those that guests can have on it, in the words of libvirt's map. Found out
 * when first asked for, then the same for the daemon's life. */
#pragma once

#include <kxl.h>

#include "cpu-map.h"

G_BEGIN_DECLS

typedef struct {
    CpuMap *map;
    const char *vendor; /* of the host, in the map's words; NULL: another */
    CpuSet *features;   /* of the host */

    const char *offered_vendor;
    CpuSet *offered; /* that an HVM guest can have */
    KxlCpuOffer *offer;
} CpuHost;

typedef struct CpuHostCache CpuHostCache;
CpuHostCache *cpu_host_cache_new(KxlHost *host);
void cpu_host_cache_free(CpuHostCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuHostCache, cpu_host_cache_free)

/* Borrowed. NULL with error: there is no map, or the emulator cannot be asked; it is tried again
 * the next time. */
const CpuHost *cpu_host_get(CpuHostCache *cache, GError **error);

/* The emulator's model of that name; NULL: it has none. */
const KxlCpuModel *cpu_host_find_offered(const CpuHost *cpu, const char *name);
/* The same for cpu_describe(); data: the CpuHost. */
gboolean cpu_host_is_offered(const char *name, gpointer data);

G_END_DECLS
