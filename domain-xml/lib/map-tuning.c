/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine takes of the host: memory, its threads, limits. xl.cfg(5) has no words for it,
 * so a config that xl made says nothing of it. */
#include "map.h"

#include <string.h>

/* ---- memory ---- */

static gboolean map_pages(const DomainMemoryBacking *backing, KxlMemory *memory)
{
    memory->huge = backing->hugepages || backing->pages->len > 0;
    for (guint i = 0; i < backing->pages->len; i++) {
        const DomainHugePage *from = g_ptr_array_index(backing->pages, i);
        KxlHugePage *page = kxl_huge_page_new();

        page->size_kb = from->size_kib;
        page->cells = g_strdup(from->nodeset);
        g_ptr_array_add(memory->pages, page);
    }
    return TRUE;
}

static void map_memory(const DomainDef *def, KxlMemory *memory)
{
    const DomainMemoryBacking *backing = def->memory_backing;

    memory->hotplug_max_kb = def->max_memory_kib;
    memory->hotplug_slots = def->max_memory_slots;
    if (def->memory_dump_core != NULL)
        memory->dump_guest = strcmp(def->memory_dump_core, "on") == 0 ? KXL_YES : KXL_NO;
    if (def->numatune != NULL) {
        memory->mode = g_strdup(def->numatune->mode);
        memory->nodes = g_strdup(def->numatune->nodeset);
    }
    if (backing == NULL)
        return;
    map_pages(backing, memory);
    memory->source = g_strdup(backing->source);
    memory->access = g_strdup(backing->access);
    memory->prealloc = g_strcmp0(backing->allocation, "immediate") == 0;
    memory->prealloc_threads = backing->allocation_threads;
    memory->locked = backing->locked;
    memory->no_merge = backing->nosharepages;
    memory->discard = backing->discard;
}

/* ---- NUMA cells ---- */

static const DomainMemnode *find_memnode(const DomainNumatune *numatune, guint cell)
{
    for (guint i = 0; numatune != NULL && i < numatune->memnodes->len; i++) {
        const DomainMemnode *node = g_ptr_array_index(numatune->memnodes, i);
        if (node->cell == cell)
            return node;
    }
    return NULL;
}

/* QEMU takes distances as libvirt's documents may give them, one way only, the other being the
 * same. */
static void map_distances(const DomainCpu *cpu, guint i, KxlNumaCell *cell)
{
    for (guint j = 0; j < cpu->cells->len; j++) {
        KxlNumaDistance *distance = kxl_numa_distance_new();

        distance->to = j;
        distance->value = map_cell_distance(cpu, i, j);
        g_ptr_array_add(cell->distances, distance);
    }
}

static gboolean has_distances(const DomainCpu *cpu)
{
    for (guint i = 0; i < cpu->cells->len; i++)
        if (((const DomainNumaCell *)g_ptr_array_index(cpu->cells, i))->distances->len > 0)
            return TRUE;
    return FALSE;
}

static void map_cells(const DomainDef *def, KxlDomainConfig *config)
{
    const DomainCpu *cpu = def->cpu;

    for (guint i = 0; cpu != NULL && i < cpu->cells->len; i++) {
        const DomainNumaCell *from = g_ptr_array_index(cpu->cells, i);
        const DomainMemnode *node = find_memnode(def->numatune, (guint)from->id);
        KxlNumaCell *cell = kxl_numa_cell_new();

        cell->cpus = g_strdup(from->cpus);
        cell->memkb = from->memory_kib;
        cell->access = g_strdup(from->mem_access);
        if (from->discard != NULL)
            cell->discard = strcmp(from->discard, "yes") == 0 ? KXL_YES : KXL_NO;
        if (node != NULL) {
            cell->mode = g_strdup(node->mode);
            cell->nodes = g_strdup(node->nodeset);
        }
        if (has_distances(cpu))
            map_distances(cpu, i, cell);
        map_numa_caches(from, cell);
        g_ptr_array_add(config->numa_cells, cell);
    }
}

/* ---- threads ---- */

static gboolean has_iothread(const KxlDomainConfig *config, guint id)
{
    for (guint i = 0; i < config->iothreads->len; i++)
        if (((const KxlIothread *)g_ptr_array_index(config->iothreads, i))->id == id)
            return TRUE;
    return FALSE;
}

static KxlIothread *add_iothread(KxlDomainConfig *config, guint id)
{
    KxlIothread *thread = kxl_iothread_new();

    thread->id = id;
    g_ptr_array_add(config->iothreads, thread);
    return thread;
}

