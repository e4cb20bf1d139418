/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a completed definition's memory, processors, limits and clock, in libvirt's words where
 * it has some. */
#include "complete.h"

#include <string.h>

#include "number-set.h"

gboolean check_set(const char *text, const char *path, GError **error)
{
    g_autofree char *set = text != NULL ? number_set_normalise(text) : NULL;

    return text == NULL || set != NULL ||
           fail_check(error, INVALID_ARG, "Failed to parse bitmap '%s' (%s)", text, path);
}

/* ---- memory ---- */

static gboolean check_memory_sets(const DomainDef *def, GError **error)
{
    const DomainNumatune *numatune = def->numatune;

    for (guint i = 0; def->memory_backing != NULL && i < def->memory_backing->pages->len; i++) {
        const DomainHugePage *page = g_ptr_array_index(def->memory_backing->pages, i);
        if (page->size_kib == 0)
            return fail_check(error, SYNTAX,
                              "hugepage size can't be zero (/domain/memoryBacking/hugepages/page)");
        if (!check_set(page->nodeset, "/domain/memoryBacking/hugepages/page/@nodeset", error))
            return FALSE;
    }
    if (numatune == NULL)
        return TRUE;
    if (!check_set(numatune->nodeset, "/domain/numatune/memory/@nodeset", error))
        return FALSE;
    for (guint i = 0; i < numatune->memnodes->len; i++) {
        const DomainMemnode *node = g_ptr_array_index(numatune->memnodes, i);
        if (!check_set(node->nodeset, "/domain/numatune/memnode/@nodeset", error))
            return FALSE;
        if (def->cpu == NULL || node->cell >= def->cpu->cells->len)
            return fail_check(error, UNSUPPORTED,
                              "memnode: there is no guest NUMA cell %u "
                              "(/domain/numatune/memnode/@cellid)",
                              node->cell);
    }
    return TRUE;
}

static gboolean check_max_memory(const DomainDef *def, GError **error)
{
    if ((def->max_memory_kib == 0) != (def->max_memory_slots == 0))
        return fail_check(error, SYNTAX,
                          "both maximum memory size and memory slot count must be specified");
    if (def->max_memory_kib != 0 && def->max_memory_kib < def->memory_kib)
        return fail_check(error, SYNTAX,
                          "maximum memory size must be equal or greater than the actual memory "
                          "size (/domain/maxMemory)");
    return TRUE;
}

static gboolean check_cells(const DomainDef *def, GError **error)
{
    const GPtrArray *cells = def->cpu != NULL ? def->cpu->cells : NULL;

    for (guint i = 0; cells != NULL && i < cells->len; i++) {
        const DomainNumaCell *cell = g_ptr_array_index(cells, i);
        if (cell->id != (int)i)
            return fail_check(error, SYNTAX,
                              "Exactly one 'cell' element per guest NUMA cell allowed, "
                              "non-contiguous ranges or ranges not starting from 0 are not "
                              "allowed");
        if (!check_set(cell->cpus, "/domain/cpu/numa/cell/@cpus", error))
            return FALSE;
    }
    return TRUE;
}

/* ---- threads ---- */

static gboolean has_iothread(const DomainDef *def, guint id)
{
    /* Those without a number of their own get the smallest free ones. */
    if (def->iothread_ids->len == 0)
        return id >= 1 && id <= def->iothreads;
    for (guint i = 0; i < def->iothread_ids->len; i++)
        if (((const DomainIothread *)g_ptr_array_index(def->iothread_ids, i))->id == id)
            return TRUE;
    return def->iothread_ids->len < def->iothreads;
}

