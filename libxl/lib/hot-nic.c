/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network interfaces of a running domain: more, fewer, another bridge, the cable pulled. */
#include "config-find.h"
#include "config.h"
#include "host-check.h"
#include "hot-device.h"
#include "machine.h"
#include "prepare.h"
#include "vif.h"

/* Begins an operation on one of the domain's. Its index; -1: there is none such. */
static int begin(KxlOp *op, KxlHost *host, int domid, int devid, GError **error)
{
    int index;

    if (!kxl_op_begin(op, host, domid, error))
        return -1;
    index = kxl_config_find_nic(op->config, devid);
    if (index < 0)
        g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DEVICE, "domain '%s' has no vif %d",
                    op->config->name, devid);
    return index;
}

/* All that is chosen for a nic, as at a start. */
static KxlDomainConfig *checked(const KxlOp *op, const KxlDomainConfig *given, guint index,
                                gboolean is_new, GError **error)
{
    g_autoptr(KxlDomainConfig) config = NULL;
    const KxlDeviceNic *nic;

    if (!kxl_domain_config_validate(given, error) || !kxl_machine_check(given, error))
        return NULL;
    config = kxl_prepare(op->host, given, error);
    if (!config)
        return NULL;
    kxl_prepare_for_domid(op->host, config, op->domid);
    nic = config->nics->pdata[index];
    if ((nic->kind == KXL_NIC_BRIDGE || (nic->kind == KXL_NIC_FUNCTION && is_new)) &&
        !kxl_host_check_nic(config, index, error))
        return NULL;
    return g_steal_pointer(&config);
}

gboolean kxl_domain_nic_attach(KxlHost *host, int domid, const KxlDeviceNic *nic, int *ret_devid,
                               GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlDomainConfig) given = NULL, config = NULL;
    g_autoptr(KxlHotDevice) device = NULL;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    given = kxl_domain_config_dup(op.config);
    g_ptr_array_add(given->nics, kxl_type_dup(&kxl_type_device_nic, nic));
    config = checked(&op, given, given->nics->len - 1, TRUE, error);
    if (!config)
        return FALSE;
    device = kxl_hot_nic_new(&op, config->nics->pdata[config->nics->len - 1], error);
    if (!device || !kxl_hot_attach(device, config, error))
        return FALSE;
    if (ret_devid)
        *ret_devid = device->devid;
    return TRUE;
}

gboolean kxl_domain_nic_detach(KxlHost *host, int domid, int devid, KxlDetachFlags flags,
                               GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlHotDevice) device = NULL;
    int index = begin(&op, host, domid, devid, error);

    if (index < 0)
        return FALSE;
    device = kxl_hot_nic_new(&op, op.config->nics->pdata[index], error);
    return device && kxl_hot_detach(device, flags & KXL_DETACH_FORCE, error);
}

/* --- updates ---------------------------------------------------------------------------------- */

/* What can be another while the nic is there. */
static gboolean may_become(const KxlDeviceNic *is, const KxlDeviceNic *wanted, GError **error)
{
    g_autofree char *mac = wanted->mac ? kxl_mac_normalise(wanted->mac) : NULL;

    if (is->kind != wanted->kind)
        return kxl_args_unsupported(error, "vif %d: another kind of network while it is in use",
                                    is->devid);
    if (mac && g_strcmp0(is->mac, mac) != 0)
        return kxl_args_unsupported(error, "vif %d: another MAC address while it is in use",
                                    is->devid);
    if (is->kind == KXL_NIC_FUNCTION &&
        (!kxl_pci_equal(&is->pci, &wanted->pci) || is->vlan != wanted->vlan ||
         is->pci.managed != wanted->pci.managed))
        return kxl_args_unsupported(
            error, "vif %d: another PCI function or VLAN while it is in use", is->devid);
    if (is->kind == KXL_NIC_FUNCTION && wanted->link_down)
        return kxl_args_unsupported(error, "vif %d: the link state of a PCI function", is->devid);
    if (wanted->model && g_strcmp0(is->model, wanted->model) != 0)
        return kxl_args_unsupported(error, "vif %d: another model while it is in use", is->devid);
    return TRUE;
}

static gboolean set_link(KxlOp *op, const KxlHotDevice *device, gboolean up, GError **error)
{
    JsonObject *arguments = json_object_new();

    json_object_set_string_member(arguments, "name", device->device);
    json_object_set_boolean_member(arguments, "up", up);
    return kxl_op_qmp(op, "set_link", arguments, error);
}

/* The script takes the interface off its old bridge and puts it on the new one. */
static gboolean move_to_bridge(const KxlOp *op, const KxlDeviceNic *from, const KxlDeviceNic *to,
                               GError **error)
{
    kxl_vif_down(op->host, op->domid, from->devid);
    if (kxl_vif_replug(op->host, op->domid, to, error))
        return TRUE;
    kxl_vif_down(op->host, op->domid, from->devid);
    kxl_vif_replug(op->host, op->domid, from, NULL);
    return FALSE;
}

static gboolean apply(KxlOp *op, const KxlDeviceNic *is, const KxlDeviceNic *nic, GError **error)
{
    g_autoptr(KxlHotDevice) device = kxl_hot_nic_new(op, is, error);

    if (!device)
        return FALSE;
    if (is->link_down != nic->link_down && !set_link(op, device, !nic->link_down, error))
        return FALSE;
    if (nic->kind != KXL_NIC_BRIDGE ||
        (g_strcmp0(is->bridge, nic->bridge) == 0 && g_strcmp0(is->script, nic->script) == 0))
        return TRUE;
    return move_to_bridge(op, is, nic, error);
}

static void take_settings(KxlDeviceNic *nic, const KxlDeviceNic *wanted)
{
    nic->link_down = wanted->link_down;
    if (wanted->bridge) {
        g_free(nic->bridge);
        nic->bridge = g_strdup(wanted->bridge);
    }
    if (wanted->network) {
        g_free(nic->network);
        nic->network = g_strdup(wanted->network);
    }
}

gboolean kxl_domain_nic_update(KxlHost *host, int domid, const KxlDeviceNic *wanted, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlDomainConfig) given = NULL, config = NULL;
    g_auto(KxlFd) all = -1;
    int index = begin(&op, host, domid, wanted->devid, error);

    if (index < 0 || !may_become(op.config->nics->pdata[index], wanted, error))
        return FALSE;
    given = kxl_domain_config_dup(op.config);
    take_settings(given->nics->pdata[index], wanted);
    config = checked(&op, given, (guint)index, FALSE, error);
    if (!config || !apply(&op, op.config->nics->pdata[index], config->nics->pdata[index], error))
        return FALSE;
    all = kxl_rundir_lock(host, error);
    return all >= 0 && kxl_rundir_save_config(host, domid, config, error);
}
