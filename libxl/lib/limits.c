/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a configuration may ask for and its domain runs without. */
#include <string.h>

#include "kxl-config.h"
#include "machine.h"

/* As many as were tried; hv itself has no such limit. */
#define PV_MAX_VCPUS 32

/* Its kernel finds virtio disks, which go by other names. */
static void limit_pvh(const KxlDomainConfig *config, GPtrArray *notes)
{
    g_autofree char *cmdline = config->cmdline ? kxl_machine_pvh_cmdline(config) : NULL;

    if (notes && cmdline && strcmp(cmdline, config->cmdline) != 0)
        g_ptr_array_add(notes, g_strdup_printf("cmdline: a PVH guest's disks are virtio disks, so "
                                               "it is started with '%s'",
                                               cmdline));
}

/* Options of QEMU's devices that a split driver's back end has nothing for. */
static void note_split_drivers(const KxlDomainConfig *config, GPtrArray *notes)
{
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];

        if (disk->queues > 1)
            g_ptr_array_add(notes, g_strdup_printf("disk '%s': a PV guest's disk has one queue, "
                                                   "not %u",
                                                   disk->vdev, disk->queues));
    }
    for (guint i = 0; i < config->nics->len; i++) {
        const KxlDeviceNic *nic = config->nics->pdata[i];
        gboolean given = nic->tx_mode || nic->ioeventfd != KXL_DEFAULT ||
                         nic->event_idx != KXL_DEFAULT || nic->rx_queue_size || nic->tx_queue_size;

        for (guint n = 0; n < KXL_OFFLOAD_COUNT; n++)
            given |= nic->offload[n] != KXL_DEFAULT;
        if (given)
            g_ptr_array_add(notes, g_strdup_printf("vif %u: the driver's options are for emulated "
                                                   "interfaces",
                                                   i));
    }
}

void kxl_domain_config_limit(KxlDomainConfig *config, GPtrArray *notes)
{
    guint wanted = MAX(config->max_vcpus, config->vcpus);

    if (config->type == KXL_TYPE_PVH)
        limit_pvh(config, notes);
    if (config->type != KXL_TYPE_PV)
        return;
    if (notes)
        note_split_drivers(config, notes);
    if (wanted > PV_MAX_VCPUS) {
        if (notes)
            g_ptr_array_add(notes,
                            g_strdup_printf("vcpus: a PV guest runs on %d vCPUs for now, not %u",
                                            PV_MAX_VCPUS, wanted));
        config->max_vcpus = PV_MAX_VCPUS;
        config->vcpus = PV_MAX_VCPUS;
    }
}