/* Those that have a number in the document, then so many more with the smallest free ones. */
static void map_iothreads(const DomainDef *def, KxlDomainConfig *config)
{
    for (guint i = 0; i < def->iothread_ids->len; i++) {
        const DomainIothread *from = g_ptr_array_index(def->iothread_ids, i);
        KxlIothread *thread = add_iothread(config, from->id);

        thread->pool_min = from->pool_min;
        thread->pool_max = from->pool_max;
    }
    for (guint id = 1; config->iothreads->len < def->iothreads; id++)
        if (!has_iothread(config, id))
            add_iothread(config, id);
    for (guint i = 0; i < def->cputune.iothread_pins->len; i++) {
        const DomainIothreadPin *pin = g_ptr_array_index(def->cputune.iothread_pins, i);

        for (guint j = 0; j < config->iothreads->len; j++) {
            KxlIothread *thread = g_ptr_array_index(config->iothreads, j);
            if (thread->id != pin->iothread)
                continue;
            g_free(thread->cpus);
            thread->cpus = g_strdup(pin->cpuset);
        }
    }
}

static void add_scheduler(KxlLimits *limits, const char *kind, const DomainSched *from)
{
    KxlScheduler *scheduler = kxl_scheduler_new();

    scheduler->kind = g_strdup(kind);
    scheduler->which = g_strdup(from->which);
    scheduler->policy = g_strdup(from->scheduler);
    scheduler->priority = (guint)MAX(from->priority, 0);
    g_ptr_array_add(limits->schedulers, scheduler);
}

static void map_schedulers(const DomainCputune *cputune, KxlLimits *limits)
{
    for (guint i = 0; i < cputune->vcpu_scheds->len; i++)
        add_scheduler(limits, "vcpu", g_ptr_array_index(cputune->vcpu_scheds, i));
    for (guint i = 0; i < cputune->iothread_scheds->len; i++)
        add_scheduler(limits, "iothread", g_ptr_array_index(cputune->iothread_scheds, i));
    if (cputune->emulator_sched != NULL)
        add_scheduler(limits, "emulator", cputune->emulator_sched);
}

/* ---- limits ---- */

static void map_bandwidth(const DomainBandwidthLimit *from, KxlBandwidth *to)
{
    if (from->period != NULL)
        to->period = g_ascii_strtoull(from->period, NULL, 10);
    if (from->quota != NULL)
        to->quota = g_ascii_strtoll(from->quota, NULL, 10);
}

/* libvirt's word for no limit: what fits into a signed 64-bit number of bytes. */
static guint64 limit_kb(guint64 kib)
{
    return kib >= G_MAXINT64 / 1024 ? 0 : kib;
}

static void map_blkio(const DomainBlkiotune *blkiotune, KxlLimits *limits)
{
    limits->blkio_weight = blkiotune->weight;
    for (guint i = 0; i < blkiotune->devices->len; i++) {
        const DomainBlkioDevice *from = g_ptr_array_index(blkiotune->devices, i);
        KxlBlkioDevice *device = kxl_blkio_device_new();

        device->path = g_strdup(from->path);
        device->weight = from->weight;
        device->read_iops = from->read_iops;
        device->write_iops = from->write_iops;
        device->read_bytes = from->read_bytes;
        device->write_bytes = from->write_bytes;
        g_ptr_array_add(limits->blkio_devices, device);
    }
}

gboolean map_tuning_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    KxlLimits *limits = &config->limits;

    map_memory(def, &config->memory);
    map_cells(def, config);
    map_iothreads(def, config);
    map_schedulers(&def->cputune, limits);
    map_bandwidth(&def->cputune.vcpu, &limits->vcpu);
    map_bandwidth(&def->cputune.global, &limits->global);
    map_bandwidth(&def->cputune.emulator, &limits->emulator);
    map_bandwidth(&def->cputune.iothread, &limits->iothread);
    limits->emulator_cpus = g_strdup(def->cputune.emulator_cpuset);
    limits->partition = g_strdup(def->resource_partition);
    if (def->memtune != NULL) {
        limits->mem_hard_kb = limit_kb(def->memtune->hard_limit_kib);
        limits->mem_soft_kb = limit_kb(def->memtune->soft_limit_kib);
        limits->swap_hard_kb = limit_kb(def->memtune->swap_hard_limit_kib);
    }
    if (def->blkiotune != NULL)
        map_blkio(def->blkiotune, limits);
    return TRUE;
}
