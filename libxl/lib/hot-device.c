/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hot-device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xenbus.h>

#include "config-find.h"
#include "config.h"
#include "disk-fds.h"
#include "disk-secret.h"
#include "disk-tune.h"
#include "file.h"
#include "guest-domid.h"
#include "host-check.h"
#include "hot-store.h"
#include "nic-host.h"
#include "store-tree.h"
#include "vif.h"

/* For a guest to let go of a device; libxl gives it the same. */
#define GUEST_MS 10000
/* For what needs no guest. */
#define MACHINE_MS 3000
/* For hv to let go of a device. */
#define EJECT_MS    500
#define EJECT_TRIES 4

#define NETDEV_FD_NAME "kxl-tap" /* and a number */

static const struct {
    const char *type;    /* of its XenStore folders; NULL: PV domains have none */
    const char *journal; /* file of the domain's folder, before the devid */
    const char *model;   /* memory's */
} kinds[KXL_HOT_KIND_COUNT] = {
    [KXL_HOT_DISK] = { "vbd", "hot-vbd-", NULL },
    [KXL_HOT_NIC] = { "vif", "hot-vif-", NULL },
    [KXL_HOT_DIMM] = { NULL, "hot-dimm-", "dimm" },
    [KXL_HOT_NVDIMM] = { NULL, "hot-nvdimm-", "nvdimm" },
    [KXL_HOT_VIRTIO_MEM] = { NULL, "hot-virtiomem-", "virtio-mem" },
    [KXL_HOT_VIRTIO_PMEM] = { NULL, "hot-virtiopmem-", "virtio-pmem" },
};

/* --- configuration ---------------------------------------------------------------------------- */

static int find_in(const KxlDomainConfig *config, KxlHotKind kind, int devid)
{
    if (kinds[kind].model)
        return kxl_config_find_memory(config, kinds[kind].model, devid);
    return kind == KXL_HOT_DISK ? kxl_config_find_disk(config, devid)
                                : kxl_config_find_nic(config, devid);
}

static void remove_from(KxlDomainConfig *config, KxlHotKind kind, guint at)
{
    if (kinds[kind].model)
        kxl_config_remove_memory(config, at);
    else
        g_ptr_array_remove_index(kind == KXL_HOT_DISK ? config->disks : config->nics, at);
}

/* --- QEMU's view ------------------------------------------------------------------------------ */

static gboolean is_listed(const KxlArgs *args, const char *option, const char *value)
{
    for (guint i = 0; i + 1 < args->len; i += 2)
        if (g_str_equal(args->pdata[i], option) && g_str_equal(args->pdata[i + 1], value))
            return TRUE;
    return FALSE;
}

/* The options in all that are not in others. */
static KxlArgs *difference(const KxlArgs *all, const KxlArgs *others)
{
    KxlArgs *args = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i + 1 < all->len; i += 2)
        if (!is_listed(others, all->pdata[i], all->pdata[i + 1]))
            kxl_args_add(args, all->pdata[i], "%s", (const char *)all->pdata[i + 1]);
    return args;
}

static gboolean build(const KxlOp *op, const KxlDomainConfig *config, KxlHotKind kind,
                      KxlArgs *args, GError **error)
{
    g_autofree char *folder = kxl_rundir_path(op->host, op->domid, NULL);
    g_autofree int *zeros = g_new0(int, config->disks->len + config->nics->len + 1);
    g_autofree KxlTap *taps = g_new0(KxlTap, config->nics->len + 1);
    KxlMachine machine = { .config = config, .dir = folder, .taps = taps };
    gboolean pv = config->type != KXL_TYPE_HVM; /* a PVH machine's are made as a PV machine's */

    for (guint i = 0; i < config->nics->len; i++)
        taps[i].nr = kxl_machine_nic_queues(config, config->nics->pdata[i]);
    if (kinds[kind].model)
        return kxl_args_modules(args, &machine, error);
    if (kind == KXL_HOT_DISK)
        return pv ? kxl_args_pv_disks(args, &machine, error)
                  : kxl_args_hvm_disks(args, &machine, zeros, error);
    return pv ? kxl_args_pv_nics(args, &machine, error)
              : kxl_args_hvm_nics(args, &machine, zeros, error);
}

