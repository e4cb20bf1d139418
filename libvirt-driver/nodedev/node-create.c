/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "node-create.h"

#include <string.h>

#include "handler-util.h"
#include "node-internal.h"
#include "sysfs.h"
#include "xml-util.h"

#define WWN_LEN        16
#define APPEAR_TIMEOUT (10 * G_TIME_SPAN_SECOND) /* a fabric's login takes seconds */
#define APPEAR_POLL    (50 * 1000)               /* microseconds */

typedef gboolean (*IsWanted)(const NodeDevice *device, const char *key);

static NodeDevice *find_first(NodeDevices *devices, IsWanted is_wanted, const char *key)
{
    g_autoptr(GPtrArray) all = node_device_list(devices);

    for (guint i = 0; i < all->len; i++)
        if (is_wanted(all->pdata[i], key))
            return g_ptr_array_steal_index_fast(all, i);
    return NULL;
}

/* The one that the description of a new device names. */
static NodeDevice *find_parent(NodeDevices *devices, xmlNodePtr root, GError **error)
{
    g_autofree char *name = xml_text(root, "parent");

    if (name != NULL)
        return node_device_find(devices, name, error);
    fail(error, VIR_ERR_XML_ERROR, "a new device needs its <parent>");
    return NULL;
}

/* ---- Fibre Channel ---- */

static gboolean is_fc_host(const NodeDevice *device, const char *key)
{
    g_autofree char *its =
        (node_device_flags(device) & NODE_CAP_FC_HOST) ? node_fc_key(device->udev) : NULL;

    return g_strcmp0(its, key) == 0;
}

/* NULL: one of the names is not 16 hexadecimal digits. */
static char *fc_key(const char *wwnn, const char *wwpn)
{
    const char *const names[] = { wwpn, wwnn };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i] == NULL || strlen(names[i]) != WWN_LEN ||
            strspn(names[i], "0123456789abcdefABCDEF") != WWN_LEN)
            return NULL;
    g_autofree char *key = g_strconcat(wwpn, ":", wwnn, NULL);
    return g_ascii_strdown(key, -1);
}

NodeDevice *node_device_find_fc_host(NodeDevices *devices, const char *wwnn, const char *wwpn,
                                     GError **error)
{
    g_autofree char *key = fc_key(wwnn, wwpn);
    NodeDevice *found = key != NULL ? find_first(devices, is_fc_host, key) : NULL;

    if (found == NULL)
        fail(error, VIR_ERR_NO_NODE_DEVICE, "no node device with matching WWNN '%s' and WWPN '%s'",
             wwnn, wwpn);
    return found;
}

static gboolean change_vport(const NodeDevice *parent, VportVerb verb, const char *key,
                             GError **error)
{
    g_autofree char *host = g_path_get_basename(node_device_path(parent));

    return sysfs_vport(host, verb, key, VIR_ERR_OPERATION_FAILED, error);
}

static gboolean create_vport(const NodeDevice *parent, xmlNodePtr root, char **ret_key,
                             GError **error)
{
    g_autofree char *wwnn = xml_text(root, "capability/capability/wwnn");
    g_autofree char *wwpn = xml_text(root, "capability/capability/wwpn");

    *ret_key = fc_key(wwnn, wwpn);
    if (*ret_key == NULL)
        return fail(error, VIR_ERR_XML_ERROR,
                    "a virtual host needs <wwnn> and <wwpn>, "
                    "16 hexadecimal digits each");
    if (!(node_device_flags(parent) & NODE_CAP_VPORTS))
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "parent device '%s' is not capable of vport operations",
                    node_device_name(parent));
    return change_vport(parent, VPORT_CREATE, *ret_key, error);
}

/* ---- mediated devices: Linux Documentation/driver-api/vfio-mediated-device.rst ---- */

static gboolean is_mdev(const NodeDevice *device, const char *uuid)
{
    g_autofree char *name = g_path_get_basename(node_device_path(device));

    return (node_device_flags(device) & NODE_CAP_MDEV) && strcmp(name, uuid) == 0;
}

/* A type's name is a folder's. */
static gboolean is_file_name(const char *text)
{
    return *text != '\0' && *text != '.' && strchr(text, '/') == NULL;
}

