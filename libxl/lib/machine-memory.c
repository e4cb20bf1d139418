/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's memory: how much, of what kind, from where on the host, and the guest's NUMA
 * cells. */
#include <string.h>

#include "machine-args.h"

#define KB_PER_MB 1024

static gboolean contains(const char *set, guint number)
{
    g_auto(GStrv) items = g_strsplit(set, ",", -1);

    for (char **item = items; *item; item++) {
        char *end;
        guint64 first = g_ascii_strtoull(*item, &end, 10), last = first;

        if (*end == '-')
            last = g_ascii_strtoull(end + 1, NULL, 10);
        if (number >= first && number <= last)
            return TRUE;
    }
    return FALSE;
}

/* The size of the pages behind a cell: 0 for the host's usual huge pages. FALSE: none. */
static gboolean huge_page_size(const KxlMemory *memory, guint cell, guint64 *ret_kb)
{
    const KxlHugePage *rest = NULL;

    *ret_kb = 0;
    if (!memory->huge || memory->pages->len == 0)
        return memory->huge;
    for (guint i = 0; i < memory->pages->len; i++) {
        const KxlHugePage *page = memory->pages->pdata[i];

        if (!page->cells)
            rest = page;
        else if (contains(page->cells, cell)) {
            *ret_kb = page->size_kb;
            return TRUE;
        }
    }
    *ret_kb = rest ? rest->size_kb : 0;
    return rest != NULL;
}

/* "0-1,3": QEMU takes an option for each range. */
static void append_ranges(GString *text, const char *option, const char *set)
{
    g_auto(GStrv) ranges = g_strsplit(set, ",", -1);

    for (char **range = ranges; *range; range++)
        if (**range)
            g_string_append_printf(text, ",%s=%s", option, *range);
}

static void append_placement(GString *text, const char *mode, const char *nodes)
{
    /* libvirt's words, and the kernel's memory policies (mbind(2)). "restrictive" leaves the choice
     * within the control group's nodes to the kernel. */
    static const struct {
        const char *mode, *policy;
    } policies[] = { { "strict", "bind" },
                     { "preferred", "preferred" },
                     { "interleave", "interleave" } };

    for (guint i = 0; nodes && i < G_N_ELEMENTS(policies); i++) {
        if (!g_str_equal(mode ? mode : "strict", policies[i].mode))
            continue;
        append_ranges(text, "host-nodes", nodes);
        g_string_append_printf(text, ",policy=%s", policies[i].policy);
    }
}

/* Huge pages come by memfd, so that nothing need be mounted. A file lives in the domain's own
 * folder and has no name, unless it is the user's own. */
static const char *backend_kind(const KxlBackend *b)
{
    if (b->path)
        return "memory-backend-file";
    if (b->huge || g_strcmp0(b->source, "memfd") == 0 || (b->share && !b->source))
        return "memory-backend-memfd";
    return g_strcmp0(b->source, "file") == 0 ? "memory-backend-file" : "memory-backend-ram";
}

void kxl_args_backend(KxlArgs *args, const KxlMachine *m, const KxlBackend *b)
{
    const KxlMemory *memory = &m->config->memory;
    const char *kind = backend_kind(b);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "%s,id=%s,size=%" G_GUINT64_FORMAT "K", kind, b->id, b->size_kb);
    if (g_str_equal(kind, "memory-backend-file")) {
        g_autofree char *file = kxl_args_quote(b->path ? b->path : m->dir);

        g_string_append_printf(text, ",mem-path=%s%s", file,
                               b->discard && !b->path ? ",discard-data=on" : "");
    }
    if (b->huge)
        g_string_append(text, ",hugetlb=on");
    if (b->huge && b->page_kb)
        g_string_append_printf(text, ",hugetlbsize=%" G_GUINT64_FORMAT "K", b->page_kb);
    g_string_append(text, b->share ? ",share=on" : ",share=off");
    if (b->on_demand)
        g_string_append(text, ",reserve=off");
    else if ((memory->prealloc && !b->path) || b->huge)
        g_string_append(text, ",prealloc=on");
    if (memory->prealloc_threads && !b->on_demand)
        g_string_append_printf(text, ",prealloc-threads=%u", memory->prealloc_threads);
    append_placement(text, b->mode, b->nodes);
    if (b->more)
        g_string_append(text, b->more);
    kxl_args_add(args, "-object", "%s", text->str);
}

KxlBackend kxl_backend_for_cell(const KxlDomainConfig *config, int number)
{
    const KxlMemory *memory = &config->memory;
    const KxlNumaCell *cell = number >= 0 && (guint)number < config->numa_cells->len
                                  ? config->numa_cells->pdata[number]
                                  : NULL;
    const char *access = cell && cell->access ? cell->access : memory->access;
    KxlBackend b = {
        .source = memory->source,
        .share = g_strcmp0(access, "shared") == 0,
        .discard = cell && cell->discard != KXL_DEFAULT ? cell->discard == KXL_YES
                                                        : memory->discard,
        .mode = cell && cell->nodes ? cell->mode : memory->mode,
        .nodes = cell && cell->nodes ? cell->nodes : memory->nodes,
    };

    b.huge = huge_page_size(memory, (guint)MAX(number, 0), &b.page_kb);
    return b;
}

