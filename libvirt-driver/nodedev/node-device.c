/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "node-internal.h"

#include <string.h>

#include "handler-util.h"
#include "rpc/event.h"
#include "xml-util.h"

#define HOST_NAME "computer"

struct NodeDevices {
    RpcServer *server;
    GUdevClient *monitor;
    GMutex lock;
    gboolean known;    /* they have been listed */
    guint changes;     /* there were so many uevents */
    GHashTable *paths; /* name -> folder in /sys, of those that were ever listed */
    GHashTable *names; /* and back */
};

void node_device_free(NodeDevice *device)
{
    if (device == NULL)
        return;
    g_free(device->name);
    g_free(device->parent);
    g_clear_object(&device->udev);
    mdev_config_free(device->defined);
    g_free(device);
}

static void free_item(gpointer device)
{
    node_device_free(device);
}

const char *node_device_name(const NodeDevice *device)
{
    return device->name;
}

const char *node_device_parent(const NodeDevice *device)
{
    return device->parent;
}

const char *node_device_path(const NodeDevice *device)
{
    return device->udev != NULL ? g_udev_device_get_sysfs_path(device->udev) : "/sys";
}

/* ---- names ---- */

static char *make_plain(char *name)
{
    return g_strcanon(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '_');
}

/* Its subsystem, the kernel's name, and what tells apart those that change their names. */
static char *make_name(GUdevDevice *device, const NodeKind *kind)
{
    const char *kernel = g_udev_device_get_name(device);
    const char *prefix = g_udev_device_get_subsystem(device);
    g_autofree char *more = NULL;
    GString *name = g_string_new(NULL);

    if (kind->flag == NODE_CAP_NET)
        more = node_attribute(device, "address");
    else if (kind->flag == NODE_CAP_STORAGE)
        more = g_strdup(g_udev_device_get_property(device, "ID_SERIAL"));
    else if (kind->flag == NODE_CAP_MDEV)
        more = node_link(device, "..");
    g_string_printf(name, "%s_%s", prefix, kernel);
    if (more != NULL)
        g_string_append_printf(name, "_%s", more);
    return make_plain(g_string_free(name, FALSE));
}

char *node_mdev_name(const char *uuid, const char *parent)
{
    return make_plain(g_strdup_printf("mdev_%s_%s", uuid, parent));
}

static char *parent_name(GUdevDevice *device)
{
    g_autoptr(GUdevDevice) parent = g_udev_device_get_parent(device);

    while (parent != NULL) {
        const NodeKind *kind = node_kind(parent);
        GUdevDevice *next;

        if (kind != NULL)
            return make_name(parent, kind);
        next = g_udev_device_get_parent(parent);
        g_object_unref(parent);
        parent = next;
    }
    return g_strdup(HOST_NAME);
}

static NodeDevice *device_new(GUdevDevice *udev)
{
    const NodeKind *kind = node_kind(udev);
    NodeDevice *device;

    if (kind == NULL)
        return NULL;
    device = g_new0(NodeDevice, 1);
    device->kind = kind;
    device->udev = g_object_ref(udev);
    device->name = make_name(udev, kind);
    device->parent = parent_name(udev);
    return device;
}

static NodeDevice *host_new(void)
{
    NodeDevice *device = g_new0(NodeDevice, 1);

    device->kind = &node_kind_system;
    device->name = g_strdup(HOST_NAME);
    return device;
}

/* ---- which name is whose; lock held ---- */

static void remember(NodeDevices *devices, const char *name, const char *path)
{
    g_hash_table_insert(devices->paths, g_strdup(name), g_strdup(path));
    g_hash_table_insert(devices->names, g_strdup(path), g_strdup(name));
}

/* The name it had; NULL: it was not known. */
static char *forget(NodeDevices *devices, const char *path)
{
    char *name = g_strdup(g_hash_table_lookup(devices->names, path));

    if (name != NULL) {
        g_hash_table_remove(devices->paths, name);
        g_hash_table_remove(devices->names, path);
    }
    return name;
}

/* ---- finding ---- */

static int compare_names(gconstpointer a, gconstpointer b)
{
    const NodeDevice *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* Changes that happened while a list was made are looked for again, but not for ever. */
#define LIST_TRIES 5

/* A client of each call's own: libudev's are for one thread at a time. */
static GPtrArray *query_all(void)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(free_item);
    g_autoptr(GUdevClient) client = g_udev_client_new(NULL);
    GList *all = g_udev_client_query_by_subsystem(client, NULL);

    for (GList *i = all; i != NULL; i = i->next) {
        NodeDevice *device = device_new(i->data);

        if (device != NULL)
            g_ptr_array_add(found, device);
    }
    g_list_free_full(all, g_object_unref);
    return found;
}

static guint count_changes(NodeDevices *devices)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&devices->lock);

    return devices->changes;
}

