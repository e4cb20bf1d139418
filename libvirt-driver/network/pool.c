/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool.h"

#include <gio/gio.h>
#include <kxl.h>
#include <string.h>

#include "handler-util.h"
#include "network-classes.h"

/* Linux Documentation/ABI/testing/sysfs-bus-pci: a card's functions are its links virtfn0,
 * virtfn1... */
static char *function_path(const char *card, guint number)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s/device/virtfn%u", card, number);

    return g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? g_steal_pointer(&path) : NULL;
}

/* One that has none, as it belongs to a guest or to vfio, is left out. */
static void add_interface(NetworkDef *def, const char *path)
{
    g_autofree char *folder = g_build_filename(path, "net", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = dir != NULL ? g_dir_read_name(dir) : NULL;

    if (name == NULL)
        return;
    NetworkForwardInterface *interface = xml_object_new(&network_forward_interface_class);
    interface->dev = g_strdup(name);
    g_ptr_array_add(def->interfaces, interface);
}

/* "0000:03:10.1" is the last part of the link. */
static void add_address(NetworkDef *def, const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    const char *name = target != NULL ? strrchr(target, '/') : NULL;
    KxlDevicePci pci = { 0 };
    const char *rest;

    if (name == NULL || !kxl_pci_parse(name + 1, &pci, &rest))
        return;
    DomainAddress *address = xml_object_new(&domain_address_class);
    address->type = DOMAIN_ADDRESS_PCI;
    address->domain = pci.domain;
    address->pci_bus = pci.bus;
    address->slot = pci.dev;
    address->function = pci.fn;
    g_ptr_array_add(def->addresses, address);
}

gboolean pool_fill(NetworkDef *def, GError **error)
{
    gboolean is_hostdev = def->forward == NETWORK_FORWARD_HOSTDEV;
    const GPtrArray *devices = is_hostdev ? def->addresses : def->interfaces;
    char *path;

    if (def->pf == NULL || devices->len > 0)
        return TRUE;
    for (guint i = 0; (path = function_path(def->pf, i)) != NULL; i++) {
        (is_hostdev ? add_address : add_interface)(def, path);
        g_free(path);
    }
    return devices->len > 0 ||
           fail(error, VIR_ERR_INTERNAL_ERROR, "No usable Vf's present on SRIOV PF %s", def->pf);
}
