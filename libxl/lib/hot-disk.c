/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks of a running domain: more, fewer, another medium. */
#include <string.h>

#include "config-find.h"
#include "config.h"
#include "disk-secret.h"
#include "host-check.h"
#include "hot-device.h"
#include "hot-store.h"
#include "machine-image.h"
#include "prepare.h"
#include "vdev.h"

/* Its index in the configuration; -1: there is none such. */
static int find(const KxlOp *op, const char *vdev)
{
    int devid = vdev ? kxl_vdev_to_devid(vdev) : -1;

    return devid < 0 ? -1 : kxl_config_find_disk(op->config, devid);
}

/* Begins an operation on one of the domain's. */
static int begin(KxlOp *op, KxlHost *host, int domid, const char *vdev, GError **error)
{
    int index;

    if (!kxl_op_begin(op, host, domid, error))
        return -1;
    index = find(op, vdev);
    if (index < 0)
        g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DEVICE, "domain '%s' has no disk '%s'",
                    op->config->name, vdev);
    return index;
}

/* IDE drives cannot be plugged in: where that is only our choice of a bus it is another. */
static void choose_bus(KxlDeviceDisk *disk, KxlDomainType type)
{
    KxlVdevClass class = KXL_VDEV_XVD;
    int unit, partition;

    kxl_vdev_parse(disk->vdev, &class, &unit, &partition);
    if (type == KXL_TYPE_HVM && class == KXL_VDEV_XVD && !disk->is_cdrom &&
        (!disk->bus || g_str_equal(disk->bus, "xen"))) {
        g_free(disk->bus);
        disk->bus = g_strdup("virtio");
    }
}

/* The domain's configuration with a disk more, or with disk instead of the one at index; checked.
 * NULL: it cannot be. */
static KxlDomainConfig *config_with(const KxlOp *op, const KxlDeviceDisk *disk, int index,
                                    GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_dup(op->config);
    g_autoptr(KxlDomainConfig) prepared = NULL;
    KxlDeviceDisk *copy = kxl_type_dup(&kxl_type_device_disk, disk);

    if (index < 0) {
        choose_bus(copy, config->type);
        if (copy->transient) {
            kxl_args_unsupported(error, "disk '%s': a transient disk of a running domain",
                                 copy->vdev);
            kxl_device_disk_free(copy);
            return NULL;
        }
        g_ptr_array_add(config->disks, copy);
        index = (int)config->disks->len - 1;
    } else {
        kxl_device_disk_free(config->disks->pdata[index]);
        config->disks->pdata[index] = copy;
    }
    if (!kxl_domain_config_validate(config, error) || !kxl_machine_check(config, error))
        return NULL;
    prepared = kxl_prepare(op->host, config, error);
    if (!prepared || !kxl_host_check_disk(prepared->disks->pdata[index], error))
        return NULL;
    return g_steal_pointer(&prepared);
}

gboolean kxl_domain_disk_attach(KxlHost *host, int domid, const KxlDeviceDisk *disk, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(KxlHotDevice) device = NULL;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (find(&op, disk->vdev) >= 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS, "target '%s' already exists in domain '%s'",
                    disk->vdev, op.config->name);
        return FALSE;
    }
    config = config_with(&op, disk, -1, error);
    if (!config)
        return FALSE;
    device = kxl_hot_disk_new(&op, config->disks->pdata[config->disks->len - 1], error);
    return device && kxl_disk_secrets_check(device->disk, error) &&
           kxl_hot_attach(device, config, error);
}

gboolean kxl_domain_disk_detach(KxlHost *host, int domid, const char *vdev, KxlDetachFlags flags,
                                GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlHotDevice) device = NULL;
    int index = begin(&op, host, domid, vdev, error);

    if (index < 0)
        return FALSE;
    device = kxl_hot_disk_new(&op, op.config->disks->pdata[index], error);
    return device && kxl_hot_detach(device, flags & KXL_DETACH_FORCE, error);
}

/* --- media ------------------------------------------------------------------------------------ */

/* One drive while its medium changes. */
typedef struct {
    KxlHotDevice *drive;       /* with the medium that is in */
    const KxlDeviceDisk *disk; /* with the new one */
    char *base;                /* name of the new one's block node */
    char *after;               /* the one the device gets; NULL: none */
    gboolean force;
} Change;

/* The medium that is in and the next one are open at the same time. */
static const char *const medium_names[] = { "medium", "medium2" };