/* The type is looked for when it is started: its parent's driver may not be there yet. */
static MdevConfig *read_config(xmlNodePtr root, GError **error)
{
    g_autoptr(MdevConfig) config = mdev_config_new();

    config->type = xml_attribute(root, "capability/type", "id");
    config->uuid = xml_text(root, "capability/uuid");
    if (config->uuid == NULL)
        config->uuid = g_uuid_string_random();
    if (!g_uuid_string_is_valid(config->uuid)) {
        fail(error, VIR_ERR_XML_ERROR, "malformed uuid '%s'", config->uuid);
        return NULL;
    }
    for (char *p = config->uuid; *p != '\0'; p++)
        *p = g_ascii_tolower(*p);
    if (config->type == NULL || !is_file_name(config->type)) {
        fail(error, VIR_ERR_XML_ERROR, "missing type id attribute of the mediated device");
        return NULL;
    }
    for (xmlNodePtr node = xml_find(root, "capability/attr"); node != NULL; node = xml_next(node)) {
        g_autofree char *name = xml_attribute(node, "", "name");
        g_autofree char *value = xml_attribute(node, "", "value");
        if (name == NULL || value == NULL || !is_file_name(name)) {
            fail(error, VIR_ERR_XML_ERROR, "an attr of a mediated device needs name and value");
            return NULL;
        }
        mdev_config_add_attribute(config, name, value);
    }
    return g_steal_pointer(&config);
}

static gboolean create_mdev(const NodeDevice *parent, xmlNodePtr root, char **ret_uuid,
                            GError **error)
{
    g_autoptr(MdevConfig) config = read_config(root, error);

    if (config == NULL)
        return FALSE;
    if (config->attributes->len > 0)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "a mediated device with attributes must be defined, then started");
    g_autofree char *path = g_build_filename(node_device_path(parent), "mdev_supported_types",
                                             config->type, "create", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "device '%s' makes no mediated devices of type '%s'", node_device_name(parent),
                    config->type);
    *ret_uuid = g_strdup(config->uuid);
    return sysfs_write(path, *ret_uuid, VIR_ERR_OPERATION_FAILED, error);
}

char *node_device_define(NodeDevices *devices, const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "device", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    g_autofree char *type = xml_attribute(root, "capability", "type");
    if (g_strcmp0(type, "mdev") != 0) {
        fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "devices of type '%s' cannot be defined",
             type != NULL ? type : "");
        return NULL;
    }
    g_autoptr(MdevConfig) config = read_config(root, error);
    g_autoptr(NodeDevice) parent = config != NULL ? find_parent(devices, root, error) : NULL;
    if (parent == NULL)
        return NULL;
    config->parent = g_path_get_basename(node_device_path(parent));
    return mdev_config_define(config, error) ? node_mdev_name(config->uuid, config->parent) : NULL;
}

/* ---- */

static const struct {
    const char *type; /* of the capability */
    gboolean (*create)(const NodeDevice *parent, xmlNodePtr root, char **ret_key, GError **error);
    IsWanted is_made;
} makers[] = {
    { "mdev", create_mdev, is_mdev },
    { "scsi_host", create_vport, is_fc_host },
};

static NodeDevice *wait_for(NodeDevices *devices, IsWanted is_made, const char *key, GError **error)
{
    gint64 until = g_get_monotonic_time() + APPEAR_TIMEOUT;
    NodeDevice *found;

    while ((found = find_first(devices, is_made, key)) == NULL && g_get_monotonic_time() < until)
        g_usleep(APPEAR_POLL);
    if (found == NULL)
        fail(error, VIR_ERR_OPERATION_FAILED, "the device '%s' was made, but did not appear", key);
    return found;
}

NodeDevice *node_device_create(NodeDevices *devices, const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "device", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    g_autofree char *type = xml_attribute(root, "capability", "type"), *key = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(makers); i++) {
        if (g_strcmp0(type, makers[i].type) != 0)
            continue;
        g_autoptr(NodeDevice) parent = find_parent(devices, root, error);
        if (parent == NULL || !makers[i].create(parent, root, &key, error))
            return NULL;
        return wait_for(devices, makers[i].is_made, key, error);
    }
    fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "devices of type '%s' cannot be made",
         type != NULL ? type : "");
    return NULL;
}

static gboolean destroy_vport(NodeDevices *devices, const NodeDevice *device, GError **error)
{
    g_autofree char *key = node_fc_key(device->udev);
    g_autoptr(NodeDevice) parent = node_device_find(devices, node_device_parent(device), error);

    if (parent == NULL)
        return FALSE;
    if (key == NULL || !(node_device_flags(parent) & NODE_CAP_VPORTS))
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "device '%s' is no virtual host",
                    node_device_name(device));
    return change_vport(parent, VPORT_DELETE, key, error);
}

gboolean node_device_destroy(NodeDevices *devices, const NodeDevice *device, GError **error)
{
    guint32 flags = node_device_flags(device);

    if (flags & NODE_CAP_MDEV) {
        g_autofree char *path = g_build_filename(node_device_path(device), "remove", NULL);
        return sysfs_write(path, "1", VIR_ERR_OPERATION_FAILED, error);
    }
    if (flags & NODE_CAP_FC_HOST)
        return destroy_vport(devices, device, error);
    return fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "device '%s' cannot be destroyed",
                node_device_name(device));
}
