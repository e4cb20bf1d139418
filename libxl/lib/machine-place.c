/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the devices of a PV or PVH domain sit: place n is a PCI function, and stays the
 * device's. */
#include <stdio.h>

#include "machine.h"

/* Slot 0 is the host bridge, 1 the ISA bridge, 2 virtio-serial, 31 the framebuffer. Devices past
 * the slots share them as further functions. */
#define FIRST_SLOT 3
#define NR_SLOTS   28

static guint disk_index(const KxlDomainConfig *config, guint i)
{
    guint place = ((const KxlDeviceDisk *)config->disks->pdata[i])->pv_place;

    return place ? place - 1 : i;
}

static guint nic_index(const KxlDomainConfig *config, guint i)
{
    guint place = ((const KxlDeviceNic *)config->nics->pdata[i])->pv_place;

    return place ? place - 1 : config->disks->len + i;
}

static char *function_at(guint index)
{
    return g_strdup_printf("00:%02x.%u", FIRST_SLOT + index % NR_SLOTS, index / NR_SLOTS);
}

char *kxl_machine_disk_function(const KxlDomainConfig *config, guint i)
{
    return function_at(disk_index(config, i));
}

char *kxl_machine_nic_function(const KxlDomainConfig *config, guint i)
{
    return function_at(nic_index(config, i));
}

guint kxl_machine_pv_place(const char *slot)
{
    guint number = 0, function = 0;

    if (sscanf(slot, "%x.%u", &number, &function) != 2 || number < FIRST_SLOT)
        return 0;
    return 1 + number - FIRST_SLOT + NR_SLOTS * function;
}

gboolean kxl_machine_shares_slots(const KxlDomainConfig *config)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (disk_index(config, i) >= NR_SLOTS)
            return TRUE;
    for (guint i = 0; i < config->nics->len; i++)
        if (nic_index(config, i) >= NR_SLOTS)
            return TRUE;
    return FALSE;
}

static void note(gboolean *taken, guint place)
{
    if (place && place <= KXL_MACHINE_MAX_PV_DEVICES)
        taken[place] = TRUE;
}

/* More than there are: kxl_machine_argv() refuses. */
static void choose(gboolean *taken, guint *next, guint *place)
{
    if (*place)
        return;
    while (*next < KXL_MACHINE_MAX_PV_DEVICES && taken[*next])
        (*next)++;
    *place = (*next)++;
}

void kxl_machine_choose_places(KxlDomainConfig *config)
{
    gboolean taken[KXL_MACHINE_MAX_PV_DEVICES + 1] = { FALSE };
    guint next = 1;

    for (guint i = 0; i < config->disks->len; i++)
        note(taken, ((const KxlDeviceDisk *)config->disks->pdata[i])->pv_place);
    for (guint i = 0; i < config->nics->len; i++)
        note(taken, ((const KxlDeviceNic *)config->nics->pdata[i])->pv_place);
    for (guint i = 0; i < config->disks->len; i++)
        choose(taken, &next, &((KxlDeviceDisk *)config->disks->pdata[i])->pv_place);
    for (guint i = 0; i < config->nics->len; i++)
        choose(taken, &next, &((KxlDeviceNic *)config->nics->pdata[i])->pv_place);
}