/* What a start with the device would have and one without it would not. A PV machine's devices
 * depend on their number for their places, so there the others are left out. */
static KxlArgs *device_args(const KxlHotDevice *d, GError **error)
{
    g_autoptr(KxlDomainConfig) without = kxl_domain_config_dup(d->op->config);
    g_autoptr(KxlDomainConfig) with = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    int at = find_in(without, d->kind, d->devid);

    if (without->type != KXL_TYPE_HVM) {
        g_ptr_array_set_size(without->disks, 0);
        g_ptr_array_set_size(without->nics, 0);
    } else if (at >= 0) {
        remove_from(without, d->kind, (guint)at);
    }
    with = kxl_domain_config_dup(without);
    if (d->disk)
        g_ptr_array_add(with->disks, kxl_type_dup(&kxl_type_device_disk, d->disk));
    else if (d->memory)
        kxl_config_add_memory(with, kxl_type_dup(&kxl_type_device_memory, d->memory));
    else
        g_ptr_array_add(with->nics, kxl_type_dup(&kxl_type_device_nic, d->nic));
    if (!build(d->op, with, d->kind, all, error) ||
        !build(d->op, without, d->kind, others, error))
        return NULL;
    return difference(all, others);
}

/* Ids and names out of the options. */
static gboolean read_names(KxlHotDevice *d, GError **error)
{
    for (guint i = 0; i + 1 < d->args->len; i += 2) {
        g_autofree char *id = kxl_hot_option_name(d->args->pdata[i], d->args->pdata[i + 1]);

        if (!id)
            continue;
        if (g_str_equal(d->args->pdata[i], "-blockdev")) {
            g_ptr_array_add(d->nodes, g_steal_pointer(&id));
        } else if (g_str_equal(d->args->pdata[i], "-object")) {
            g_ptr_array_add(d->objects, g_steal_pointer(&id));
        } else {
            char **to = g_str_equal(d->args->pdata[i], "-netdev") ? &d->netdev : &d->device;

            g_free(*to);
            *to = g_steal_pointer(&id);
        }
    }
    if (d->device)
        return TRUE;
    return kxl_args_unsupported(error, "%s: plugging a device of this kind", d->title);
}

static KxlHotDevice *hot_device_new(KxlOp *op, KxlHotKind kind, int devid, char *title)
{
    KxlHotDevice *d = g_new0(KxlHotDevice, 1);

    d->op = op;
    d->kind = kind;
    d->devid = devid;
    d->title = title;
    d->nodes = g_ptr_array_new_with_free_func(g_free);
    d->objects = g_ptr_array_new_with_free_func(g_free);
    return d;
}

static KxlHotDevice *complete(KxlHotDevice *d, GError **error)
{
    d->args = device_args(d, error);
    if (d->args && read_names(d, error))
        return d;
    kxl_hot_device_free(d);
    return NULL;
}

KxlHotDevice *kxl_hot_disk_new(KxlOp *op, const KxlDeviceDisk *disk, GError **error)
{
    KxlHotDevice *d = hot_device_new(op, KXL_HOT_DISK, kxl_vdev_to_devid(disk->vdev),
                                     g_strdup_printf("disk '%s'", disk->vdev));

    d->disk = kxl_type_dup(&kxl_type_device_disk, disk);
    return complete(d, error);
}

KxlHotDevice *kxl_hot_nic_new(KxlOp *op, const KxlDeviceNic *nic, GError **error)
{
    KxlHotDevice *d =
        hot_device_new(op, KXL_HOT_NIC, nic->devid, g_strdup_printf("vif %d", nic->devid));

    d->nic = kxl_type_dup(&kxl_type_device_nic, nic);
    return complete(d, error);
}

static KxlHotKind memory_kind(const char *model)
{
    for (guint i = KXL_HOT_DIMM; i < KXL_HOT_KIND_COUNT; i++)
        if (g_strcmp0(kinds[i].model, model) == 0)
            return (KxlHotKind)i;
    return KXL_HOT_KIND_COUNT;
}

