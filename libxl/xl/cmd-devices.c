/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* block-list, network-list: xl's columns */
#include "commands.h"

#include <stdio.h>

typedef GPtrArray *(*ListFunc)(KxlHost *host, int domid, GError **error);
typedef void (*RowFunc)(const KxlDeviceInfo *device);

/* The devices of each domain named. One that does not exist is told about; the others are
 * listed. */
static int list_devices(Xl *xl, const XlArgs *args, ListFunc list, RowFunc row)
{
    int status = XL_OK;

    for (guint i = 0; i < args->n_args; i++) {
        g_autoptr(GPtrArray) devices = NULL;
        g_autoptr(GError) error = NULL;
        int domid;

        if (!xl_find_domain(xl, args->args[i], &domid)) {
            status = XL_FAILED;
            continue;
        }
        devices = list(xl->host, domid, &error);
        if (!devices)
            status = xl_fail(xl, error);
        for (guint d = 0; devices && d < devices->len; d++)
            row(devices->pdata[d]);
    }
    return status;
}

static void print_disk(const KxlDeviceInfo *device)
{
    printf("%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n", device->devid, 0, 0, device->state,
           device->evtchn, device->ring_ref, device->backend_path);
}

int cmd_block_list(Xl *xl, const XlArgs *args)
{
    printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch",
           "ring-ref", "BE-path");
    return list_devices(xl, args, kxl_domain_disk_list, print_disk);
}

/* xl shows a ring for each direction; the list knows of one. */
static void print_nic(const KxlDeviceInfo *device)
{
    printf("%-3d %-2d %s %6d %5d %6d %5d/%-11d %-30s\n", device->devid, 0,
           device->nic && device->nic->mac ? device->nic->mac : "00:00:00:00:00:00", device->devid,
           device->state, device->evtchn, device->ring_ref, -1, device->backend_path);
}

int cmd_network_list(Xl *xl, const XlArgs *args)
{
    printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n", "Idx", "BE", "Mac Addr.", "handle",
           "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
    return list_devices(xl, args, kxl_domain_nic_list, print_nic);
}
