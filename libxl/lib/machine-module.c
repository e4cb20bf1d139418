/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory devices of an HVM guest: modules in slots, and virtio's. Names are libvirt's. */
#include <string.h>

#include "machine-args.h"

static const struct {
    const char *model, *id, *device;
    gboolean in_slot; /* else on PCI */
} models[] = {
    { "dimm", "dimm", "pc-dimm", TRUE },
    { "nvdimm", "nvdimm", "nvdimm", TRUE },
    { "virtio-mem", "virtiomem", "virtio-mem-pci", FALSE },
    { "virtio-pmem", "virtiopmem", "virtio-pmem-pci", FALSE },
};

static int find_model(const char *model)
{
    for (guint i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_strcmp0(models[i].model, model) == 0)
            return (int)i;
    return -1;
}

static void append_kb(GString *text, const char *option, guint64 kb)
{
    if (kb)
        g_string_append_printf(text, ",%s=%" G_GUINT64_FORMAT, option, kb * 1024);
}

static void add_backend(KxlArgs *args, const KxlMachine *m, const KxlDeviceMemory *memory,
                        const char *id)
{
    KxlBackend b = kxl_backend_for_cell(m->config, memory->node);
    g_autoptr(GString) more = g_string_new(NULL);

    append_kb(more, "align", memory->align_kb);
    if (memory->persistent)
        g_string_append(more, ",pmem=on");
    if (memory->access)
        b.share = g_str_equal(memory->access, "shared");
    /* What is written there shall reach the file. */
    if (memory->path)
        b.share = !memory->access || b.share;
    if (memory->discard != KXL_DEFAULT)
        b.discard = memory->discard == KXL_YES;
    if (memory->page_kb) {
        b.huge = TRUE;
        b.page_kb = memory->page_kb;
    }
    if (memory->nodes) {
        b.mode = NULL;
        b.nodes = memory->nodes;
    }
    if (memory->path)
        b.huge = FALSE;
    b.on_demand = g_str_equal(memory->model, "virtio-mem");
    b.id = id;
    b.size_kb = memory->size_kb;
    b.path = memory->path;
    b.more = more->str;
    kxl_args_backend(args, m, &b);
}

static void append_slot(GString *text, const KxlDeviceMemory *memory)
{
    append_kb(text, "label-size", memory->label_kb);
    if (memory->read_only)
        g_string_append(text, ",unarmed=on");
    if (memory->slot >= 0)
        g_string_append_printf(text, ",slot=%d", memory->slot);
    if (memory->base)
        g_string_append_printf(text, ",addr=%" G_GUINT64_FORMAT, memory->base);
}

static gboolean add_module(KxlArgs *args, const KxlMachine *m, const KxlDeviceMemory *memory,
                           GError **error)
{
    int model = find_model(memory->model);
    g_autofree char *what = g_strdup_printf("memory '%s'", memory->model ? memory->model : "");
    g_autofree char *id = NULL, *backend = NULL, *at = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (model < 0)
        return kxl_args_unsupported(error, "%s", what);
    at = kxl_args_pci_address(m->config, &memory->address, what, error);
    if (!at)
        return FALSE;
    id = g_strdup_printf("%s%d", models[model].id, MAX(memory->devid, 0));
    backend = g_strconcat("mem", id, NULL);
    add_backend(args, m, memory, backend);
    if (memory->node >= 0 && !g_str_equal(memory->model, "virtio-pmem"))
        g_string_append_printf(text, ",node=%d", memory->node);
    append_kb(text, "block-size", memory->block_kb);
    if (g_str_equal(memory->model, "virtio-mem"))
        g_string_append_printf(text, ",requested-size=%" G_GUINT64_FORMAT,
                               memory->requested_kb * 1024);
    append_slot(text, memory);
    kxl_args_add(args, "-device", "%s,id=%s,memdev=%s%s%s", models[model].device, id, backend,
                 text->str, models[model].in_slot ? "" : at);
    return TRUE;
}

gboolean kxl_args_modules(KxlArgs *args, const KxlMachine *m, GError **error)
{
    for (guint i = 0; i < m->config->memories->len; i++)
        if (!add_module(args, m, m->config->memories->pdata[i], error))
            return FALSE;
    return TRUE;
}