KxlHotDevice *kxl_hot_memory_new(KxlOp *op, const KxlDeviceMemory *memory, GError **error)
{
    KxlHotKind kind = memory_kind(memory->model);
    KxlHotDevice *d;

    if (kind == KXL_HOT_KIND_COUNT) {
        kxl_args_unsupported(error, "memory '%s'", memory->model ? memory->model : "");
        return NULL;
    }
    d = hot_device_new(op, kind, memory->devid,
                       g_strdup_printf("memory '%s' %d", memory->model, memory->devid));
    d->memory = kxl_type_dup(&kxl_type_device_memory, memory);
    return complete(d, error);
}

void kxl_hot_device_free(KxlHotDevice *d)
{
    if (!d)
        return;
    kxl_qmp_free(d->qmp);
    kxl_xs_free(d->xs);
    kxl_device_disk_free(d->disk);
    kxl_device_nic_free(d->nic);
    kxl_type_free(&kxl_type_device_memory, d->memory);
    g_clear_pointer(&d->args, g_ptr_array_unref);
    g_ptr_array_unref(d->nodes);
    g_ptr_array_unref(d->objects);
    g_free(d->title);
    g_free(d->device);
    g_free(d->netdev);
    g_free(d);
}

static gboolean is_pv(const KxlHotDevice *d)
{
    return d->op->config->type == KXL_TYPE_PV;
}

gboolean kxl_hot_connect(KxlHotDevice *d, GError **error)
{
    if (!d->qmp)
        d->qmp = kxl_op_monitor(d->op, error);
    if (!d->qmp)
        return FALSE;
    if (!d->xs && is_pv(d))
        d->xs = kxl_op_store(d->op, error);
    return d->xs || !is_pv(d);
}

static KxlXenDevice xen_device(const KxlHotDevice *d)
{
    return (KxlXenDevice){ d->op->domid, kinds[d->kind].type, d->devid };
}

/* --- journal and record ----------------------------------------------------------------------- */

static const char attach_word[] = "attach", detach_word[] = "detach";

static char *journal_path(const KxlOp *op, KxlHotKind kind, int devid)
{
    g_autofree char *file = g_strdup_printf("%s%d", kinds[kind].journal, devid);

    return kxl_rundir_path(op->host, op->domid, file);
}

static gboolean journal_write(const KxlHotDevice *d, const char *word, GError **error)
{
    g_autofree char *path = journal_path(d->op, d->kind, d->devid);

    return kxl_file_write(path, word, error);
}

static void journal_clear(const KxlHotDevice *d)
{
    g_autofree char *path = journal_path(d->op, d->kind, d->devid);

    remove(path);
}

/* Takes the device out of the domain's configuration. */
static gboolean unrecord(KxlHotDevice *d, GError **error)
{
    g_autofree char *folder = kxl_rundir_path(d->op->host, d->op->domid, NULL);
    g_auto(KxlFd) all = kxl_rundir_lock(d->op->host, error);
    g_autoptr(KxlDomainConfig) config =
        all < 0 ? NULL : kxl_rundir_load_config(d->op->host, d->op->domid, error);
    int at = config ? find_in(config, d->kind, d->devid) : -1;

    if (!config)
        return FALSE;
    if (d->disk)
        kxl_disk_secrets_remove(folder, d->disk);
    if (at < 0)
        return TRUE;
    remove_from(config, d->kind, (guint)at);
    if (!kxl_rundir_save_config(d->op->host, d->op->domid, config, error))
        return FALSE;
    kxl_domain_config_free(d->op->config);
    d->op->config = g_steal_pointer(&config);
    return TRUE;
}

/* --- taking down ------------------------------------------------------------------------------ */

/* With the domid that the guest knows, in permissions, too. */
static GByteArray *store_records(const KxlHotDevice *d, const char *pci)
{
    int domid = kxl_guest_domid(d->op->host, d->op->domid);

    return d->disk ? kxl_store_disk_nodes(domid, d->disk, pci)
                   : kxl_store_nic_nodes(domid, d->nic, pci);
}

