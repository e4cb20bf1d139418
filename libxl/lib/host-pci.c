/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices that are set aside for guests. */
#include <string.h>

#include "host-device.h"
#include "kxl-sysfs.h"

static int compare(gconstpointer a, gconstpointer b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* The driver's folder has a link for each of its devices, among other files. */
char **kxl_pci_assignable_list(void)
{
    GPtrArray *names = g_ptr_array_new();
    g_autofree char *path =
        g_build_filename(kxl_sysfs_dir(), "bus/pci/drivers", KXL_VFIO_DRIVER, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name, *rest;

    while (dir && (name = g_dir_read_name(dir))) {
        KxlDevicePci pci = { 0 };

        if (kxl_pci_parse(name, &pci, &rest) && *rest == '\0')
            g_ptr_array_add(names, kxl_pci_name(&pci));
    }
    g_ptr_array_sort(names, compare);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

GPtrArray *kxl_host_pci_list(const KxlDomainConfig *config)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < config->pcis->len; i++)
        g_ptr_array_add(list, config->pcis->pdata[i]);
    for (guint i = 0; i < config->nics->len; i++) {
        KxlDeviceNic *nic = config->nics->pdata[i];

        if (nic->kind == KXL_NIC_FUNCTION)
            g_ptr_array_add(list, &nic->pci);
    }
    return list;
}

gboolean kxl_host_pci_is_listed(const GPtrArray *list, const KxlDevicePci *pci)
{
    for (guint i = 0; i < list->len; i++)
        if (kxl_pci_equal(list->pdata[i], pci))
            return TRUE;
    return FALSE;
}

/* The kernel waits for whoever uses a device that is taken from vfio-pci: never ask it to. */
static gboolean check_unused(KxlHost *host, const KxlDevicePci *pci, GError **error)
{
    g_autofree char *name = kxl_pci_name(pci);
    g_autoptr(GPtrArray) domains = kxl_domain_list(host, FALSE, error);

    for (guint i = 0; domains && i < domains->len; i++) {
        const KxlDomainInfo *info = domains->pdata[i];
        g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(host, info->domid, NULL);
        g_autoptr(GPtrArray) its = config ? kxl_host_pci_list(config) : NULL;

        if (!its || !kxl_host_pci_is_listed(its, pci)) /* NULL: it has just ended */
            continue;
        g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE, "PCI device %s is in use by domain %s",
                    name, config->name);
        return FALSE;
    }
    return domains != NULL;
}

gboolean kxl_pci_assignable_add(KxlHost *host, const KxlDevicePci *pci, GError **error)
{
    KxlDevicePci managed = *pci;

    managed.managed = TRUE;
    if (!check_unused(host, pci, error) || !kxl_host_pci_check(kxl_sysfs_dir(), &managed, error))
        return FALSE;
    return !kxl_host_pci_is_to_take(kxl_sysfs_dir(), &managed) ||
           kxl_host_pci_take(kxl_sysfs_dir(), pci, error);
}

gboolean kxl_pci_assignable_remove(KxlHost *host, const KxlDevicePci *pci, GError **error)
{
    g_autofree char *driver = kxl_host_pci_driver(kxl_sysfs_dir(), pci);

    if (!check_unused(host, pci, error))
        return FALSE;
    return g_strcmp0(driver, KXL_VFIO_DRIVER) != 0 ||
           kxl_host_pci_return(kxl_sysfs_dir(), pci, error);
}

gboolean kxl_pci_reset(KxlHost *host, const KxlDevicePci *pci, GError **error)
{
    return check_unused(host, pci, error) && kxl_host_pci_reset(kxl_sysfs_dir(), pci, error);
}
