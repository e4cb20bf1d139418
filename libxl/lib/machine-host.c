/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an HVM guest gets of the host and of clients: PCI and USB devices, folders by 9P. */
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "machine-args.h"

static char *boot_option(int bootindex)
{
    return bootindex ? g_strdup_printf(",bootindex=%d", bootindex) : g_strdup("");
}

/* --- PCI -------------------------------------------------------------------------------------- */

static gboolean add_pci(KxlArgs *args, const KxlDomainConfig *config, const KxlDevicePci *pci,
                        guint i, GError **error)
{
    g_autofree char *what =
        g_strdup_printf("pci '%04x:%02x:%02x.%x'", pci->domain, pci->bus, pci->dev, pci->fn);
    g_autofree char *at = kxl_args_pci_address(config, &pci->address, what, error);
    g_autofree char *rom = kxl_args_rom(pci->rom_file, pci->rom_bar, pci->rom_enabled);
    g_autofree char *boot = boot_option(pci->bootindex);

    if (!at)
        return FALSE;
    kxl_args_add(args, "-device", "vfio-pci,host=%04x:%02x:%02x.%x,id=hostdev%u%s%s%s", pci->domain,
                 pci->bus, pci->dev, pci->fn, i, at, boot, rom);
    return TRUE;
}

/* --- USB -------------------------------------------------------------------------------------- */

static gboolean add_usb(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceUsb *usb,
                        const char *id, guint i, GError **error)
{
    g_autofree char *at = kxl_args_usb_address(config, &usb->address, "a host's USB device", error);
    g_autofree char *boot = boot_option(usb->bootindex);
    g_autoptr(GString) which = g_string_new(NULL);

    if (!at)
        return FALSE;
    if (usb->vendor)
        g_string_append_printf(which, ",vendorid=0x%04x,productid=0x%04x", usb->vendor,
                               usb->product);
    if (usb->bus || usb->device)
        g_string_append_printf(which, ",hostbus=%u,hostaddr=%u", usb->bus, usb->device);
    kxl_args_add(args, "-device", "usb-host%s,id=%s%u%s%s", which->str, id, i, at, boot);
    return TRUE;
}

gboolean kxl_usb_parse(const char *text, KxlDeviceUsb *ret_usb)
{
    KxlDeviceUsb usb = { 0 };
    char end;

    if (sscanf(text, "host:%u.%u%c", &usb.bus, &usb.device, &end) == 2 ||
        (sscanf(text, "host:%4x:%4x%c", &usb.vendor, &usb.product, &end) == 2 && usb.vendor)) {
        *ret_usb = usb;
        return TRUE;
    }
    return FALSE;
}

gboolean kxl_args_usb_host(KxlArgs *args, const KxlDomainConfig *config, const char *text, guint i,
                           GError **error)
{
    KxlDeviceUsb usb;

    if (!kxl_usb_parse(text, &usb))
        return kxl_args_unsupported(error, "usbdevice '%s'", text);
    return add_usb(args, config, &usb, "usbdevice", i, error);
}

static gboolean add_redir(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceRedir *redir,
                          guint i, GError **error)
{
    g_autofree char *id = g_strdup_printf("charredir%u", i);
    g_autofree char *at = kxl_args_usb_address(config, &redir->address, "redirdev", error);
    g_autofree char *boot = boot_option(redir->bootindex);

    if (!at)
        return FALSE;
    if (g_strcmp0(redir->chardev.kind, "spicevmc") == 0)
        kxl_args_add(args, "-chardev", "spicevmc,id=%s,name=usbredir", id);
    else if (!kxl_args_chardev(args, &redir->chardev, id, NULL, error))
        return FALSE;
    kxl_args_add(args, "-device", "usb-redir,chardev=%s,id=redir%u%s%s", id, i, at, boot);
    return TRUE;
}