/* number: -1 for the whole memory of a machine without cells. */
static void add_backend(KxlArgs *args, const KxlMachine *m, const char *id, guint64 size_kb,
                        int number)
{
    KxlBackend b = kxl_backend_for_cell(m->config, number);

    b.id = id;
    b.size_kb = size_kb;
    kxl_args_backend(args, m, &b);
}

static gboolean wants_backend(const KxlMemory *memory)
{
    return memory->huge || memory->source || memory->access || memory->prealloc ||
           memory->discard || memory->nodes;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void add_cell(KxlArgs *args, const KxlMachine *m, guint i, guint64 size_kb)
{
    const KxlNumaCell *cell = m->config->numa_cells->pdata[i];
    g_autofree char *id = g_strdup_printf("ram-node%u", i);
    g_autoptr(GString) cpus = g_string_new(NULL);
    g_autofree char *initiator = kxl_hmat_initiator(m->config, i);

    append_ranges(cpus, "cpus", cell->cpus ? cell->cpus : "");
    add_backend(args, m, id, size_kb, (int)i);
    kxl_args_add(args, "-numa", "node,nodeid=%u%s%s,memdev=%s", i, cpus->str,
                 initiator ? initiator : "", id);
}

static void add_distances(KxlArgs *args, const GPtrArray *cells)
{
    for (guint i = 0; i < cells->len; i++) {
        const KxlNumaCell *cell = cells->pdata[i];

        for (guint j = 0; j < cell->distances->len; j++) {
            const KxlNumaDistance *distance = cell->distances->pdata[j];

            if (distance->to < cells->len)
                kxl_args_add(args, "-numa", "dist,src=%u,dst=%u,val=%u", i, distance->to,
                             distance->value);
        }
    }
}

/* The last cell gets what rounding to whole MiB leaves. */
static gboolean add_cells(KxlArgs *args, const KxlMachine *m, guint64 total_kb, GError **error)
{
    const GPtrArray *cells = m->config->numa_cells;
    guint64 left = total_kb;

    for (guint i = 0; i < cells->len; i++) {
        const KxlNumaCell *cell = cells->pdata[i];
        guint64 size = (cell->memkb + KB_PER_MB - 1) / KB_PER_MB * KB_PER_MB;

        if (i == cells->len - 1)
            size = left;
        if (size == 0 || size > left) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                        "NUMA cell %u: the cells' sizes do not add up to the domain's memory", i);
            return FALSE;
        }
        add_cell(args, m, i, size);
        left -= size;
    }
    add_distances(args, cells);
    kxl_args_hmat(args, m->config);
    return TRUE;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void add_iothreads(KxlArgs *args, const GPtrArray *iothreads)
{
    for (guint i = 0; i < iothreads->len; i++) {
        const KxlIothread *thread = iothreads->pdata[i];
        g_autoptr(GString) text = g_string_new(NULL);

        g_string_append_printf(text, "iothread,id=iothread%u", thread->id);
        if (thread->pool_min >= 0)
            g_string_append_printf(text, ",thread-pool-min=%d", thread->pool_min);
        if (thread->pool_max >= 0)
            g_string_append_printf(text, ",thread-pool-max=%d", thread->pool_max);
        kxl_args_add(args, "-object", "%s", text->str);
    }
}

gboolean kxl_args_memory(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;
    const KxlMemory *memory = &config->memory;
    guint64 total_kb = kxl_machine_memory_kb(config);
    g_autofree char *growth = NULL;

    if (memory->hotplug_max_kb > total_kb && config->type == KXL_TYPE_HVM)
        growth = g_strdup_printf(",slots=%u,maxmem=%" G_GUINT64_FORMAT "M",
                                 MAX(memory->hotplug_slots, 1), memory->hotplug_max_kb / KB_PER_MB);
    kxl_args_add(args, "-m", "size=%" G_GUINT64_FORMAT "M%s", total_kb / KB_PER_MB,
                 growth ? growth : "");
    if (memory->locked)
        kxl_args_add(args, "-overcommit", "mem-lock=on");
    if (memory->no_merge)
        kxl_args_add(args, "-machine", "mem-merge=off");
    add_iothreads(args, config->iothreads);
    if (config->type == KXL_TYPE_HVM && config->numa_cells->len > 0)
        return add_cells(args, m, total_kb, error);
    if (wants_backend(memory)) {
        add_backend(args, m, "ram", total_kb, -1);
        kxl_args_add(args, "-machine", "memory-backend=ram");
    }
    return TRUE;
}