static gboolean check_iothreads(const DomainDef *def, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < def->iothread_ids->len; i++) {
        const DomainIothread *thread = g_ptr_array_index(def->iothread_ids, i);
        if (!g_hash_table_add(seen, GUINT_TO_POINTER(thread->id)))
            return fail_check(error, SYNTAX, "duplicate iothread id '%u' found", thread->id);
        if (thread->pool_min >= 0 && thread->pool_max >= 0 && thread->pool_min > thread->pool_max)
            return fail_check(error, UNSUPPORTED,
                              "iothread %u: thread_pool_min is more than thread_pool_max",
                              thread->id);
    }
    for (guint i = 0; i < def->cputune.iothread_pins->len; i++) {
        const DomainIothreadPin *pin = g_ptr_array_index(def->cputune.iothread_pins, i);
        if (!has_iothread(def, pin->iothread))
            return fail_check(error, SYNTAX, "Cannot find 'iothread' : %u", pin->iothread);
        if (!check_set(pin->cpuset, "/domain/cputune/iothreadpin/@cpuset", error))
            return FALSE;
    }
    return check_set(def->cputune.emulator_cpuset, "/domain/cputune/emulatorpin/@cpuset", error);
}

static gboolean check_scheds(const GPtrArray *scheds, const char *path, GError **error)
{
    for (guint i = 0; i < scheds->len; i++)
        if (!check_set(((const DomainSched *)g_ptr_array_index(scheds, i))->which, path, error))
            return FALSE;
    return TRUE;
}

static gboolean check_schedulers(const DomainDef *def, GError **error)
{
    return check_scheds(def->cputune.vcpu_scheds, "/domain/cputune/vcpusched/@vcpus", error) &&
           check_scheds(def->cputune.iothread_scheds, "/domain/cputune/iothreadsched/@iothreads",
                        error);
}

/* The kernel's ranges (Documentation/scheduler/sched-bwc.rst). */
static gboolean check_bandwidth(const DomainBandwidthLimit *limit, const char *prefix,
                                GError **error)
{
    gint64 period = limit->period != NULL ? g_ascii_strtoll(limit->period, NULL, 10) : 0;
    gint64 quota = limit->quota != NULL ? g_ascii_strtoll(limit->quota, NULL, 10) : 0;

    if (limit->period != NULL && (period < 1000 || period > 1000000))
        return fail_check(error, SYNTAX,
                          "Value of cputune '%speriod' must be in range [1000, 1000000]", prefix);
    if (limit->quota != NULL && quota >= 0 && (quota < 1000 || quota > 18446744073709551))
        return fail_check(error, SYNTAX,
                          "Value of cputune '%squota' must be in range [1000, 18446744073709551]",
                          prefix);
    return TRUE;
}

static gboolean check_bandwidths(const DomainDef *def, GError **error)
{
    const DomainCputune *cputune = &def->cputune;

    return check_bandwidth(&cputune->vcpu, "", error) &&
           check_bandwidth(&cputune->global, "global_", error) &&
           check_bandwidth(&cputune->emulator, "emulator_", error) &&
           check_bandwidth(&cputune->iothread, "iothread_", error);
}

static gboolean check_limits(const DomainDef *def, GError **error)
{
    const DomainMemtune *memtune = def->memtune;
    const DomainBlkiotune *blkiotune = def->blkiotune;

    if (memtune != NULL && memtune->swap_hard_limit_kib != 0 &&
        memtune->hard_limit_kib > memtune->swap_hard_limit_kib)
        return fail_check(error, SYNTAX,
                          "memtune: swap_hard_limit, which counts memory too, is less than "
                          "hard_limit");
    if (blkiotune != NULL && blkiotune->weight != 0 && blkiotune->weight < 10)
        return fail_check(error, SYNTAX, "Value of blkiotune 'weight' must be in range [10, 1000]");
    if (def->resource_partition != NULL &&
        (*def->resource_partition != '/' || strstr(def->resource_partition, "..") != NULL))
        return fail_check(error, SYNTAX, "Resource partition '%s' must start with '/'",
                          def->resource_partition);
    return TRUE;
}

