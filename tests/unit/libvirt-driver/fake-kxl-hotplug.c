/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices and vCPUs of the fake: nothing but nics (fake-kxl.c) comes, nothing goes, and it is said
 * so. */
#include <kxl-vcpu.h>

static gboolean refuse(GError **error)
{
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "the fake has no hotplug");
    return FALSE;
}

gboolean kxl_domain_disk_attach(KxlHost *host, int domid, const KxlDeviceDisk *disk, GError **error)
{
    return refuse(error);
}

gboolean kxl_domain_disk_detach(KxlHost *host, int domid, const char *vdev, KxlDetachFlags flags,
                                GError **error)
{
    return refuse(error);
}

gboolean kxl_domain_disk_update(KxlHost *host, int domid, const KxlDeviceDisk *disk, gboolean force,
                                GError **error)
{
    return refuse(error);
}

gboolean kxl_domain_memory_attach(KxlHost *host, int domid, const KxlDeviceMemory *memory,
                                  GError **error)
{
    return refuse(error);
}

gboolean kxl_domain_memory_detach(KxlHost *host, int domid, const char *model, int devid,
                                  GError **error)
{
    return refuse(error);
}

gboolean kxl_domain_memory_request(KxlHost *host, int domid, int devid, guint64 kb, GError **error)
{
    return refuse(error);
}

/* Its guest takes whatever it is offered. */
gboolean kxl_domain_memory_taken(KxlHost *host, int domid, int devid, guint64 *ret_kb,
                                 GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(host, domid, error);

    for (guint i = 0; config != NULL && i < config->memories->len; i++) {
        const KxlDeviceMemory *memory = config->memories->pdata[i];

        if (g_strcmp0(memory->model, "virtio-mem") == 0 && memory->devid == devid) {
            *ret_kb = memory->requested_kb;
            return TRUE;
        }
    }
    return config != NULL && refuse(error);
}

GPtrArray *kxl_domain_vcpu_list(KxlHost *host, int domid, GError **error)
{
    refuse(error);
    return NULL;
}

gboolean kxl_domain_set_vcpus(KxlHost *host, int domid, guint n, GError **error)
{
    return refuse(error);
}

gboolean kxl_domain_pin_vcpu(KxlHost *host, int domid, int vcpu, const char *cpus, GError **error)
{
    return refuse(error);
}
