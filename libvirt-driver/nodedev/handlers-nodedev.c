/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about the host's devices. A handle is a name. */
#include <string.h>

#include "handler-util.h"
#include "listing.h"
#include "node-create.h"
#include "node-device.h"
#include "node-internal.h"

/* The device of args[0]. */
static NodeDevice *call_device(const RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;

    return node_device_find(kanzend->devices, call->args[0].str, error);
}

/* ---- lists ---- */

static GPtrArray *list_all(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return node_device_list(kanzend->devices);
}

/* Every one is there, and nothing is kept of one that is not. */
static guint32 flags_of(gconstpointer item)
{
    return node_device_flags(item) | NODE_LIST_TRANSIENT | NODE_LIST_ACTIVE;
}

static const char *name_of(gconstpointer item)
{
    return node_device_name(item);
}

static void put_handle(RpcCall *call, gconstpointer item)
{
    xdr_put_string(call->ret, node_device_name(item));
}

static const ListKind devices_listed = {
    .all = list_all,
    .flags_of = flags_of,
    .name_of = name_of,
    .put_handle = put_handle,
    .groups = { NODE_CAPS, NODE_LIST_PERSISTENT | NODE_LIST_TRANSIENT,
                NODE_LIST_INACTIVE | NODE_LIST_ACTIVE },
};

gboolean on_connect_list_all_node_devices(RpcCall *call, GError **error)
{
    return list_put_all(call, &devices_listed, error);
}

/* Those with a capability of that name; NULL: all. */
static GPtrArray *list_with_cap(const RpcCall *call, const char *cap)
{
    GPtrArray *devices = list_all(call);

    for (guint i = devices->len; cap != NULL && i > 0; i--) {
        g_auto(GStrv) caps = node_device_caps(devices->pdata[i - 1]);

        if (!g_strv_contains((const char *const *)caps, cap))
            g_ptr_array_remove_index(devices, i - 1);
    }
    return devices;
}

gboolean on_node_num_of_devices(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(GPtrArray) devices = list_with_cap(call, call->args[0].str);
    xdr_put_i32(call->ret, (gint32)devices->len);
    return TRUE;
}

gboolean on_node_list_devices(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    g_autoptr(GPtrArray) devices = list_with_cap(call, call->args[0].str);
    guint n = MIN((guint)MAX(call->args[1].i, 0), devices->len);
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        put_handle(call, devices->pdata[i]);
    return TRUE;
}

/* ---- finding ---- */

gboolean on_node_device_lookup_by_name(RpcCall *call, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device != NULL)
        put_handle(call, device);
    return device != NULL;
}

gboolean on_node_device_lookup_scsi_host(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    g_autoptr(NodeDevice) device =
        node_device_find_fc_host(kanzend->devices, call->args[0].str, call->args[1].str, error);
    if (device != NULL)
        put_handle(call, device);
    return device != NULL;
}

/* ---- reading ---- */

gboolean on_node_device_get_xml_desc(RpcCall *call, GError **error)
{
    enum { XML_INACTIVE = 1 }; /* only the present one exists */

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error))
        return FALSE;
    g_autoptr(NodeDevice) device = call_device(call, error);
    if (device == NULL)
        return FALSE;
    g_autofree char *xml = node_device_xml(device);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_node_device_get_parent(RpcCall *call, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device == NULL)
        return FALSE;
    xdr_put_optional_string(call->ret, node_device_parent(device));
    return TRUE;
}

gboolean on_node_device_num_of_caps(RpcCall *call, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device == NULL)
        return FALSE;
    g_auto(GStrv) caps = node_device_caps(device);
    xdr_put_i32(call->ret, (gint32)g_strv_length(caps));
    return TRUE;
}

gboolean on_node_device_list_caps(RpcCall *call, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device == NULL)
        return FALSE;
    g_auto(GStrv) caps = node_device_caps(device);
    guint n = MIN((guint)MAX(call->args[1].i, 0), g_strv_length(caps));
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, caps[i]);
    return TRUE;
}

static gboolean put_yes_or_no(RpcCall *call, gboolean answer, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device != NULL)
        xdr_put_i32(call->ret, answer);
    return device != NULL;
}

gboolean on_node_device_is_active(RpcCall *call, GError **error)
{
    return put_yes_or_no(call, TRUE, error);
}

gboolean on_node_device_is_persistent(RpcCall *call, GError **error)
{
    return put_yes_or_no(call, FALSE, error);
}

gboolean on_node_device_get_autostart(RpcCall *call, GError **error)
{
    return put_yes_or_no(call, FALSE, error);
}

/* ---- PCI devices for guests ---- */

static gboolean call_pci(const RpcCall *call, KxlDevicePci *pci, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);
    const char *rest;

    if (device == NULL)
        return FALSE;
    g_autofree char *address = g_path_get_basename(node_device_path(device));
    if ((node_device_flags(device) & NODE_CAP_PCI) && kxl_pci_parse(address, pci, &rest))
        return TRUE;
    return fail(error, VIR_ERR_INVALID_ARG, "device %s is not a PCI device", call->args[0].str);
}

static gboolean detach(const RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    KxlDevicePci pci = { 0 };

    return call_pci(call, &pci, error) && kxl_pci_assignable_add(kanzend->host, &pci, error);
}

gboolean on_node_device_dettach(RpcCall *call, GError **error)
{
    return detach(call, error);
}

gboolean on_node_device_detach_flags(RpcCall *call, GError **error)
{
    const char *driver = call->args[1].str;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (driver != NULL && strcmp(driver, "vfio") != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported driver name '%s'", driver);
    return detach(call, error);
}

gboolean on_node_device_re_attach(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    KxlDevicePci pci = { 0 };

    return call_pci(call, &pci, error) && kxl_pci_assignable_remove(kanzend->host, &pci, error);
}

gboolean on_node_device_reset(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    KxlDevicePci pci = { 0 };

    return call_pci(call, &pci, error) && kxl_pci_reset(kanzend->host, &pci, error);
}

/* ---- devices that are made ---- */

gboolean on_node_device_create_xml(RpcCall *call, GError **error)
{
    enum { CREATE_VALIDATE = 1 };
    const Kanzend *kanzend = call->app;

    if (!check_flags(call, call->args[1].u, CREATE_VALIDATE, error))
        return FALSE;
    g_autoptr(NodeDevice) device = node_device_create(kanzend->devices, call->args[0].str, error);
    if (device != NULL)
        put_handle(call, device);
    return device != NULL;
}

gboolean on_node_device_destroy(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(NodeDevice) device = call_device(call, error);

    return device != NULL && node_device_destroy(kanzend->devices, device, error);
}