/* Which vCPUs are there is told by their number alone: the first ones. */
static gboolean check_vcpu_list(const DomainDef *def, GError **error)
{
    guint online = def->vcpus_current != 0 ? def->vcpus_current : def->vcpus_max;

    for (guint i = 0; i < def->vcpus->len; i++) {
        const DomainVcpu *vcpu = g_ptr_array_index(def->vcpus, i);
        gboolean enabled = strcmp(vcpu->enabled, "yes") == 0;
        if (vcpu->id >= def->vcpus_max)
            return fail_check(error, SYNTAX, "vcpu '%u' is not present in domain definition",
                              vcpu->id);
        if (vcpu->id == 0 && !enabled)
            return fail_check(error, SYNTAX, "vcpu 0 can't be offline");
        if (enabled != (vcpu->id < online))
            return fail_check(error, UNSUPPORTED,
                              "/domain/vcpus/vcpu: only the first vCPUs can be the enabled ones");
    }
    return TRUE;
}

/* ---- firmware and clock ---- */

static gboolean in_range(const char *text, gint64 least, gint64 most)
{
    gint64 value = text != NULL ? g_ascii_strtoll(text, NULL, 10) : least;

    return value >= least && value <= most;
}

static gboolean check_boot_times(const DomainDef *def, GError **error)
{
    if (!in_range(def->bootmenu_timeout, 0, 65535))
        return fail_check(error, SYNTAX,
                          "invalid value for boot menu timeout, must be in range [0,65535]");
    if (!in_range(def->bios_reboot_timeout, -1, 65535))
        return fail_check(error, SYNTAX,
                          "invalid value for rebootTimeout, must be in range [-1,65535]");
    return TRUE;
}

static gboolean check_clock(const DomainDef *def, GError **error)
{
    if (def->clock == DOMAIN_CLOCK_TIMEZONE && def->clock_timezone == NULL)
        return fail_check(error, SYNTAX,
                          "missing 'timezone' attribute for clock with offset='timezone'");
    if (def->clock == DOMAIN_CLOCK_ABSOLUTE && def->clock_start == NULL)
        return fail_check(error, SYNTAX,
                          "missing 'start' attribute for clock with offset='absolute'");
    /* years 1970 to 9999 */
    if (!in_range(def->clock_start, 0, G_GINT64_CONSTANT(253402300799)))
        return fail_check(error, SYNTAX, "clock start '%s' is out of range", def->clock_start);
    return TRUE;
}

static gboolean check_sysinfo(const DomainDef *def, GError **error)
{
    gboolean has_smbios = FALSE;

    for (guint i = 0; i < def->sysinfos->len; i++) {
        const DomainSysinfo *sysinfo = g_ptr_array_index(def->sysinfos, i);
        has_smbios |= strcmp(sysinfo->type, "smbios") == 0;
        for (guint j = 0; j < sysinfo->entries->len; j++) {
            const DomainSysinfoEntry *entry = g_ptr_array_index(sysinfo->entries, j);
            if (entry->name == NULL || (entry->text == NULL) == (entry->file == NULL))
                return fail_check(error, SYNTAX,
                                  "Firmware entry must have a name and either value or 'file' "
                                  "attribute");
            /* QEMU keeps the rest of the name space for itself. */
            if (!g_str_has_prefix(entry->name, "opt/"))
                return fail_check(error, SYNTAX, "Invalid firmware name '%s'", entry->name);
        }
    }
    if (g_strcmp0(def->smbios_mode, "sysinfo") == 0 && !has_smbios)
        return fail_check(error, SYNTAX, "Domain '%s' sysinfo are not available", def->name);
    return TRUE;
}

gboolean check_machine_parts(const DomainDef *def, GError **error)
{
    static gboolean (*const checks[])(const DomainDef *, GError **) = {
        check_memory_sets, check_max_memory, check_cells,   check_iothreads,
        check_schedulers,  check_bandwidths, check_limits,  check_vcpu_list,
        check_boot_times,  check_clock,      check_sysinfo,
    };

    for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i](def, error))
            return FALSE;
    return TRUE;
}