/* FALSE: something happened since, and a uevent may know better than found. */
static gboolean adopt(NodeDevices *devices, const GPtrArray *found, guint changes, gboolean last)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&devices->lock);

    if (devices->changes != changes && !last)
        return FALSE;
    g_hash_table_remove_all(devices->paths);
    g_hash_table_remove_all(devices->names);
    for (guint i = 0; i < found->len; i++)
        remember(devices, node_device_name(found->pdata[i]), node_device_path(found->pdata[i]));
    devices->known = TRUE;
    return TRUE;
}

/* The device whose folder has the kernel's name of a parent. */
static const char *parent_of(const GPtrArray *found, const char *kernel_name)
{
    for (guint i = 0; i < found->len; i++) {
        const NodeDevice *device = found->pdata[i];
        if (device->udev != NULL &&
            strcmp(g_udev_device_get_name(device->udev), kernel_name) == 0)
            return device->name;
    }
    return HOST_NAME;
}

static NodeDevice *find_name(const GPtrArray *found, const char *name)
{
    for (guint i = 0; i < found->len; i++)
        if (strcmp(node_device_name(found->pdata[i]), name) == 0)
            return found->pdata[i];
    return NULL;
}

/* What is defined is noted in what is there, or added to it. */
static void add_defined(GPtrArray *found)
{
    g_autoptr(GPtrArray) configs = mdev_config_list();

    while (configs->len > 0) {
        MdevConfig *config = g_ptr_array_steal_index(configs, 0);
        g_autofree char *name = node_mdev_name(config->uuid, config->parent);
        NodeDevice *device = find_name(found, name);

        if (device == NULL) {
            device = g_new0(NodeDevice, 1);
            device->kind = node_kind_mdev;
            device->name = g_steal_pointer(&name);
            device->parent = g_strdup(parent_of(found, config->parent));
            g_ptr_array_add(found, device);
        }
        mdev_config_free(device->defined);
        device->defined = config;
    }
}

GPtrArray *node_device_list(NodeDevices *devices)
{
    g_autoptr(GPtrArray) found = NULL;
    gboolean adopted = FALSE;

    for (guint try = 1; !adopted; try++) {
        guint changes = count_changes(devices);

        g_clear_pointer(&found, g_ptr_array_unref);
        found = query_all();
        adopted = adopt(devices, found, changes, try == LIST_TRIES);
    }
    add_defined(found);
    g_ptr_array_add(found, host_new());
    g_ptr_array_sort(found, compare_names);
    return g_steal_pointer(&found);
}

gboolean node_devices_are_known(NodeDevices *devices)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&devices->lock);

    return devices->known;
}

void node_devices_know(NodeDevices *devices)
{
    if (!node_devices_are_known(devices))
        g_ptr_array_unref(node_device_list(devices));
}

/* The one that had this name when it was last seen, if it still has it. */
static NodeDevice *find_known(NodeDevices *devices, const char *name)
{
    g_autofree char *path = NULL;

    g_mutex_lock(&devices->lock);
    path = g_strdup(g_hash_table_lookup(devices->paths, name));
    g_mutex_unlock(&devices->lock);
    if (path == NULL)
        return NULL;
    g_autoptr(GUdevClient) client = g_udev_client_new(NULL);
    g_autoptr(GUdevDevice) udev = g_udev_client_query_by_sysfs_path(client, path);
    g_autoptr(NodeDevice) device = udev != NULL ? device_new(udev) : NULL;
    return device != NULL && strcmp(device->name, name) == 0 ? g_steal_pointer(&device) : NULL;
}

NodeDevice *node_device_find(NodeDevices *devices, const char *name, GError **error)
{
    NodeDevice *found;

    if (strcmp(name, HOST_NAME) == 0)
        return host_new();
    /* Of a mediated device the definition must be looked for, too. */
    found = g_str_has_prefix(name, "mdev_") ? NULL : find_known(devices, name);
    if (found != NULL)
        return found;
    g_autoptr(GPtrArray) all = node_device_list(devices);
    for (guint i = 0; i < all->len; i++)
        if (strcmp(node_device_name(all->pdata[i]), name) == 0)
            return g_ptr_array_steal_index_fast(all, i);
    fail(error, VIR_ERR_NO_NODE_DEVICE, "no node device with matching name '%s'", name);
    return NULL;
}

/* ---- what it is ---- */

guint32 node_device_flags(const NodeDevice *device)
{
    return device->kind->flag | (device->kind->more != NULL ? device->kind->more(device->udev) : 0);
}

char **node_device_caps(const NodeDevice *device)
{
    static const struct {
        guint32 flag;
        const char *name;
    } besides[] = {
        { NODE_CAP_FC_HOST, "fc_host" },
        { NODE_CAP_VPORTS, "vports" },
        { NODE_CAP_MDEV_TYPES, "mdev_types" },
    };
    guint32 flags = node_device_flags(device);
    GStrvBuilder *names = g_strv_builder_new();
    char **caps;

    g_strv_builder_add(names, device->kind->cap);
    for (guint i = 0; i < G_N_ELEMENTS(besides); i++)
        if (flags & besides[i].flag)
            g_strv_builder_add(names, besides[i].name);
    caps = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return caps;
}

