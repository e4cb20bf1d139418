/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An HVM guest's memory devices, and the speed of its memory. xl.cfg(5) has no words for them. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

/* Modules have whole MiB, as libvirt rounds them. */
static guint64 round_to_mib(guint64 kib)
{
    return (kib + 1023) / 1024 * 1024;
}

/* How many of that model are there already: libvirt's numbers of them. */
static int next_number(const KxlDomainConfig *config, const char *model)
{
    int number = 0;

    for (guint i = 0; i < config->memories->len; i++)
        number += strcmp(((const KxlDeviceMemory *)g_ptr_array_index(config->memories, i))->model,
                         model) == 0;
    return number;
}

static KxlDeviceMemory *map_memory_device(const DomainMemory *from)
{
    KxlDeviceMemory *to = kxl_device_memory_new();
    const DomainAddress *address = from->info.address;

    to->model = g_strdup(from->model);
    to->size_kb = round_to_mib(from->size_kib);
    to->node = from->node;
    to->access = g_strdup(from->access);
    if (from->discard != NULL)
        to->discard = strcmp(from->discard, "yes") == 0 ? KXL_YES : KXL_NO;
    to->page_kb = from->page_kib;
    to->nodes = g_strdup(from->nodemask);
    to->path = g_strdup(from->path);
    to->align_kb = from->align_kib;
    to->label_kb = from->label_kib;
    to->persistent = from->pmem;
    to->read_only = from->readonly;
    to->block_kb = from->block_kib;
    to->requested_kb = from->requested_kib;
    if (address != NULL && address->type == DOMAIN_ADDRESS_DIMM) {
        to->slot = (int)address->slot;
        if (address->base != NULL)
            to->base = g_ascii_strtoull(address->base, NULL, 16);
    }
    map_address(&from->info, &to->address);
    return to;
}

static DomainMemory *map_memory_back(const KxlDeviceMemory *from)
{
    DomainMemory *to = xml_object_new(&domain_memory_class);

    to->model = g_strdup(from->model);
    to->size_kib = from->size_kb;
    to->node = from->node;
    to->access = g_strdup(from->access);
    if (from->discard != KXL_DEFAULT)
        to->discard = g_strdup(from->discard == KXL_YES ? "yes" : "no");
    to->page_kib = from->page_kb;
    to->nodemask = g_strdup(from->nodes);
    to->path = g_strdup(from->path);
    to->align_kib = from->align_kb;
    to->label_kib = from->label_kb;
    to->pmem = from->persistent;
    to->readonly = from->read_only;
    to->block_kib = from->block_kb;
    to->requested_kib = from->requested_kb;
    map_address_from_config(&from->address, &to->info);
    if (from->slot >= 0) {
        to->info.address = xml_object_new(&domain_address_class);
        to->info.address->type = DOMAIN_ADDRESS_DIMM;
        to->info.address->slot = (guint)from->slot;
        if (from->base != 0)
            to->info.address->base = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", from->base);
    }
    return to;
}

gboolean map_memory_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    def->max_memory_kib = config->memory.hotplug_max_kb;
    def->max_memory_slots = config->memory.hotplug_slots;
    if (config->memory.access != NULL) {
        def->memory_backing = xml_object_new(&domain_memory_backing_class);
        def->memory_backing->access = g_strdup(config->memory.access);
    }
    for (guint i = 0; i < config->memories->len; i++)
        g_ptr_array_add(def->memories, map_memory_back(g_ptr_array_index(config->memories, i)));
    return TRUE;
}

static void add_link(const DomainInterconnect *from, gboolean bandwidth, KxlDomainConfig *config)
{
    KxlInterconnect *to = kxl_interconnect_new();

    to->bandwidth = bandwidth;
    to->initiator = from->initiator;
    to->target = from->target;
    to->cache = from->cache;
    to->type = g_strdup(from->type);
    to->value = from->value;
    g_ptr_array_add(config->interconnects, to);
}

void map_numa_caches(const DomainNumaCell *from, KxlNumaCell *to)
{
    for (guint i = 0; i < from->caches->len; i++) {
        const DomainNumaCache *cache = g_ptr_array_index(from->caches, i);
        KxlNumaCache *copy = kxl_numa_cache_new();

        copy->level = cache->level;
        copy->size_kb = cache->size_kib;
        copy->line_bytes = cache->line_bytes;
        copy->associativity = g_strdup(cache->associativity);
        copy->policy = g_strdup(cache->policy);
        g_ptr_array_add(to->caches, copy);
    }
}

gboolean map_memory_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    for (guint i = 0; i < def->memories->len; i++) {
        KxlDeviceMemory *memory = map_memory_device(g_ptr_array_index(def->memories, i));

        memory->devid = next_number(config, memory->model);
        g_ptr_array_add(config->memories, memory);
    }
    for (guint i = 0; def->cpu != NULL && i < def->cpu->latencies->len; i++)
        add_link(g_ptr_array_index(def->cpu->latencies, i), FALSE, config);
    for (guint i = 0; def->cpu != NULL && i < def->cpu->bandwidths->len; i++)
        add_link(g_ptr_array_index(def->cpu->bandwidths, i), TRUE, config);
    return TRUE;
}
