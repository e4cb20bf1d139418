/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-find.h"

int kxl_config_find_disk(const KxlDomainConfig *config, int devid)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (kxl_vdev_to_devid(((const KxlDeviceDisk *)config->disks->pdata[i])->vdev) == devid)
            return (int)i;
    return -1;
}

int kxl_config_find_nic(const KxlDomainConfig *config, int devid)
{
    for (guint i = 0; i < config->nics->len; i++)
        if (((const KxlDeviceNic *)config->nics->pdata[i])->devid == devid)
            return (int)i;
    return -1;
}

int kxl_config_find_memory(const KxlDomainConfig *config, const char *model, int devid)
{
    for (guint i = 0; i < config->memories->len; i++) {
        const KxlDeviceMemory *memory = config->memories->pdata[i];

        if (memory->devid == devid && g_strcmp0(memory->model, model) == 0)
            return (int)i;
    }
    return -1;
}