static gboolean add_hub(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceHub *hub,
                        guint i, GError **error)
{
    g_autofree char *at = kxl_args_usb_address(config, &hub->address, "hub", error);

    if (!at)
        return FALSE;
    kxl_args_add(args, "-device", "usb-hub,id=hub%u%s", i, at);
    return TRUE;
}

/* --- other devices ---------------------------------------------------------------------------- */

static void add_scsi_node(KxlArgs *args, const KxlDeviceHost *dev, guint i)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) json = json_node_init_object(json_node_alloc(), object);
    g_autofree char *name = g_strdup_printf("hostdev-scsi%u", i), *text = NULL;

    json_object_set_string_member(object, "node-name", name);
    json_object_set_string_member(object, "driver", "host_device");
    json_object_set_string_member(object, "filename", dev->node ? dev->node : "");
    json_object_set_boolean_member(object, "read-only", dev->read_only);
    text = json_to_string(json, FALSE);
    kxl_args_add(args, "-blockdev", "%s", text);
}

static gboolean add_scsi(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceHost *dev,
                         guint i, GError **error)
{
    g_autofree char *what = g_strdup_printf("hostdev '%s' %u:%u:%" G_GUINT64_FORMAT, dev->adapter,
                                            dev->bus, dev->target, dev->unit);
    g_autofree char *at = kxl_args_scsi_address(config, &dev->address, what, error);
    g_autofree char *boot = boot_option(dev->bootindex);

    if (!at)
        return FALSE;
    add_scsi_node(args, dev, i);
    kxl_args_add(args, "-device", "scsi-generic,id=scsihost%u,drive=hostdev-scsi%u,%s%s%s", i, i,
                 at, dev->shareable ? ",share-rw=on" : "", boot);
    return TRUE;
}

static gboolean add_scsi_host(KxlArgs *args, const KxlDomainConfig *config,
                              const KxlDeviceHost *dev, guint i, GError **error)
{
    g_autofree char *at = kxl_args_pci_address(config, &dev->address, "hostdev scsi_host", error);
    const char *kind =
        dev->model && g_str_has_prefix(dev->model, "virtio-") ? dev->model + strlen("virtio") : "";
    g_autofree char *boot = boot_option(dev->bootindex);

    if (at)
        kxl_args_add(args, "-device", "vhost-scsi-pci%s,id=scsihost%u,wwpn=%s%s%s", kind, i,
                     dev->wwpn, at, boot);
    return at != NULL;
}

/* One with a picture of its own before there is a driver is not for hotplug. */
static gboolean add_mdev(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceHost *dev,
                         guint i, GError **error)
{
    g_autofree char *at = kxl_args_pci_address(config, &dev->address, "hostdev mdev", error);
    g_autofree char *boot = boot_option(dev->bootindex);

    if (at)
        kxl_args_add(args, "-device", "%s,id=mdev%u,sysfsdev=/sys/bus/mdev/devices/%s%s%s%s%s",
                     dev->ramfb ? "vfio-pci-nohotplug" : "vfio-pci", i, dev->uuid,
                     dev->display == KXL_YES ? ",display=on" : ",display=off",
                     dev->ramfb ? ",ramfb=on" : "", at, boot);
    return at != NULL;
}

static gboolean add_host_device(KxlArgs *args, const KxlDomainConfig *config,
                                const KxlDeviceHost *dev, guint i, GError **error)
{
    static const struct {
        const char *kind;
        gboolean (*add)(KxlArgs *args, const KxlDomainConfig *config, const KxlDeviceHost *dev,
                        guint i, GError **error);
    } kinds[] = { { "scsi", add_scsi }, { "scsi_host", add_scsi_host }, { "mdev", add_mdev } };

    for (guint n = 0; n < G_N_ELEMENTS(kinds); n++)
        if (g_strcmp0(kinds[n].kind, dev->kind) == 0)
            return kinds[n].add(args, config, dev, i, error);
    return kxl_args_unsupported(error, "hostdev '%s'", dev->kind ? dev->kind : "");
}

