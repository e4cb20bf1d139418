/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of memory devices and of what is said of memory's speed, in libvirt's words where it has
 * some. */
#include "complete.h"

#include <string.h>

static guint n_cells(const DomainDef *def)
{
    return def->cpu != NULL ? def->cpu->cells->len : 0;
}

/* ---- memory devices ---- */

static gboolean is_in_slot(const DomainMemory *memory)
{
    return g_str_has_suffix(memory->model, "dimm");
}

static gboolean check_node(const DomainDef *def, const DomainMemory *memory, guint number,
                           GError **error)
{
    if (strcmp(memory->model, "virtio-pmem") == 0)
        return memory->node < 0 ||
               fail_check(error, UNSUPPORTED,
                          "virtio-pmem does not support NUMA nodes "
                          "(/domain/devices/memory[%u]/target/node)",
                          number);
    if (memory->node < 0 && n_cells(def) > 0)
        return fail_check(error, SYNTAX,
                          "target NUMA node needs to be specified for memory device "
                          "(/domain/devices/memory[%u]/target)",
                          number);
    if (memory->node >= 0 && (guint)memory->node >= n_cells(def))
        return fail_check(error, UNSUPPORTED,
                          "can't add memory backend for guest node '%d' as the guest has only "
                          "'%u' NUMA nodes configured (/domain/devices/memory[%u]/target/node)",
                          memory->node, n_cells(def), number);
    return TRUE;
}

static gboolean check_place(const DomainDef *def, const DomainMemory *memory, GHashTable *slots,
                            guint number, GError **error)
{
    const DomainAddress *address = memory->info.address;

    if (address == NULL)
        return TRUE;
    if (is_in_slot(memory) != (address->type == DOMAIN_ADDRESS_DIMM))
        return fail_check(error, SYNTAX,
                          "unsupported address type of a memory device of model '%s' "
                          "(/domain/devices/memory[%u]/address)",
                          memory->model, number);
    if (!is_in_slot(memory))
        return TRUE;
    if (address->slot >= def->max_memory_slots)
        return fail_check(error, UNSUPPORTED,
                          "memory device slot '%u' exceeds slots count '%u' "
                          "(/domain/devices/memory[%u]/address/@slot)",
                          address->slot, def->max_memory_slots, number);
    if (!g_hash_table_add(slots, GUINT_TO_POINTER(address->slot)))
        return fail_check(error, SYNTAX, "memory device slot '%u' is already being used",
                          address->slot);
    return TRUE;
}

gboolean check_memory_device(const DomainDef *def, const DomainMemory *memory, guint number,
                             GError **error)
{
    g_autofree char *path = g_strdup_printf("/domain/devices/memory[%u]/source/nodemask", number);

    if (def->max_memory_kib == 0)
        return fail_check(error, UNSUPPORTED,
                          "cannot use/hotplug a memory device when domain 'maxMemory' is not "
                          "defined (/domain/devices/memory[%u])",
                          number);
    return check_node(def, memory, number, error) && check_set(memory->nodemask, path, error);
}

static gboolean check_devices(const DomainDef *def, GError **error)
{
    g_autoptr(GHashTable) slots = g_hash_table_new(NULL, NULL);
    guint64 sum_kib = 0;
    guint in_slots = 0;

    for (guint i = 0; i < def->memories->len; i++) {
        const DomainMemory *memory = g_ptr_array_index(def->memories, i);

        if (!check_memory_device(def, memory, i + 1, error) ||
            !check_place(def, memory, slots, i + 1, error))
            return FALSE;
        in_slots += is_in_slot(memory);
        if (memory->size_kib >= def->memory_kib - sum_kib)
            return fail_check(error, SYNTAX,
                              "Total size of memory devices exceeds the total memory size");
        sum_kib += memory->size_kib;
    }
    if (in_slots > def->max_memory_slots)
        return fail_check(error, UNSUPPORTED, "memory device count '%u' exceeds slots count '%u'",
                          in_slots, def->max_memory_slots);
    return TRUE;
}

/* ---- caches and interconnects ---- */

static gboolean check_caches(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < n_cells(def); i++) {
        const DomainNumaCell *cell = g_ptr_array_index(def->cpu->cells, i);
        guint levels = 0;

        for (guint n = 0; n < cell->caches->len; n++) {
            guint level = ((const DomainNumaCache *)g_ptr_array_index(cell->caches, n))->level;

            if (levels & 1U << level)
                return fail_check(error, SYNTAX, "Duplicate cache level %u", level);
            levels |= 1U << level;
        }
        if (levels & (levels + 2)) /* bits from 1 on without a gap */
            return fail_check(error, SYNTAX, "NUMA cell %u: cache levels must start from 1 and "
                              "have no gap", i);
    }
    return TRUE;
}

static gboolean has_cache(const DomainDef *def, guint cell, guint level)
{
    const DomainNumaCell *target = g_ptr_array_index(def->cpu->cells, cell);

    for (guint i = 0; i < target->caches->len; i++)
        if (((const DomainNumaCache *)g_ptr_array_index(target->caches, i))->level == level)
            return TRUE;
    return level == 0;
}

/* unit: what QEMU wants the values to be multiples of. */
static gboolean check_links(const DomainDef *def, const GPtrArray *links, const char *name,
                            guint64 unit, GError **error)
{
    for (guint i = 0; i < links->len; i++) {
        const DomainInterconnect *link = g_ptr_array_index(links, i);

        if (link->initiator >= n_cells(def) || link->target >= n_cells(def))
            return fail_check(error, SYNTAX, "'%s' refers to a non-existent NUMA node",
                              link->initiator >= n_cells(def) ? "initiator" : "target");
        if (!has_cache(def, link->target, link->cache))
            return fail_check(error, SYNTAX, "'cache' refers to a non-existent NUMA node cache");
        if (((const DomainNumaCell *)g_ptr_array_index(def->cpu->cells, link->initiator))->cpus ==
            NULL)
            return fail_check(error, SYNTAX, "NUMA nodes without CPUs can't be initiator");
        if (link->value % unit != 0)
            return fail_check(error, UNSUPPORTED,
                              "bandwidths must be whole MiB/s "
                              "(/domain/cpu/numa/interconnects/%s[%u]/@value)",
                              name, i + 1);
    }
    return TRUE;
}

static gboolean check_interconnects(const DomainDef *def, GError **error)
{
    const DomainCpu *cpu = def->cpu;
    gboolean has_caches = FALSE;

    if (cpu == NULL)
        return TRUE;
    for (guint i = 0; i < cpu->cells->len; i++)
        has_caches |= ((const DomainNumaCell *)g_ptr_array_index(cpu->cells, i))->caches->len > 0;
    if (has_caches && cpu->latencies->len + cpu->bandwidths->len == 0)
        return fail_check(error, UNSUPPORTED,
                          "caches of NUMA cells need <interconnects> beside them "
                          "(/domain/cpu/numa/interconnects)");
    return check_links(def, cpu->latencies, "latency", 1, error) &&
           check_links(def, cpu->bandwidths, "bandwidth", 1024, error);
}

gboolean check_memory_parts(const DomainDef *def, GError **error)
{
    return check_devices(def, error) && check_caches(def, error) && check_interconnects(def, error);
}