static char *medium_node(const KxlHotDevice *d, guint i)
{
    return g_strdup_printf("%s-%s", d->device, medium_names[i]);
}

static void add_nodes(const KxlDeviceDisk *disk, const char *base, GPtrArray *names)
{
    g_autoptr(GPtrArray) nodes = kxl_image_nodes(disk, base, NULL);

    for (guint i = 0; nodes && i < nodes->len; i++)
        g_ptr_array_add(names, g_strdup(json_object_get_string_member_with_default(
                                   nodes->pdata[i], "node-name", "")));
}

void kxl_hot_add_media(const KxlHotDevice *d, GPtrArray *names)
{
    for (guint i = 0; i < G_N_ELEMENTS(medium_names); i++) {
        g_autofree char *base = medium_node(d, i);

        add_nodes(d->disk, base, names);
    }
}

static void remove_nodes(const Change *c, const GPtrArray *names, guint timeout_ms)
{
    for (guint i = names->len; i-- > 0;) {
        g_autoptr(GError) error = NULL;

        if (!kxl_hot_remove_node(c->drive->qmp, names->pdata[i], timeout_ms, &error))
            g_warning("domain %d: %s: %s; ignoring", c->drive->op->domid, c->drive->title,
                      error->message);
    }
}

/* All that the old medium may have been, but not what is the new one. */
static void remove_old(const Change *c)
{
    g_autoptr(GPtrArray) old = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) now = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < c->drive->nodes->len; i++)
        g_ptr_array_add(old, g_strdup(c->drive->nodes->pdata[i]));
    kxl_hot_add_media(c->drive, old);
    if (c->after)
        add_nodes(c->disk, c->base, now);
    for (guint i = old->len; i-- > 0;)
        if (g_ptr_array_find_with_equal_func(now, old->pdata[i], g_str_equal, NULL))
            g_ptr_array_remove_index(old, i);
    remove_nodes(c, old, KXL_HOT_QMP_MS);
}

static gboolean tray(const Change *c, const char *command, gboolean opens, GError **error)
{
    JsonObject *arguments = kxl_qmp_args("s:id", c->drive->device, NULL);

    if (opens)
        json_object_set_boolean_member(arguments, "force", c->force);
    return kxl_qmp_run(c->drive->qmp, command, arguments, KXL_HOT_QMP_MS, error);
}

/* A drive of an emulated controller has a tray, which its guest may have locked. */
static gboolean swap_in_tray(const Change *c, GError **error)
{
    g_autofree char *before = kxl_hot_medium(c->drive->qmp, c->drive->device);
    JsonObject *insert = NULL;

    if (!tray(c, "blockdev-open-tray", TRUE, error) ||
        (before && !tray(c, "blockdev-remove-medium", FALSE, error)))
        return FALSE;
    if (c->after)
        insert = kxl_qmp_args("s:id", c->drive->device, "s:node-name", c->after, NULL);
    return (!insert ||
            kxl_qmp_run(c->drive->qmp, "blockdev-insert-medium", insert, KXL_HOT_QMP_MS, error)) &&
           tray(c, "blockdev-close-tray", FALSE, error);
}

/* hv's disks have no tray: the image behind one is exchanged, and hv looks anew when it is told. */
static gboolean swap_behind_hv(const Change *c, GError **error)
{
    KxlXenDevice xen = { c->drive->op->domid, "vbd", c->drive->devid };
    g_autofree char *path = g_strconcat("/machine/peripheral/", c->drive->device, NULL);
    JsonObject *set =
        kxl_qmp_args("s:path", path, "s:property", "drive", "s:value", c->after, NULL);

    return kxl_qmp_run(c->drive->qmp, "qom-set", set, KXL_HOT_QMP_MS, error) &&
           kxl_xendev_write(c->drive->xs, &xen, "params", c->disk->path ? c->disk->path : "",
                            error);
}

static gboolean open_medium(Change *c, GError **error)
{
    gboolean pv = c->drive->op->config->type == KXL_TYPE_PV;
    g_autofree char *is = kxl_hot_medium(c->drive->qmp, c->drive->device);
    g_autofree char *first = medium_node(c->drive, 0);
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
    const KxlHotPlace nowhere = { 0 };

    if (kxl_disk_is_empty(c->disk) && !pv) /* a PV drive without a medium has an empty image */
        return TRUE;
    c->base = medium_node(c->drive, is && g_str_has_prefix(is, first) &&
                                        !g_str_has_prefix(is + strlen(first), "2"));
    c->after = kxl_image_top(c->disk, c->base);
    /* A medium has no secrets: kxl_domain_disk_update(). */
    return kxl_args_image(args, NULL, c->disk, c->base, error) &&
           kxl_hot_plug(c->drive->qmp, args, &nowhere, error);
}

