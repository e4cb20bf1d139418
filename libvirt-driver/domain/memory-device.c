/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory-device.h"

#include <string.h>

#include "handler-util.h"

static const DomainMemory *memory_at(const DomainDef *def, guint index)
{
    return def->memories->pdata[index];
}

/* How many of its model stand before it. */
static guint ordinal(const DomainDef *def, guint index)
{
    guint n = 0;

    for (guint i = 0; i < index; i++)
        n += strcmp(memory_at(def, i)->model, memory_at(def, index)->model) == 0;
    return n;
}

/* libkxl's number of it, -1 with an error. */
static int running_devid(KxlHost *host, int id, const DomainDef *live, guint index, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(host, id, error);
    const char *model = memory_at(live, index)->model;
    guint left = ordinal(live, index);

    for (guint i = 0; config != NULL && i < config->memories->len; i++) {
        const KxlDeviceMemory *memory = config->memories->pdata[i];

        if (strcmp(memory->model, model) == 0 && left-- == 0)
            return memory->devid;
    }
    if (config != NULL)
        fail(error, VIR_ERR_DEVICE_MISSING, "matching memory device was not found");
    return -1;
}

gboolean memory_device_plug(KxlHost *host, int id, const KxlDomainConfig *config, guint index,
                            GError **error)
{
    return kxl_domain_memory_attach(host, id, config->memories->pdata[index], error);
}

gboolean memory_device_unplug(KxlHost *host, int id, const DomainDef *live, guint index,
                              GError **error)
{
    int devid = running_devid(host, id, live, index, error);

    return devid >= 0 &&
           kxl_domain_memory_detach(host, id, memory_at(live, index)->model, devid, error);
}

gboolean memory_device_update(KxlHost *host, int id, const DomainDef *live, guint index,
                              GError **error)
{
    const DomainMemory *memory = memory_at(live, index);
    int devid;

    if (strcmp(memory->model, "virtio-mem") != 0)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "updating of memory device of type '%s' is not supported", memory->model);
    devid = running_devid(host, id, live, index, error);
    return devid >= 0 && kxl_domain_memory_request(host, id, devid, memory->requested_kib, error);
}

void memory_device_tell_current(KxlHost *host, int id, DomainDef *live)
{
    for (guint i = 0; i < live->memories->len; i++) {
        DomainMemory *memory = live->memories->pdata[i];
        g_autoptr(GError) error = NULL;
        int devid;

        if (strcmp(memory->model, "virtio-mem") != 0)
            continue;
        devid = running_devid(host, id, live, i, &error);
        if (devid < 0 || !kxl_domain_memory_taken(host, id, devid, &memory->current_kib, &error))
            g_debug("domain: domain %d: how much memory its guest has taken is not known: %s", id,
                    error->message);
    }
}

/* They are the same, but for names of the user's own, which start with "ua-". */
const char *memory_device_alias(const DomainDef *live, const char *id)
{
    const char *own = NULL;

    for (guint i = 0; i < live->memories->len; i++) {
        const char *alias = memory_at(live, i)->info.alias;

        if (g_strcmp0(alias, id) == 0)
            return alias;
        if (alias != NULL && g_str_has_prefix(alias, "ua-") &&
            strcmp(memory_at(live, i)->model, "virtio-mem") == 0)
            own = alias;
    }
    return own != NULL ? own : id;
}