/* hv lets go of a function when its back end's directory is removed. One that it was never told of
 * it is told of for that. */
static gboolean remove_from_pv(KxlHotDevice *d, GError **error)
{
    KxlXenDevice xen = xen_device(d);

    if (!kxl_xendev_remove(d->xs, &xen, error))
        return FALSE;
    for (guint tries = 0; tries < EJECT_TRIES; tries++) {
        g_autofree char *slot = NULL, *pci = NULL;

        if (kxl_hot_wait_gone(d->qmp, d->device, EJECT_MS))
            return TRUE;
        slot = kxl_hot_slot(d->qmp, d->device);
        pci = g_strconcat("00:", slot, NULL);
        if (slot && !kxl_xendev_eject(d->xs, &xen, pci, error))
            return FALSE;
    }
    return kxl_args_unsupported(error, "%s: unplugging a device that shares its PCI slot",
                                d->title);
}

static gboolean remove_from_hvm(KxlHotDevice *d, GError **error)
{
    if (!kxl_hot_has_device(d->qmp, d->device))
        return TRUE;
    if (!kxl_hot_command(d->qmp, "device_del", "id", d->device, error))
        return FALSE;
    if (kxl_hot_wait_gone(d->qmp, d->device, GUEST_MS))
        return TRUE;
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                        "the guest does not let go of it, maybe it is in use there");
    return FALSE;
}

/* What was behind it. Things that were never made are errors that say nothing new. */
static void remove_backends(KxlHotDevice *d)
{
    for (guint i = d->nodes->len; i-- > 0;) {
        g_autoptr(GError) error = NULL;

        if (!kxl_hot_remove_node(d->qmp, d->nodes->pdata[i], MACHINE_MS, &error))
            g_warning("domain %d: %s: %s; ignoring", d->op->domid, d->title, error->message);
    }
    if (d->disk)
        kxl_disk_fds_unplug(d->qmp, d->disk);
    for (guint i = 0; i < d->objects->len; i++)
        kxl_hot_command(d->qmp, "object-del", "id", d->objects->pdata[i], NULL);
    if (d->netdev)
        kxl_hot_command(d->qmp, "netdev_del", "id", d->netdev, NULL);
    if (d->nic)
        kxl_vif_down(d->op->host, d->op->domid, d->nic->devid);
}

/* Everything of it, whatever there is. */
static gboolean take_down(KxlHotDevice *d, GError **error)
{
    if (is_pv(d) ? !remove_from_pv(d, error) : !remove_from_hvm(d, error))
        return FALSE;
    if (d->disk)
        kxl_hot_add_media(d, d->nodes);
    remove_backends(d);
    if (!unrecord(d, error))
        return FALSE;
    journal_clear(d);
    return TRUE;
}

/* QEMU gives USB's ports as devices come, and does not tell. */
static gboolean mark_replugged(const KxlHotDevice *d, GError **error)
{
    gboolean usb = d->disk && g_strcmp0(d->disk->bus, "usb") == 0;

    return kxl_rundir_mark_replugged(d->op->host, d->op->domid, usb ? "USB devices" : NULL, error);
}

/* --- attach ----------------------------------------------------------------------------------- */

/* Checks what depends on other domains and takes its place among them. */
static gboolean record(KxlHotDevice *d, const KxlDomainConfig *config, GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(d->op->host, error);
    g_autofree char *folder = kxl_rundir_path(d->op->host, d->op->domid, NULL);

    return all >= 0 && kxl_host_check_unique(d->op->host, config, d->op->domid, error) &&
           journal_write(d, attach_word, error) &&
           (!d->disk || kxl_disk_secrets_write(folder, d->disk, error)) &&
           mark_replugged(d, error) &&
           kxl_rundir_save_config(d->op->host, d->op->domid, config, error);
}