static void append_files(GString *xml, GUdevDevice *udev)
{
    const char *file = g_udev_device_get_device_file(udev);
    const char *const *links = g_udev_device_get_device_file_symlinks(udev);

    if (file == NULL)
        return;
    xml_append(xml, "  <devnode type='dev'>%s</devnode>\n", file);
    for (; links != NULL && *links != NULL; links++)
        xml_append(xml, "  <devnode type='link'>%s</devnode>\n", *links);
}

gboolean node_device_is_active(const NodeDevice *device)
{
    return device->udev != NULL || device->defined == NULL;
}

const MdevConfig *node_device_defined(const NodeDevice *device)
{
    return device->defined;
}

static char *defined_xml(const NodeDevice *device)
{
    GString *xml = g_string_new("<device>\n");

    node_append(xml, 2, "name", device->name);
    node_append(xml, 2, "parent", device->parent);
    xml_append(xml, "  <capability type='%s'>\n", device->kind->cap);
    node_append_defined_mdev(xml, device->defined);
    xml_append(xml, "  </capability>\n</device>\n");
    return g_string_free(xml, FALSE);
}

char *node_device_xml(const NodeDevice *device, gboolean defined)
{
    if (device->defined != NULL && (defined || device->udev == NULL))
        return defined_xml(device);
    GString *xml = g_string_new("<device>\n");
    const char *driver = device->udev != NULL ? g_udev_device_get_driver(device->udev) : NULL;

    node_append(xml, 2, "name", device->name);
    if (device->udev != NULL) {
        node_append(xml, 2, "path", node_device_path(device));
        append_files(xml, device->udev);
        node_append(xml, 2, "parent", device->parent);
    }
    if (driver != NULL)
        xml_append(xml, "  <driver>\n    <name>%s</name>\n  </driver>\n", driver);
    xml_append(xml, "  <capability type='%s'>\n", device->kind->cap);
    device->kind->append(xml, device->udev);
    xml_append(xml, "  </capability>\n</device>\n");
    return g_string_free(xml, FALSE);
}

/* ---- events ---- */

enum { EVENT_LIFECYCLE = 0, EVENT_UPDATE = 1 }; /* virNodeDeviceEventID */

void node_devices_send(NodeDevices *devices, const char *name, int kind)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_string(body, name);
    xdr_put_i32(body, kind);
    xdr_put_i32(body, 0); /* no details exist */
    rpc_events_send(devices->server, RPC_EVENT_NODEDEV, EVENT_LIFECYCLE, name, body);
}

static void send_update(NodeDevices *devices, const char *name)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_string(body, name);
    rpc_events_send(devices->server, RPC_EVENT_NODEDEV, EVENT_UPDATE, name, body);
}

/* Of one that is gone only the path is left. A renamed one is gone and there again. */
static void on_uevent(GUdevClient *client, const char *action, GUdevDevice *udev, gpointer data)
{
    NodeDevices *devices = data;
    const char *path = g_udev_device_get_sysfs_path(udev);
    gboolean gone = strcmp(action, "remove") == 0;
    g_autoptr(NodeDevice) device = gone ? NULL : device_new(udev);
    g_autofree char *before = NULL;

    g_mutex_lock(&devices->lock);
    devices->changes++;
    before = forget(devices, path);
    if (device != NULL)
        remember(devices, device->name, path);
    g_mutex_unlock(&devices->lock);
    if (before != NULL && device != NULL && strcmp(before, device->name) == 0) {
        send_update(devices, before);
        return;
    }
    if (before != NULL)
        node_devices_send(devices, before, NODE_DELETED);
    if (device != NULL)
        node_devices_send(devices, device->name, NODE_CREATED);
}

NodeDevices *node_devices_new(RpcServer *server)
{
    static const char *const subsystems[] = { "pci",          "usb", "net",  "scsi", "block",
                                              "scsi_generic", "drm", "mdev", NULL };
    NodeDevices *devices = g_new0(NodeDevices, 1);

    devices->server = server;
    g_mutex_init(&devices->lock);
    devices->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    devices->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    devices->monitor = g_udev_client_new(subsystems);
    g_signal_connect(devices->monitor, "uevent", G_CALLBACK(on_uevent), devices);
    return devices;
}

void node_devices_free(NodeDevices *devices)
{
    if (devices == NULL)
        return;
    g_signal_handlers_disconnect_by_data(devices->monitor, devices);
    g_clear_object(&devices->monitor);
    g_hash_table_unref(devices->paths);
    g_hash_table_unref(devices->names);
    g_mutex_clear(&devices->lock);
    g_free(devices);
}
