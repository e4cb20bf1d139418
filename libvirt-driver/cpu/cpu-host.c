/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu-host.h"

#include <cpuid.h>
#include <string.h>

#define MAP_DIR "/usr/share/libvirt/cpu_map"
/* What QEMU's "max" of TCG says it is. */
#define TCG_VENDOR "AMD"

struct CpuHostCache {
    KxlHost *host;
    GMutex lock; /* held while all is found out */
    CpuHost *found;
};

CpuHostCache *cpu_host_cache_new(KxlHost *host)
{
    CpuHostCache *cache = g_new0(CpuHostCache, 1);

    cache->host = host;
    g_mutex_init(&cache->lock);
    return cache;
}

static void cpu_host_free(CpuHost *cpu)
{
    if (cpu == NULL)
        return;
    cpu_map_free(cpu->map);
    g_free(cpu->features);
    g_free(cpu->offered);
    kxl_cpu_offer_free(cpu->offer);
    g_free(cpu);
}

void cpu_host_cache_free(CpuHostCache *cache)
{
    if (cache == NULL)
        return;
    cpu_host_free(cache->found);
    g_mutex_clear(&cache->lock);
    g_free(cache);
}

/* ---- the host ---- */

static const char *read_vendor(void)
{
    guint a, b, c, d;
    char text[13] = "";

    if (__get_cpuid(0, &a, &b, &c, &d)) {
        memcpy(text, &b, 4);
        memcpy(text + 4, &d, 4);
        memcpy(text + 8, &c, 4);
    }
    return cpu_map_vendor(text);
}

static gboolean host_has(const CpuFeature *feature)
{
    guint have[4];

    if (!feature->in_cpuid || !__get_cpuid_count(feature->eax_in, feature->ecx_in, &have[0],
                                                 &have[1], &have[2], &have[3]))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(have); i++)
        if ((have[i] & feature->bits[i]) != feature->bits[i])
            return FALSE;
    return TRUE;
}

static CpuSet *read_features(const CpuMap *map)
{
    CpuSet *set = cpu_set_new(map);

    for (guint i = 0; i < map->features->len; i++)
        set[i] = host_has(g_ptr_array_index(map->features, i));
    return set;
}

/* ---- its guests ---- */

static CpuSet *offered_features(const CpuMap *map, const KxlCpuOffer *offer)
{
    CpuSet *set = cpu_set_new(map);

    for (guint i = 0; offer->features[i] != NULL; i++) {
        int index = cpu_map_find_feature(map, offer->features[i]);
        if (index >= 0)
            set[index] = 1;
    }
    return set;
}

static CpuHost *find_out(KxlHost *host, GError **error)
{
    g_autoptr(CpuMap) map = cpu_map_load(MAP_DIR, error);
    g_autoptr(KxlCpuOffer) offer = map != NULL ? kxl_host_cpu_offer(host, error) : NULL;

    if (offer == NULL)
        return NULL;
    CpuHost *cpu = g_new0(CpuHost, 1);
    cpu->vendor = read_vendor();
    cpu->features = read_features(map);
    cpu->offered = offered_features(map, offer);
    cpu->offered_vendor = kxl_host_accel(host, NULL) == KXL_ACCEL_KVM ? cpu->vendor : TCG_VENDOR;
    cpu->map = g_steal_pointer(&map);
    cpu->offer = g_steal_pointer(&offer);
    return cpu;
}

const CpuHost *cpu_host_get(CpuHostCache *cache, GError **error)
{
    g_mutex_lock(&cache->lock);
    if (cache->found == NULL)
        cache->found = find_out(cache->host, error);
    const CpuHost *cpu = cache->found;
    g_mutex_unlock(&cache->lock);
    return cpu;
}

const KxlCpuModel *cpu_host_find_offered(const CpuHost *cpu, const char *name)
{
    for (guint i = 0; i < cpu->offer->models->len; i++) {
        const KxlCpuModel *model = g_ptr_array_index(cpu->offer->models, i);
        if (strcmp(model->name, name) == 0)
            return model;
    }
    return NULL;
}

gboolean cpu_host_is_offered(const char *name, gpointer data)
{
    return cpu_host_find_offered(data, name) != NULL;
}
