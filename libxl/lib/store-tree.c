/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nodes are those of libxl, because guests, xenstore-ls users and tools look for them there;
 * see Xen's docs/misc/xenstore-paths.pandoc for the tree and xen/io/{blkif,netif}.h for the
 * devices.
 */
#include "store-tree.h"

#include <stdarg.h>
#include <string.h>

#include <kanzen-abi.h>

#include "machine.h"
#include "vdev.h"

/* Guests drive their tap through this; kept in the back end for tools. */
#define BACKEND_PATH "/local/domain/0/backend"

typedef struct {
    GByteArray *bytes;
    char *base; /* prefix of the paths that follow */
    char *perms;
    int domid;
} Writer;

static void append_text(Writer *w, const char *text)
{
    g_byte_array_append(w->bytes, (const guint8 *)text, (guint)strlen(text) + 1);
}

static void at(Writer *w, const char *perms, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void node(Writer *w, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Nodes from here on stand below this path with these permissions. The path itself becomes an empty
 * node. */
static void at(Writer *w, const char *perms, const char *format, ...)
{
    va_list args;

    g_free(w->base);
    g_free(w->perms);
    va_start(args, format);
    w->base = g_strdup_vprintf(format, args);
    va_end(args);
    w->perms = g_strdup(perms);
    node(w, NULL, "%s", "");
}

static void node(Writer *w, const char *name, const char *format, ...)
{
    g_autofree char *path = name ? g_strconcat(w->base, "/", name, NULL) : g_strdup(w->base);
    g_autofree char *value = NULL;
    guint32 len;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    append_text(w, path);
    append_text(w, w->perms);
    len = GUINT32_TO_LE((guint32)strlen(value));
    g_byte_array_append(w->bytes, (const guint8 *)&len, sizeof len);
    g_byte_array_append(w->bytes, (const guint8 *)value, (guint)strlen(value));
}

/* Empty nodes of the guest's own, which it may write. */
static const char *const guest_nodes[] = {
    "device/suspend/event-channel",
    "control/shutdown",
    "control/feature-poweroff",
    "control/feature-reboot",
    "control/feature-suspend",
    "control/sysrq",
    "data",
    "drivers",
    "feature",
    "attr",
    "error",
};

static void domain_nodes(Writer *w, const KxlDomainConfig *config, const char *guest_reads,
                         const char *guest_owns)
{
    guint vcpus = MAX(config->max_vcpus, 1), online = config->vcpus ? config->vcpus : vcpus;

    at(w, guest_reads, "/local/domain/%d", w->domid);
    node(w, "domid", "%d", w->domid);
    node(w, "name", "%s", config->name);
    node(w, "vm", "/vm/%s", config->uuid);
    node(w, "cpu", "%s", "");
    for (guint i = 0; i < vcpus; i++) {
        g_autofree char *name = g_strdup_printf("cpu/%u/availability", i);

        node(w, name, "%s", i < online ? "online" : "offline");
    }
    node(w, "memory", "%s", "");
    node(w, "memory/static-max", "%" G_GUINT64_FORMAT,
         MAX(config->max_memkb, config->target_memkb));
    node(w, "memory/target", "%" G_GUINT64_FORMAT, config->target_memkb);
    node(w, "memory/videoram", "0");
    node(w, "device", "%s", "");
    node(w, "control", "%s", "");
    node(w, "control/platform-feature-multiprocessor-suspend", "1");
    node(w, "control/platform-feature-xs_reset_watches", "1");
    for (guint i = 0; i < G_N_ELEMENTS(guest_nodes); i++) {
        g_free(w->perms);
        w->perms = g_strdup(guest_owns);
        node(w, guest_nodes[i], "%s", "");
    }
}

static void vm_nodes(Writer *w, const KxlDomainConfig *config, const char *guest_reads,
                     gint64 start_time_us)
{
    at(w, guest_reads, "/vm/%s", config->uuid);
    node(w, "uuid", "%s", config->uuid);
    node(w, "name", "%s", config->name);
    node(w, "image/ostype", "linux");
    if (config->kernel)
        node(w, "image/kernel", "%s", config->kernel);
    if (config->ramdisk)
        node(w, "image/ramdisk", "%s", config->ramdisk);
    if (config->cmdline)
        node(w, "image/cmdline", "%s", config->cmdline);
    node(w, "start_time", "%" G_GINT64_FORMAT ".%02d", start_time_us / G_USEC_PER_SEC,
         (int)(start_time_us % G_USEC_PER_SEC / 10000));
}

/* The console's ring and port are hv's to add. */
static void console_nodes(Writer *w, const char *guest_reads)
{
    at(w, guest_reads, "/local/domain/%d/console", w->domid);
    node(w, "backend", BACKEND_PATH "/console/%d/0", w->domid);
    node(w, "backend-id", "0");
    node(w, "limit", "1048576");
    node(w, "type", "xenconsoled");
    node(w, "output", "pty");

    at(w, guest_reads, BACKEND_PATH "/console/%d/0", w->domid);
    node(w, "frontend", "/local/domain/%d/console", w->domid);
    node(w, "frontend-id", "%d", w->domid);
    node(w, "online", "1");
    node(w, "state", "1");
    node(w, "protocol", "vt100");
}

/* Both directories of a device, with what they have in common; leaves w in the back end's. */
static void device_nodes(Writer *w, const char *type, int devid, const char *guest_reads,
                         const char *dom0_reads)
{
    at(w, dom0_reads, "/local/domain/%d/device/%s/%d", w->domid, type, devid);
    node(w, "backend", BACKEND_PATH "/%s/%d/%d", type, w->domid, devid);
    node(w, "backend-id", "0");
    node(w, "state", "1"); /* XenbusStateInitialising, xen/io/xenbus.h */

    at(w, guest_reads, BACKEND_PATH "/%s/%d/%d", type, w->domid, devid);
    node(w, "frontend", "/local/domain/%d/device/%s/%d", w->domid, type, devid);
    node(w, "frontend-id", "%d", w->domid);
    node(w, "online", "1");
    node(w, "state", "1");
}

static void frontend_at(Writer *w, const char *type, int devid, const char *dom0_reads)
{
    g_free(w->base);
    g_free(w->perms);
    w->base = g_strdup_printf("/local/domain/%d/device/%s/%d", w->domid, type, devid);
    w->perms = g_strdup(dom0_reads);
}

/* One after the first, which the guest finds by xenbus. name: a channel's, or NULL. */
static void more_console_nodes(Writer *w, int devid, const char *name, const char *kind,
                               const char *guest_reads, const char *dom0_reads)
{
    device_nodes(w, "console", devid, guest_reads, dom0_reads);
    node(w, "protocol", "vt100");
    if (name) {
        node(w, "name", "%s", name);
        node(w, "connection", "%s", g_strcmp0(kind, "unix") == 0 ? "socket" : "pty");
    }

    frontend_at(w, "console", devid, dom0_reads);
    node(w, "limit", "1048576");
    node(w, "type", "ioemu");
    node(w, "output", "%s", g_strcmp0(kind, "unix") == 0 ? "socket" : "pty");
    node(w, "tty", "%s", "");
    node(w, "protocol", "vt100");
    if (name)
        node(w, "name", "%s", name);
}

static void consoles_nodes(Writer *w, const KxlDomainConfig *config, const char *guest_reads,
                           const char *dom0_reads)
{
    int devid = 1;

    for (guint i = 0; i < config->serials->len; i++, devid++)
        more_console_nodes(w, devid, NULL, NULL, guest_reads, dom0_reads);
    for (guint i = 0; i < config->channels->len; i++, devid++) {
        const KxlDeviceChannel *channel = config->channels->pdata[i];

        more_console_nodes(w, devid, channel->name, channel->kind, guest_reads, dom0_reads);
    }
}

static void disk_nodes(Writer *w, const KxlDeviceDisk *disk, const char *pci,
                       const char *guest_reads, const char *dom0_reads)
{
    int devid = kxl_vdev_to_devid(disk->vdev);
    const char *device_type = disk->is_cdrom ? "cdrom" : "disk";
    gboolean writable = disk->readwrite && !disk->is_cdrom;

    device_nodes(w, "vbd", devid, guest_reads, dom0_reads);
    node(w, KZ_BACKEND_PCI_KEY, "%s", pci);
    node(w, "params", "%s", disk->path ? disk->path : "");
    node(w, "type", "qdisk");
    node(w, "dev", "%s", disk->vdev);
    node(w, "mode", writable ? "w" : "r");
    node(w, "device-type", "%s", device_type);
    node(w, "removable", disk->removable || disk->is_cdrom ? "1" : "0");
    node(w, "bootable", "1");
    node(w, "discard-enable", disk->discard != KXL_NO && writable ? "1" : "0");
    node(w, "direct-io-safe", disk->direct_io_safe ? "1" : "0");

    frontend_at(w, "vbd", devid, dom0_reads);
    node(w, "virtual-device", "%d", devid);
    node(w, "device-type", "%s", device_type);
}

static void nic_nodes(Writer *w, const KxlDeviceNic *nic, const char *pci, const char *guest_reads,
                      const char *dom0_reads)
{
    device_nodes(w, "vif", nic->devid, guest_reads, dom0_reads);
    node(w, KZ_BACKEND_PCI_KEY, "%s", pci);
    node(w, "handle", "%d", nic->devid);
    node(w, "mac", "%s", nic->mac);
    node(w, "type", "vif");
    if (nic->bridge)
        node(w, "bridge", "%s", nic->bridge);
    if (nic->script)
        node(w, "script", "%s", nic->script);
    if (nic->ifname)
        node(w, "vifname", "%s", nic->ifname);
    if (nic->ip)
        node(w, "ip", "%s", nic->ip);

    frontend_at(w, "vif", nic->devid, dom0_reads);
    node(w, "handle", "%d", nic->devid);
    node(w, "mac", "%s", nic->mac);
    if (nic->mtu)
        node(w, "mtu", "%u", nic->mtu);
}

/* The first framebuffer, with the keyboard and pointer that go with each. */
static void vfb_nodes(Writer *w, const KxlDeviceVfb *vfb, const char *guest_reads,
                      const char *dom0_reads)
{
    device_nodes(w, "vfb", 0, guest_reads, dom0_reads);
    node(w, KZ_BACKEND_PCI_KEY, KXL_MACHINE_VFB_PCI);
    node(w, "vnc", "%d", vfb->vnc.enable);
    if (vfb->vnc.listen)
        node(w, "vnclisten", "%s", vfb->vnc.listen);

    device_nodes(w, "vkbd", 0, guest_reads, dom0_reads);
    node(w, KZ_BACKEND_PCI_KEY, KXL_MACHINE_KEYBOARD_PCI);
    node(w, KZ_BACKEND_POINTER_KEY, KXL_MACHINE_POINTER_PCI);
}

/* XenStore's text form, owner with everybody's default first. */
typedef struct {
    char guest_reads[16], guest_owns[16], dom0_reads[24];
} Perms;

static Perms perms_for(int domid)
{
    Perms perms;

    g_snprintf(perms.guest_reads, sizeof perms.guest_reads, "n0,r%d", domid);
    g_snprintf(perms.guest_owns, sizeof perms.guest_owns, "n%d", domid);
    g_snprintf(perms.dom0_reads, sizeof perms.dom0_reads, "n%d,r0", domid);
    return perms;
}

static GByteArray *finish(Writer *w)
{
    g_free(w->base);
    g_free(w->perms);
    return w->bytes;
}

GByteArray *kxl_store_tree_new(const KxlDomainConfig *config, int domid,
                               const KxlStoreFunctions *functions, gint64 start_time_us)
{
    Perms perms = perms_for(domid);
    Writer w = { .bytes = g_byte_array_new(), .domid = domid };

    domain_nodes(&w, config, perms.guest_reads, perms.guest_owns);
    vm_nodes(&w, config, perms.guest_reads, start_time_us);
    console_nodes(&w, perms.guest_reads);
    consoles_nodes(&w, config, perms.guest_reads, perms.dom0_reads);
    for (guint i = 0; i < config->disks->len; i++)
        disk_nodes(&w, config->disks->pdata[i], functions->disk_pci[i], perms.guest_reads,
                   perms.dom0_reads);
    for (guint i = 0; i < config->nics->len; i++)
        if (functions->nic_pci[i])
            nic_nodes(&w, config->nics->pdata[i], functions->nic_pci[i], perms.guest_reads,
                      perms.dom0_reads);
    if (config->vfbs->len > 0)
        vfb_nodes(&w, config->vfbs->pdata[0], perms.guest_reads, perms.dom0_reads);
    return finish(&w);
}

GByteArray *kxl_store_disk_nodes(int domid, const KxlDeviceDisk *disk, const char *pci)
{
    Perms perms = perms_for(domid);
    Writer w = { .bytes = g_byte_array_new(), .domid = domid };

    disk_nodes(&w, disk, pci, perms.guest_reads, perms.dom0_reads);
    return finish(&w);
}

GByteArray *kxl_store_nic_nodes(int domid, const KxlDeviceNic *nic, const char *pci)
{
    Perms perms = perms_for(domid);
    Writer w = { .bytes = g_byte_array_new(), .domid = domid };

    nic_nodes(&w, nic, pci, perms.guest_reads, perms.dom0_reads);
    return finish(&w);
}

/* Of our own making, so whole. */
gboolean kxl_store_next(const GByteArray *records, gsize *at, KxlStoreNode *ret_node)
{
    guint32 len;

    if (*at >= records->len)
        return FALSE;
    ret_node->path = (const char *)records->data + *at;
    ret_node->perms = ret_node->path + strlen(ret_node->path) + 1;
    *at = (gsize)(ret_node->perms + strlen(ret_node->perms) + 1 - (const char *)records->data);
    memcpy(&len, records->data + *at, sizeof len);
    len = GUINT32_FROM_LE(len);
    ret_node->value = g_strndup((const char *)records->data + *at + sizeof len, len);
    *at += sizeof len + len;
    return TRUE;
}
