/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a configuration may ask for and its domain runs without. */
#include <string.h>

#include "kxl-config.h"
#include "machine.h"

/* As many as were tried; hv itself has no such limit. */
#define PV_MAX_VCPUS 4

/* Its kernel finds virtio disks, which go by other names. */
static void limit_pvh(const KxlDomainConfig *config, GPtrArray *notes)
{
    g_autofree char *cmdline = config->cmdline ? kxl_machine_pvh_cmdline(config) : NULL;

    if (notes && cmdline && strcmp(cmdline, config->cmdline) != 0)
        g_ptr_array_add(notes, g_strdup_printf("cmdline: a PVH guest's disks are virtio disks, so "
                                               "it is started with '%s'",
                                               cmdline));
}

void kxl_domain_config_limit(KxlDomainConfig *config, GPtrArray *notes)
{
    guint wanted = MAX(config->max_vcpus, config->vcpus);

    if (config->type == KXL_TYPE_PVH)
        limit_pvh(config, notes);
    if (config->type != KXL_TYPE_PV)
        return;
    if (wanted > PV_MAX_VCPUS) {
        if (notes)
            g_ptr_array_add(notes,
                            g_strdup_printf("vcpus: a PV guest runs on %d vCPUs for now, not %u",
                                            PV_MAX_VCPUS, wanted));
        config->max_vcpus = PV_MAX_VCPUS;
        config->vcpus = PV_MAX_VCPUS;
    }
}
