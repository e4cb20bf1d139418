/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "machine-args.h"

/* Models of xl.cfg and libvirt, and the QEMU device for each. */
static const struct {
    const char *model, *device;
} models[] = {
    { "rtl8139", "rtl8139" },
    { "e1000", "e1000" },
    { "e1000e", "e1000e" },
    { "ne2k_pci", "ne2k_pci" },
    { "pcnet", "pcnet" },
    { "i82551", "i82551" },
    { "i82557b", "i82557b" },
    { "i82559er", "i82559er" },
    { "vmxnet3", "vmxnet3" },
    { "virtio", "virtio-net-pci" },
    { "virtio-net", "virtio-net-pci" },
    { "netfront", "virtio-net-pci" },
};

/* The host side. FALSE: the nic has none and no device is made. */
static gboolean add_backend(KxlArgs *args, const KxlMachine *m, guint i)
{
    const KxlDeviceNic *nic = m->config->nics->pdata[i];

    switch (nic->kind) {
    case KXL_NIC_BRIDGE:
        kxl_args_add(args, "-netdev", "tap,id=net%d,fd=%d", nic->devid, m->tap_fds[i]);
        return TRUE;
    case KXL_NIC_USER:
        kxl_args_add(args, "-netdev", "user,id=net%d", nic->devid);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean kxl_args_pv_nics(KxlArgs *args, const KxlMachine *m, GError **error)
{
    guint disks = m->config->disks->len;
    gboolean shared_slots = disks + m->config->nics->len > 28;

    for (guint i = 0; i < m->config->nics->len; i++) {
        const KxlDeviceNic *nic = m->config->nics->pdata[i];
        g_autofree char *at = kxl_machine_pv_function(disks + i);

        if (!add_backend(args, m, i))
            continue;
        kxl_args_add(
            args, "-device",
            "virtio-net-pci,id=vif-%d,netdev=net%d,mac=%s,addr=%s%s,disable-legacy=on,mq=off,"
            "romfile=",
            nic->devid, nic->devid, nic->mac, strchr(at, ':') + 1,
            shared_slots ? ",multifunction=on" : "");
    }
    return TRUE;
}

static const char *model_device(const char *model)
{
    if (!model)
        return "rtl8139"; /* xl.cfg(5) */
    for (guint i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_str_equal(models[i].model, model))
            return models[i].device;
    return NULL;
}

gboolean kxl_args_hvm_nics(KxlArgs *args, const KxlMachine *m, const int *bootindex, GError **error)
{
    for (guint i = 0; i < m->config->nics->len; i++) {
        const KxlDeviceNic *nic = m->config->nics->pdata[i];
        const char *device = model_device(nic->model);
        g_autofree char *boot =
            bootindex[i] ? g_strdup_printf(",bootindex=%d", bootindex[i]) : g_strdup("");

        if (!device)
            return kxl_args_unsupported(error, "vif %d: model '%s'", nic->devid, nic->model);
        if (add_backend(args, m, i))
            kxl_args_add(args, "-device", "%s,id=vif-%d,netdev=net%d,mac=%s%s", device, nic->devid,
                         nic->devid, nic->mac, boot);
    }
    return TRUE;
}