/* --- folders ---------------------------------------------------------------------------------- */

/* libvirt's access modes, QEMU's security models. */
static const char *security_model(const char *security)
{
    static const char *const models[][2] = { { "passthrough", "passthrough" },
                                             { "mapped", "mapped-xattr" },
                                             { "squash", "none" } };

    for (guint i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_str_equal(models[i][0], security ? security : "passthrough"))
            return models[i][1];
    return NULL;
}

static void append(GString *out, const char *option, const char *value)
{
    if (value)
        g_string_append_printf(out, ",%s=%s", option, value);
}

static void add_virtiofs(KxlArgs *args, const KxlDeviceFilesystem *fs, guint i, const char *kind,
                         const char *at)
{
    g_autofree char *socket = kxl_args_quote(fs->socket), *tag = kxl_args_quote(fs->tag);
    g_autofree char *boot = boot_option(fs->bootindex);
    g_autofree char *size =
        fs->queue_size ? g_strdup_printf(",queue-size=%u", fs->queue_size) : g_strdup("");

    kxl_args_add(args, "-chardev", "socket,id=charfs%u,path=%s", i, socket);
    kxl_args_add(args, "-device", "vhost-user-fs-pci%s,id=fs%u,chardev=charfs%u,tag=%s%s%s%s", kind,
                 i, i, tag, size, at, boot);
}

static gboolean add_filesystem(KxlArgs *args, const KxlDomainConfig *config,
                               const KxlDeviceFilesystem *fs, guint i, GError **error)
{
    const char *security = security_model(fs->security);
    const char *kind =
        fs->model && g_str_has_prefix(fs->model, "virtio-") ? fs->model + strlen("virtio") : "";
    g_autofree char *what = g_strdup_printf("filesystem '%s'", fs->tag);
    g_autofree char *at = kxl_args_pci_address(config, &fs->address, what, error);
    g_autofree char *path = kxl_args_quote(fs->path), *tag = kxl_args_quote(fs->tag);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!at)
        return FALSE;
    if (fs->socket) {
        add_virtiofs(args, fs, i, kind, at);
        return TRUE;
    }
    if (!security)
        return kxl_args_unsupported(error, "%s: access mode '%s'", what, fs->security);
    append(out, "fmode", fs->file_mode);
    append(out, "dmode", fs->dir_mode);
    append(out, "multidevs", fs->multidevs);
    kxl_args_add(args, "-fsdev", "local,id=fsdev-fs%u,path=%s,security_model=%s%s%s%s", i, path,
                 security, fs->write_immediate ? ",writeout=immediate" : "",
                 fs->read_only ? ",readonly=on" : "", out->str);
    kxl_args_add(args, "-device", "virtio-9p-pci%s,id=fs%u,fsdev=fsdev-fs%u,mount_tag=%s%s", kind,
                 i, i, tag, at);
    return TRUE;
}

gboolean kxl_args_host_devices(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    for (guint i = 0; i < config->hubs->len; i++)
        if (!add_hub(args, config, config->hubs->pdata[i], i, error))
            return FALSE;
    for (guint i = 0; i < config->filesystems->len; i++)
        if (!add_filesystem(args, config, config->filesystems->pdata[i], i, error))
            return FALSE;
    for (guint i = 0; i < config->pcis->len; i++)
        if (!add_pci(args, config, config->pcis->pdata[i], i, error))
            return FALSE;
    for (guint i = 0; i < config->usbs->len; i++)
        if (!add_usb(args, config, config->usbs->pdata[i], "usbhost", i, error))
            return FALSE;
    for (guint i = 0; i < config->hostdevs->len; i++)
        if (!add_host_device(args, config, config->hostdevs->pdata[i], i, error))
            return FALSE;
    for (guint i = 0; i < config->redirs->len; i++)
        if (!add_redir(args, config, config->redirs->pdata[i], i, error))
            return FALSE;
    return TRUE;
}