static gboolean exchange(Change *c, GError **error)
{
    gboolean pv = c->drive->op->config->type == KXL_TYPE_PV;
    g_autoptr(GPtrArray) unused = g_ptr_array_new_with_free_func(g_free);

    if (open_medium(c, error) && (pv ? swap_behind_hv(c, error) : swap_in_tray(c, error))) {
        remove_old(c);
        return TRUE;
    }
    if (c->base)
        add_nodes(c->disk, c->base, unused);
    remove_nodes(c, unused, 0);
    return FALSE;
}

/* Only its medium is another. */
static gboolean same_drive(const KxlDeviceDisk *is, const KxlDeviceDisk *wanted, GError **error)
{
    if (is->is_cdrom == wanted->is_cdrom && is->is_floppy == wanted->is_floppy)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                "disk '%s': another kind of drive than the domain's", is->vdev);
    return FALSE;
}

static gboolean same_medium(const KxlDeviceDisk *a, const KxlDeviceDisk *b)
{
    return kxl_disk_is_empty(a) ? kxl_disk_is_empty(b)
                                : !kxl_disk_is_empty(b) && g_strcmp0(a->path, b->path) == 0 &&
                                      g_strcmp0(a->fd_group, b->fd_group) == 0 &&
                                      a->format == b->format;
}

static KxlDeviceDisk *with_medium(const KxlDeviceDisk *drive, const KxlDeviceDisk *medium)
{
    KxlDeviceDisk *disk = kxl_type_dup(&kxl_type_device_disk, drive);

    g_free(disk->path);
    disk->path = kxl_disk_is_empty(medium) ? NULL : g_strdup(medium->path);
    disk->is_uri = medium->is_uri;
    disk->format = kxl_disk_is_empty(medium) ? KXL_DISK_EMPTY : medium->format;
    return disk;
}

static gboolean save(const KxlOp *op, const KxlDomainConfig *config, gboolean check, GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(op->host, error);

    return all >= 0 && (!check || kxl_host_check_unique(op->host, config, op->domid, error)) &&
           kxl_rundir_save_config(op->host, op->domid, config, error);
}

static gboolean change_medium(KxlOp *op, int index, const KxlDeviceDisk *wanted, gboolean force,
                              GError **error)
{
    KxlDeviceDisk *new_disk = with_medium(op->config->disks->pdata[index], wanted);
    g_autoptr(KxlDomainConfig) config = config_with(op, new_disk, index, error);
    g_autoptr(KxlHotDevice) drive = NULL;
    Change change = { .force = force };
    gboolean ok;

    kxl_device_disk_free(new_disk);
    drive = config ? kxl_hot_disk_new(op, op->config->disks->pdata[index], error) : NULL;
    if (!drive || !kxl_hot_connect(drive, error) || !save(op, config, TRUE, error))
        return FALSE;
    change.drive = drive;
    change.disk = config->disks->pdata[index];
    ok = exchange(&change, error);
    if (!ok)
        save(op, op->config, FALSE, NULL);
    g_free(change.base);
    g_free(change.after);
    return ok;
}

gboolean kxl_domain_disk_update(KxlHost *host, int domid, const KxlDeviceDisk *disk, gboolean force,
                                GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    const KxlDeviceDisk *is;
    int index = begin(&op, host, domid, disk->vdev, error);

    if (index < 0)
        return FALSE;
    is = op.config->disks->pdata[index];
    if (!same_drive(is, disk, error))
        return FALSE;
    if (same_medium(is, disk))
        return TRUE;
    if (!is->is_cdrom && !is->is_floppy) {
        kxl_args_unsupported(error, "disk '%s': another image in a disk without removable media",
                             is->vdev);
        return FALSE;
    }
    if (kxl_disk_has_secrets(is) || kxl_disk_has_secrets(disk)) {
        kxl_args_unsupported(error, "disk '%s': a change between media that need secrets",
                             is->vdev);
        return FALSE;
    }
    if (is->fd_group || disk->fd_group) {
        kxl_args_unsupported(error, "disk '%s': a change of media that are passed as descriptors",
                             is->vdev);
        return FALSE;
    }
    return change_medium(&op, index, disk, force, error);
}
