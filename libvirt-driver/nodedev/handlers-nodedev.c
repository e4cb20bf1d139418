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

static guint32 flags_of(gconstpointer item)
{
    return node_device_flags(item) |
           (node_device_defined(item) != NULL ? NODE_LIST_PERSISTENT : NODE_LIST_TRANSIENT) |
           (node_device_is_active(item) ? NODE_LIST_ACTIVE : NODE_LIST_INACTIVE);
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

/* Those that are there, with a capability of that name; NULL: whatever it is. */
static GPtrArray *list_with_cap(const RpcCall *call, const char *cap)
{
    GPtrArray *devices = list_all(call);

    for (guint i = devices->len; i > 0; i--) {
        g_auto(GStrv) caps = node_device_caps(devices->pdata[i - 1]);

        if (!node_device_is_active(devices->pdata[i - 1]) ||
            (cap != NULL && !g_strv_contains((const char *const *)caps, cap)))
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
    enum { XML_INACTIVE = 1 };

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error))
        return FALSE;
    g_autoptr(NodeDevice) device = call_device(call, error);
    if (device == NULL)
        return FALSE;
    g_autofree char *xml = node_device_xml(device, call->args[1].u & XML_INACTIVE);
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

typedef gboolean (*Question)(const NodeDevice *device);

static gboolean answer(RpcCall *call, Question question, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device != NULL)
        xdr_put_i32(call->ret, question(device));
    return device != NULL;
}

static gboolean is_persistent(const NodeDevice *device)
{
    return node_device_defined(device) != NULL;
}

static gboolean is_started_with_host(const NodeDevice *device)
{
    return is_persistent(device) && node_device_defined(device)->autostart;
}

gboolean on_node_device_is_active(RpcCall *call, GError **error)
{
    return answer(call, node_device_is_active, error);
}

gboolean on_node_device_is_persistent(RpcCall *call, GError **error)
{
    return answer(call, is_persistent, error);
}

gboolean on_node_device_get_autostart(RpcCall *call, GError **error)
{
    return answer(call, is_started_with_host, error);
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

    if (device != NULL && !node_device_is_active(device))
        return fail(error, VIR_ERR_OPERATION_INVALID, "device '%s' is not active",
                    call->args[0].str);
    return device != NULL && node_device_destroy(kanzend->devices, device, error);
}

/* ---- devices that are defined ---- */

gboolean on_node_device_define_xml(RpcCall *call, GError **error)
{
    enum { DEFINE_VALIDATE = 1 };
    const Kanzend *kanzend = call->app;

    if (!check_flags(call, call->args[1].u, DEFINE_VALIDATE, error))
        return FALSE;
    g_autofree char *name = node_device_define(kanzend->devices, call->args[0].str, error);
    if (name == NULL)
        return FALSE;
    node_devices_send(kanzend->devices, name, NODE_DEFINED);
    xdr_put_string(call->ret, name);
    return TRUE;
}

/* One of which a definition is kept. */
static NodeDevice *call_defined(const RpcCall *call, GError **error)
{
    g_autoptr(NodeDevice) device = call_device(call, error);

    if (device != NULL && !is_persistent(device)) {
        fail(error, VIR_ERR_OPERATION_INVALID, "device '%s' is not defined", call->args[0].str);
        return NULL;
    }
    return g_steal_pointer(&device);
}

gboolean on_node_device_undefine(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(NodeDevice) device = call_defined(call, error);
    if (device == NULL || !mdev_config_undefine(node_device_defined(device)->uuid, error))
        return FALSE;
    node_devices_send(kanzend->devices, node_device_name(device), NODE_UNDEFINED);
    return TRUE;
}

gboolean on_node_device_create(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(NodeDevice) device = call_defined(call, error);
    if (device != NULL && node_device_is_active(device))
        return fail(error, VIR_ERR_OPERATION_INVALID, "device '%s' is already active",
                    call->args[0].str);
    return device != NULL && mdev_config_start(node_device_defined(device)->uuid, error);
}

gboolean on_node_device_set_autostart(RpcCall *call, GError **error)
{
    g_autoptr(NodeDevice) device = call_defined(call, error);

    return device != NULL && mdev_config_set_autostart(node_device_defined(device)->uuid,
                                                       call->args[1].i != 0, error);
}