/* Controllers that an earlier device has brought. */
static void leave_out_present(KxlHotDevice *d)
{
    for (guint i = 0; i + 1 < d->args->len;) {
        g_autofree char *id = kxl_hot_option_name(d->args->pdata[i], d->args->pdata[i + 1]);

        if (id && g_str_equal(d->args->pdata[i], "-device") && !g_str_equal(id, d->device) &&
            kxl_hot_has_device(d->qmp, id))
            g_ptr_array_remove_range(d->args, i, 2);
        else
            i += 2;
    }
}

/* Returns their names as -netdev takes them, NULL with error. */
static char *give_tap(KxlQmp *qmp, const KxlTap *tap, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < tap->nr; i++) {
        g_autofree char *name = g_strdup_printf(NETDEV_FD_NAME "%u", i);
        g_autoptr(JsonNode) answer = kxl_qmp_call_fd(
            qmp, "getfd", kxl_qmp_args("s:fdname", name, NULL), tap->fd[i], KXL_HOT_QMP_MS, error);

        if (!answer)
            return NULL;
        g_string_append_printf(names, "%s%s", i ? ":" : "", name);
    }
    return g_strdup(names->str);
}

/* What is said to a device that is there. */
static gboolean settle(KxlHotDevice *d, GError **error)
{
    g_autofree char *backend = d->disk ? kxl_args_disk_backend(d->op->config, d->disk) : NULL;

    if (d->disk)
        return kxl_disk_tune_apply(d->qmp, d->disk, backend, error);
    if (d->memory)
        return TRUE;
    return kxl_nic_settle(d->qmp, d->nic, error);
}

static gboolean plug(KxlHotDevice *d, const char *addr, GError **error)
{
    g_autofree char *fds = NULL;
    KxlHotPlace place = { .addr = addr };
    g_auto(KxlTap) tap = { 0 };

    if (d->nic && kxl_nic_needs_host(d->nic)) {
        guint queues = kxl_machine_nic_queues(d->op->config, d->nic);

        if (!kxl_vif_up(d->op->host, d->op->domid, d->nic, queues, &tap, error))
            return FALSE;
        fds = give_tap(d->qmp, &tap, error);
        if (!fds)
            return FALSE;
    }
    place.fds = fds;
    leave_out_present(d);
    return kxl_hot_choose_ports(d->qmp, d->op->config, d->args, error) &&
           kxl_hot_plug(d->qmp, d->args, &place, error) && settle(d, error);
}

static gboolean add_to_store(KxlHotDevice *d, const char *pci, GError **error)
{
    g_autoptr(GByteArray) records = store_records(d, pci);
    KxlXenDevice xen = xen_device(d);

    /* What an earlier device of that number has left. */
    return kxl_xendev_remove(d->xs, &xen, error) && kxl_xendev_add(d->xs, &xen, records, error);
}

/* A free place, which the configuration keeps. */
static char *take_place(KxlHotDevice *d, KxlDomainConfig *config, GError **error)
{
    GPtrArray *list = d->disk ? config->disks : config->nics;
    char *slot = kxl_hot_free_slot(d->qmp, error);
    guint *place = d->disk ? &((KxlDeviceDisk *)list->pdata[list->len - 1])->pv_place
                           : &((KxlDeviceNic *)list->pdata[list->len - 1])->pv_place;

    if (slot)
        *place = kxl_machine_pv_place(slot);
    return slot;
}

gboolean kxl_hot_attach(KxlHotDevice *d, KxlDomainConfig *config, GError **error)
{
    g_autoptr(GError) undo = NULL;
    g_autofree char *addr = NULL, *pci = NULL;

    if (!kxl_hot_connect(d, error))
        return FALSE;
    if (d->op->config->type != KXL_TYPE_HVM) {
        addr = take_place(d, config, error);
        if (!addr)
            return FALSE;
        pci = g_strconcat("00:", addr, NULL);
    }
    if (!record(d, config, error)) {
        journal_clear(d);
        return FALSE;
    }
    if (plug(d, addr, error) && (!is_pv(d) || add_to_store(d, pci, error))) {
        journal_clear(d);
        return TRUE;
    }
    g_prefix_error(error, "%s: ", d->title);
    if (!take_down(d, &undo))
        g_warning("domain %d: %s: %s; the next operation tries again", d->op->domid, d->title,
                  undo->message);
    return FALSE;
}

