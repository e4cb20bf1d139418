/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory devices of a running HVM domain: more, fewer, more or less of what virtio-mem offers. */
#include "config-find.h"
#include "config.h"
#include "host-check.h"
#include "hot-device.h"
#include "machine.h"
#include "prepare.h"

/* A domain's memory counts its memory devices in. */
void kxl_config_add_memory(KxlDomainConfig *config, KxlDeviceMemory *memory)
{
    config->max_memkb = MAX(config->max_memkb, config->target_memkb) + memory->size_kb;
    config->target_memkb += memory->size_kb;
    g_ptr_array_add(config->memories, memory);
}

void kxl_config_remove_memory(KxlDomainConfig *config, guint index)
{
    guint64 kb = ((const KxlDeviceMemory *)config->memories->pdata[index])->size_kb;

    config->max_memkb -= MIN(kb, config->max_memkb);
    config->target_memkb =
        MIN(config->target_memkb - MIN(kb, config->target_memkb), config->max_memkb);
    g_ptr_array_remove_index(config->memories, index);
}

static int free_devid(const KxlDomainConfig *config, const char *model)
{
    int devid = 0;

    while (kxl_config_find_memory(config, model, devid) >= 0)
        devid++;
    return devid;
}

/* Its index; -1: none. */
static int find(const KxlOp *op, const char *model, int devid, GError **error)
{
    int index = kxl_config_find_memory(op->config, model, devid);

    if (index < 0)
        g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DEVICE, "domain '%s' has no memory '%s' %d",
                    op->config->name, model, devid);
    return index;
}

static gboolean has_room(const KxlOp *op, const KxlDomainConfig *config, GError **error)
{
    const KxlMemory *memory = &config->memory;

    if (op->config->type == KXL_TYPE_HVM && config->max_memkb <= memory->hotplug_max_kb)
        return TRUE;
    return kxl_args_unsupported(error,
                                "domain '%s': memory beyond the %" G_GUINT64_FORMAT
                                " KiB that it was started with room for",
                                op->config->name, memory->hotplug_max_kb);
}

/* All that is chosen for it, as at a start. NULL: it cannot be. */
static KxlDomainConfig *config_with(const KxlOp *op, const KxlDeviceMemory *memory, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_dup(op->config);
    KxlDeviceMemory *copy = kxl_type_dup(&kxl_type_device_memory, memory);

    copy->devid = free_devid(config, copy->model);
    kxl_config_add_memory(config, copy);
    if (!has_room(op, config, error) || !kxl_domain_config_validate(config, error) ||
        !kxl_machine_check(config, error))
        return NULL;
    return kxl_prepare(op->host, config, error);
}

gboolean kxl_domain_memory_attach(KxlHost *host, int domid, const KxlDeviceMemory *memory,
                                  GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(KxlHotDevice) device = NULL;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    config = config_with(&op, memory, error);
    if (!config)
        return FALSE;
    device = kxl_hot_memory_new(&op, config->memories->pdata[config->memories->len - 1], error);
    return device && kxl_hot_attach(device, config, error);
}

/* Begins an operation on one of the domain's. NULL: there is none such. */
static KxlHotDevice *begin(KxlOp *op, KxlHost *host, int domid, const char *model, int devid,
                           int *ret_index, GError **error)
{
    if (!kxl_op_begin(op, host, domid, error))
        return NULL;
    *ret_index = find(op, model, devid, error);
    return *ret_index < 0 ? NULL
                          : kxl_hot_memory_new(op, op->config->memories->pdata[*ret_index], error);
}

gboolean kxl_domain_memory_detach(KxlHost *host, int domid, const char *model, int devid,
                                  GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    int index;
    g_autoptr(KxlHotDevice) device = begin(&op, host, domid, model, devid, &index, error);

    return device && kxl_hot_detach(device, FALSE, error);
}

/* --- virtio-mem ------------------------------------------------------------------------------- */

static const char virtio_mem[] = "virtio-mem";

static JsonObject *property_args(const KxlHotDevice *device, const char *property)
{
    g_autofree char *path = g_strconcat("/machine/peripheral/", device->device, NULL);

    return kxl_qmp_args("s:path", path, "s:property", property, NULL);
}

static gboolean set_requested(KxlHotDevice *device, guint64 kb, GError **error)
{
    JsonObject *arguments = property_args(device, "requested-size");

    json_object_set_int_member(arguments, "value", (gint64)(kb * 1024));
    return kxl_hot_connect(device, error) &&
           kxl_qmp_run(device->qmp, "qom-set", arguments, KXL_HOT_QMP_MS, error);
}

gboolean kxl_domain_memory_request(KxlHost *host, int domid, int devid, guint64 kb, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlDomainConfig) config = NULL;
    int index;
    g_autoptr(KxlHotDevice) device = begin(&op, host, domid, virtio_mem, devid, &index, error);
    g_auto(KxlFd) all = -1;
    KxlDeviceMemory *memory;

    if (!device)
        return FALSE;
    config = kxl_domain_config_dup(op.config);
    memory = config->memories->pdata[index];
    if (kb > memory->size_kb || (memory->block_kb && kb % memory->block_kb != 0)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "memory 'virtio-mem' %d: %" G_GUINT64_FORMAT
                    " KiB is not a number of its blocks",
                    devid, kb);
        return FALSE;
    }
    memory->requested_kb = kb;
    if (!set_requested(device, kb, error))
        return FALSE;
    all = kxl_rundir_lock(host, error);
    return all >= 0 && kxl_rundir_save_config(host, domid, config, error);
}

static gboolean get_size(KxlHotDevice *device, guint64 *ret_kb, GError **error)
{
    g_autoptr(JsonNode) answer = NULL;

    if (!kxl_hot_connect(device, error))
        return FALSE;
    answer =
        kxl_qmp_call(device->qmp, "qom-get", property_args(device, "size"), KXL_HOT_QMP_MS, error);
    if (!answer)
        return FALSE;
    if (!JSON_NODE_HOLDS_VALUE(answer) || json_node_get_int(answer) < 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "qom-get: the size of '%s' is no number",
                    device->device);
        return FALSE;
    }
    *ret_kb = (guint64)json_node_get_int(answer) / 1024;
    return TRUE;
}

gboolean kxl_domain_memory_taken(KxlHost *host, int domid, int devid, guint64 *ret_kb,
                                 GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    int index;
    g_autoptr(KxlHotDevice) device = begin(&op, host, domid, virtio_mem, devid, &index, error);

    return device && get_size(device, ret_kb, error);
}
