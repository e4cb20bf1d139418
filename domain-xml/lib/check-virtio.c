/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only devices on PCI, or only virtio's, are told (DEVICE_VIRTIO_ROWS,
 * DEVICE_ALIAS_ACPI_ROW). */
#include "complete.h"

#include <string.h>

typedef struct {
    const char *name;
    guint number; /* from 1, in its list */
    const DomainDeviceInfo *info;
    gboolean is_virtio, is_pci;
} Bearer;

static gboolean check_bearer(const Bearer *b, GError **error)
{
    const struct {
        const char *name;
        int value;
    } options[] = { { "iommu", b->info->iommu },
                    { "ats", b->info->ats },
                    { "packed", b->info->packed },
                    { "page_per_vq", b->info->page_per_vq } };

    for (guint i = 0; i < G_N_ELEMENTS(options) && !b->is_virtio; i++)
        if (options[i].value != DOMAIN_ABSENT)
            return fail_check(error, UNSUPPORTED,
                              "%s driver option is only supported for virtio devices "
                              "(/domain/devices/%s[%u]/driver/@%s)",
                              options[i].name, b->name, b->number, options[i].name);
    if (b->info->acpi_index != 0 && !b->is_pci)
        return fail_check(error, UNSUPPORTED,
                          "ACPI index is only supported for PCI devices "
                          "(/domain/devices/%s[%u]/acpi/@index)",
                          b->name, b->number);
    return TRUE;
}

static gboolean is_virtio_model(const char *model)
{
    return model != NULL && g_str_has_prefix(model, "virtio");
}

static Bearer disk(gconstpointer device)
{
    const DomainDisk *d = device;
    gboolean virtio = d->bus == DOMAIN_DISK_BUS_VIRTIO;

    return (Bearer){ "disk", 0, &d->info, virtio, virtio };
}

/* Not the ports and bridges of PCI, whose numbers would be those of nothing. */
static Bearer controller(gconstpointer device)
{
    const DomainController *c = device;

    return (Bearer){ "controller", 0, &c->info,
                     strcmp(c->type, "virtio-serial") == 0 ||
                         (strcmp(c->type, "scsi") == 0 && is_virtio_model(c->model)),
                     FALSE };
}

static Bearer interface(gconstpointer device)
{
    const DomainInterface *i = device;

    return (Bearer){ "interface", 0, &i->info, is_virtio_model(i->model),
                     g_strcmp0(i->model, "usb-net") != 0 };
}

static Bearer filesystem(gconstpointer device)
{
    return (Bearer){ "filesystem", 0, &((const DomainFilesystem *)device)->info, TRUE, TRUE };
}

static Bearer hostdev(gconstpointer device)
{
    const DomainHostdev *h = device;

    return (Bearer){ "hostdev", 0, &h->info, TRUE,
                     h->type != DOMAIN_HOSTDEV_USB && h->type != DOMAIN_HOSTDEV_SCSI };
}

static Bearer input(gconstpointer device)
{
    const DomainInput *i = device;
    gboolean virtio = g_strcmp0(i->bus, "virtio") == 0 || g_strcmp0(i->type, "passthrough") == 0;

    return (Bearer){ "input", 0, &i->info, virtio, virtio };
}

static Bearer video(gconstpointer device)
{
    const DomainVideo *v = device;
    gboolean has_place = strcmp(v->model, "ramfb") != 0 && strcmp(v->model, "none") != 0;

    return (Bearer){ "video", 0, &v->info, is_virtio_model(v->model), has_place };
}

static Bearer rng(gconstpointer device)
{
    return (Bearer){ "rng", 0, &((const DomainRng *)device)->info, TRUE, TRUE };
}

/* Of those that there is one of. */
static gboolean check_single_bearers(const DomainDef *def, GError **error)
{
    const DomainMemballoon *balloon = def->memballoon;

    if (balloon != NULL) {
        gboolean virtio = is_virtio_model(balloon->model);
        if (!check_bearer(&(Bearer){ "memballoon", 1, &balloon->info, virtio, virtio }, error))
            return FALSE;
    }
    return def->vsock == NULL ||
           check_bearer(&(Bearer){ "vsock", 1, &def->vsock->info, TRUE, TRUE }, error);
}

gboolean check_bus_options(const DomainDef *def, GError **error)
{
    const struct {
        const GPtrArray *list;
        Bearer (*look)(gconstpointer device);
    } kinds[] = { { def->disks, disk },           { def->controllers, controller },
                  { def->interfaces, interface }, { def->filesystems, filesystem },
                  { def->hostdevs, hostdev },     { def->inputs, input },
                  { def->videos, video },         { def->rngs, rng } };

    if (!domain_is_hvm(def)) /* kept: their machine's devices are not what the definition says */
        return TRUE;
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (guint i = 0; i < kinds[k].list->len; i++) {
            Bearer bearer = kinds[k].look(g_ptr_array_index(kinds[k].list, i));

            bearer.number = i + 1;
            if (!check_bearer(&bearer, error))
                return FALSE;
        }
    }
    return check_single_bearers(def, error);
}