/* --- detach ----------------------------------------------------------------------------------- */

gboolean kxl_hot_detach(KxlHotDevice *d, gboolean force, GError **error)
{
    KxlXenDevice xen = xen_device(d);

    if (!kxl_hot_connect(d, error))
        return FALSE;
    if (journal_write(d, detach_word, error) &&
        mark_replugged(d, error) &&
        (!is_pv(d) || force || kxl_xendev_close(d->xs, &xen, GUEST_MS, error)) &&
        take_down(d, error))
        return TRUE;
    if (!error || !g_error_matches(*error, KXL_ERROR, KXL_ERROR_TIMEOUT))
        journal_clear(d); /* it stays; else the guest still may let go of it */
    g_prefix_error(error, "%s: ", d->title);
    return FALSE;
}

/* --- recovery --------------------------------------------------------------------------------- */

/* The device that a file of the domain's folder is the journal of. A half-written one is none. */
static gboolean parse_journal(const char *name, KxlHotKind *ret_kind, int *ret_devid)
{
    for (int kind = 0; kind < KXL_HOT_KIND_COUNT; kind++) {
        const char *number = name + strlen(kinds[kind].journal);
        char *end;

        if (!g_str_has_prefix(name, kinds[kind].journal))
            continue;
        *ret_kind = (KxlHotKind)kind;
        *ret_devid = (int)strtol(number, &end, 10);
        return *end == '\0';
    }
    return FALSE;
}

static KxlHotDevice *recorded_device(KxlOp *op, KxlHotKind kind, int devid)
{
    int at = find_in(op->config, kind, devid);

    if (at < 0)
        return NULL;
    if (kinds[kind].model)
        return kxl_hot_memory_new(op, op->config->memories->pdata[at], NULL);
    return kind == KXL_HOT_DISK ? kxl_hot_disk_new(op, op->config->disks->pdata[at], NULL)
                                : kxl_hot_nic_new(op, op->config->nics->pdata[at], NULL);
}

/* An attached device stays when all of it is there; one that is being detached goes when the guest
 * has let go of it. */
static void recover_device(KxlHotDevice *d, gboolean attaching)
{
    KxlXenDevice xen = xen_device(d);
    g_autoptr(GError) error = NULL;
    gboolean present;
    int state;

    if (!kxl_hot_connect(d, NULL))
        return; /* paused, maybe: later */
    present = kxl_hot_has_device(d->qmp, d->device);
    state = is_pv(d)  ? kxl_xendev_settled_state(d->xs, &xen)
            : present ? XenbusStateConnected
                      : XenbusStateUnknown;
    if (attaching && present && state >= XenbusStateInitWait) {
        journal_clear(d);
        return;
    }
    if (!attaching && present && state != XenbusStateClosed && state != XenbusStateUnknown)
        return;
    if (!take_down(d, &error))
        g_warning("domain %d: %s: %s", d->op->domid, d->title, error->message);
}

static void recover(KxlOp *op, KxlHotKind kind, int devid)
{
    g_autofree char *path = journal_path(op, kind, devid);
    g_autofree char *word = kxl_file_read(path, NULL);
    g_autoptr(KxlHotDevice) d = recorded_device(op, kind, devid);

    if (!d)
        remove(path); /* nothing was changed yet, or all is done */
    else
        recover_device(d, g_strcmp0(word, attach_word) == 0);
}

void kxl_hot_recover(KxlOp *op)
{
    g_autofree char *folder = kxl_rundir_path(op->host, op->domid, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        KxlHotKind kind;
        int devid;

        if (parse_journal(name, &kind, &devid))
            recover(op, kind, devid);
    }
}

void kxl_hot_drop_unfinished(const KxlHost *host, int domid, KxlDomainConfig *config)
{
    g_autofree char *folder = kxl_rundir_path(host, domid, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        KxlHotKind kind;
        int devid, at;

        if (!parse_journal(name, &kind, &devid))
            continue;
        at = find_in(config, kind, devid);
        if (at >= 0)
            remove_from(config, kind, (guint)at);
        remove(path);
    }
}
