/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <disk> and <controller>. */
#include "def-classes.h"

#include <string.h>

#include "domain-xml.h"

static const char *const disk_types[] = {
    "",
    [DOMAIN_DISK_FILE] = "file",
    [DOMAIN_DISK_BLOCK] = "block",
    [DOMAIN_DISK_DIR] = "dir",
    [DOMAIN_DISK_NETWORK] = "network",
    [DOMAIN_DISK_VOLUME] = "volume",
    NULL,
};
static const char *const other_disk_types[] = { "nvme", "vhostuser", NULL };

static const char *const disk_devices[] = {
    "",
    [DOMAIN_DISK_DEVICE_DISK] = "disk",
    [DOMAIN_DISK_DEVICE_CDROM] = "cdrom",
    [DOMAIN_DISK_DEVICE_FLOPPY] = "floppy",
    NULL,
};
static const char *const other_disk_devices[] = { "lun", NULL };

static const char *const disk_buses[] = {
    "",
    [DOMAIN_DISK_BUS_IDE] = "ide",
    [DOMAIN_DISK_BUS_FDC] = "fdc",
    [DOMAIN_DISK_BUS_SCSI] = "scsi",
    [DOMAIN_DISK_BUS_VIRTIO] = "virtio",
    [DOMAIN_DISK_BUS_XEN] = "xen",
    [DOMAIN_DISK_BUS_USB] = "usb",
    [DOMAIN_DISK_BUS_SATA] = "sata",
    NULL,
};
static const char *const other_disk_buses[] = { "uml", "sd", NULL };

static const char *const disk_protocols[] = {
    "",
    [DOMAIN_DISK_PROTOCOL_NBD] = "nbd",
    [DOMAIN_DISK_PROTOCOL_RBD] = "rbd",
    [DOMAIN_DISK_PROTOCOL_ISCSI] = "iscsi",
    [DOMAIN_DISK_PROTOCOL_HTTP] = "http",
    [DOMAIN_DISK_PROTOCOL_HTTPS] = "https",
    [DOMAIN_DISK_PROTOCOL_FTP] = "ftp",
    [DOMAIN_DISK_PROTOCOL_FTPS] = "ftps",
    [DOMAIN_DISK_PROTOCOL_TFTP] = "tftp",
    [DOMAIN_DISK_PROTOCOL_SSH] = "ssh",
    [DOMAIN_DISK_PROTOCOL_NFS] = "nfs",
    [DOMAIN_DISK_PROTOCOL_GLUSTER] = "gluster",
    NULL,
};
static const char *const other_disk_protocols[] = { "sheepdog", "vxhs", NULL };

static const char *const disk_drivers[] = { "", "qemu", "phy", "file", "tap", "tap2", NULL };
/* libvirt's storage formats that QEMU opens; "aio" is what xend called raw. */
static const char *const disk_formats[] = {
    "", "raw", "qcow2", "qcow", "qed", "vpc", "vhd", "vmdk", "vdi", "fat", "aio", NULL,
};
static const char *const other_disk_formats[] = {
    "none", "dir", "bochs", "cloop", "dmg", "iso", "ploop", NULL,
};
static const char *const disk_caches[] = {
    "", "default", "none", "writethrough", "writeback", "directsync", "unsafe", NULL,
};
static const char *const error_policies[] = { "",       "default",  "stop", "report",
                                              "ignore", "enospace", NULL };
static const char *const read_error_policies[] = {
    "", "default", "stop", "report", "ignore", NULL
};
static const char *const disk_ios[] = { "", "default", "native", "threads", "io_uring", NULL };
static const char *const disk_discards[] = { "", "default", "unmap", "ignore", NULL };
static const char *const detect_zeroes[] = { "", "default", "off", "on", "unmap", NULL };
static const char *const startup_policies[] = { "",          "default",  "mandatory",
                                                "requisite", "optional", NULL };
static const char *const volume_modes[] = { "", "default", "host", "direct", NULL };
static const char *const disk_trays[] = { "", "closed", "open", NULL };
static const char *const disk_transes[] = { "", "default", "none", "auto", "lba", NULL };
static const char *const disk_snapshots[] = { "",         "default", "no", "internal",
                                              "external", "manual",  NULL };
static const char *const sgio_modes[] = { "", "default", "filtered", "unfiltered", NULL };
static const char *const disk_models[] = { "", "virtio", "virtio-transitional",
                                           "virtio-non-transitional", NULL };
static const char *const host_transports[] = { "", "tcp", "unix", "rdma", NULL };

#define F(field) offsetof(DomainDiskHost, field)
static const XmlRow host_rows[] = {
    { "@name", XML_STRING, F(name) },
    { "@port", XML_STRING, F(port), XML_DECIMAL },
    { "@transport", XML_WORD, F(transport), .words = host_transports },
    { "@socket", XML_STRING, F(socket) },
};
#undef F
XML_CLASS_DEFINE(domain_disk_host_class, DomainDiskHost, host_rows, NULL)

/* The secret has either a UUID or a usage. */
static gboolean check_secret(const char *type, const char *uuid, const char *usage, xmlNodePtr node,
                             GError **error)
{
    if (type == NULL && uuid == NULL && usage == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "missing <secret> element");
        return FALSE;
    }
    if ((uuid != NULL) == (usage != NULL)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  uuid != NULL ? "either secret uuid or usage expected, not both"
                               : "missing secret uuid or usage attribute");
        return FALSE;
    }
    if (uuid != NULL && !g_uuid_string_is_valid(uuid)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "malformed secret uuid '%s'", uuid);
        return FALSE;
    }
    return TRUE;
}

#define F(field) offsetof(DomainDiskAuth, field)
static const XmlRow auth_rows[] = {
    { "@username", XML_STRING, F(username), XML_REQUIRED },
    { "secret/@type", XML_STRING, F(secret_type) },
    { "secret/@uuid", XML_STRING, F(secret_uuid), XML_LOWER },
    { "secret/@usage", XML_STRING, F(secret_usage) },
};
#undef F

static gboolean auth_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainDiskAuth *auth = object;

    return check_secret(auth->secret_type, auth->secret_uuid, auth->secret_usage, node, error);
}
XML_CLASS_DEFINE(domain_disk_auth_class, DomainDiskAuth, auth_rows, auth_check)

static const char *const encryption_formats[] = { "", "luks", "luks2", NULL };
static const char *const other_encryption_formats[] = { "default", "qcow", "luks-any", NULL };
static const char *const encryption_engines[] = { "", "qemu", "librbd", NULL };
static const char *const passphrase[] = { "", "passphrase", NULL };

#define F(field) offsetof(DomainEncryption, field)
static const XmlRow encryption_rows[] = {
    { "@format", XML_STRING, F(format), XML_REQUIRED, .words = encryption_formats,
      .refused = other_encryption_formats },
    { "@engine", XML_STRING, F(engine), .words = encryption_engines },
    { "secret/@type", XML_STRING, F(secret_type), .words = passphrase },
    { "secret/@uuid", XML_STRING, F(secret_uuid), XML_LOWER },
    { "secret/@usage", XML_STRING, F(secret_usage) },
    { "cipher", XML_NODE, F(cipher), XML_KEPT },
    { "ivgen", XML_NODE, F(ivgen), XML_KEPT },
};
#undef F

static gboolean encryption_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainEncryption *encryption = object;

    return check_secret(encryption->secret_type, encryption->secret_uuid, encryption->secret_usage,
                        node, error);
}
XML_CLASS_DEFINE(domain_encryption_class, DomainEncryption, encryption_rows, encryption_check)

#define F(field) offsetof(DomainCookie, field)
static const XmlRow cookie_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { ".", XML_STRING, F(value) },
};
#undef F

/* RFC 6265 4.1.1: what would end a cookie, or the header it is in, is in none. */
static gboolean cookie_check(gpointer object, xmlNodePtr node, GError **error)
{
    static const char no_name[] = "\t\r\n\"()<>@,;:\\/[]?={} ", no_value[] = "\r\n\t \",;\\";
    const DomainCookie *cookie = object;

    if (*cookie->name != '\0' && strpbrk(cookie->name, no_name) == NULL &&
        (cookie->value == NULL || strpbrk(cookie->value, no_value) == NULL))
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "malformed cookie '%s'", cookie->name);
    return FALSE;
}
XML_CLASS_DEFINE(domain_cookie_class, DomainCookie, cookie_rows, cookie_check)

static const char *const slice_types[] = { "", "storage", NULL };

#define F(field) offsetof(DomainSlice, field)
static const XmlRow slice_rows[] = {
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = slice_types },
    { "@offset", XML_ULONG, F(offset), XML_REQUIRED | XML_ALWAYS },
    { "@size", XML_ULONG, F(size), XML_REQUIRED | XML_NONZERO },
};
#undef F
XML_CLASS_DEFINE(domain_slice_class, DomainSlice, slice_rows, NULL)

#define F(field)                 offsetof(DomainIotune, field)
#define LIMIT_ROW(id, xml, qemu) { xml, XML_ULONG, F(limit[KXL_TUNE_##id]) },
#define BURST_ROW(id, xml, qemu) { xml "_max", XML_ULONG, F(burst[KXL_TUNE_##id]) },
#define SECS_ROW(id, xml, qemu)  { xml "_max_length", XML_ULONG, F(burst_secs[KXL_TUNE_##id]) },
static const XmlRow iotune_rows[] = {
    /* clang-format off */
    KXL_TUNE_KINDS(LIMIT_ROW)
    KXL_TUNE_KINDS(BURST_ROW)
    { "size_iops_sec", XML_ULONG, F(iops_size) },
    { "group_name", XML_STRING, F(group) },
    KXL_TUNE_KINDS(SECS_ROW)
    /* clang-format on */
};
#undef F

/* A limit of all and one of reads or writes contradict each other. */
static gboolean check_total(const guint64 *values, int total, int reads, int writes)
{
    return values[total] == 0 || (values[reads] == 0 && values[writes] == 0);
}

static gboolean iotune_check(gpointer object, xmlNodePtr node, GError **error)
{
    static const struct {
        int total, reads, writes;
        const char *name;
    } sums[] = { { KXL_TUNE_TOTAL_BYTES, KXL_TUNE_READ_BYTES, KXL_TUNE_WRITE_BYTES, "bytes" },
                 { KXL_TUNE_TOTAL_IOPS, KXL_TUNE_READ_IOPS, KXL_TUNE_WRITE_IOPS, "iops" } };
    const DomainIotune *tune = object;

    for (guint i = 0; i < G_N_ELEMENTS(sums); i++) {
        const guint64 *const values[] = { tune->limit, tune->burst };
        for (guint n = 0; n < G_N_ELEMENTS(values); n++) {
            if (check_total(values[n], sums[i].total, sums[i].reads, sums[i].writes))
                continue;
            xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                      "total and read/write %s_sec%s cannot be set at the same time", sums[i].name,
                      n > 0 ? "_max" : "");
            return FALSE;
        }
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_iotune_class, DomainIotune, iotune_rows, iotune_check)

static gboolean disk_is(const void *object, DomainDiskType type)
{
    return ((const DomainDisk *)object)->type == (int)type;
}

static gboolean disk_is_file(const void *object)
{
    return disk_is(object, DOMAIN_DISK_FILE);
}

static gboolean disk_is_block(const void *object)
{
    return disk_is(object, DOMAIN_DISK_BLOCK);
}

static gboolean disk_is_dir(const void *object)
{
    return disk_is(object, DOMAIN_DISK_DIR);
}

static gboolean disk_is_network(const void *object)
{
    return disk_is(object, DOMAIN_DISK_NETWORK);
}

static gboolean disk_is_volume(const void *object)
{
    return disk_is(object, DOMAIN_DISK_VOLUME);
}

#define F(field) offsetof(DomainDisk, field)
static const XmlRow disk_rows[] = {
    { "@type", XML_WORD, F(type), .words = disk_types, .refused = other_disk_types, .def = "file" },
    { "@device", XML_WORD, F(device), .words = disk_devices, .refused = other_disk_devices,
      .def = "disk" },
    { "@model", XML_STRING, F(model), .words = disk_models },
    { "@rawio", XML_STRING, F(rawio), XML_KEPT, .words = xml_yes_no },
    { "@sgio", XML_STRING, F(sgio), XML_KEPT, .words = sgio_modes },
    { "@snapshot", XML_STRING, F(snapshot), XML_KEPT, .words = disk_snapshots },
    { "driver/@name", XML_STRING, F(driver_name), .words = disk_drivers },
    { "driver/@type", XML_STRING, F(driver_type), .words = disk_formats,
      .refused = other_disk_formats },
    { "driver/@cache", XML_STRING, F(cache), .words = disk_caches },
    { "driver/@error_policy", XML_STRING, F(error_policy), .words = error_policies },
    { "driver/@rerror_policy", XML_STRING, F(rerror_policy), .words = read_error_policies },
    { "driver/@io", XML_STRING, F(io), .words = disk_ios },
    { "driver/@ioeventfd", XML_WORD, F(ioeventfd), .words = xml_on_off },
    { "driver/@event_idx", XML_WORD, F(event_idx), .words = xml_on_off },
    { "driver/@copy_on_read", XML_WORD, F(copy_on_read), .words = xml_on_off },
    { "driver/@discard", XML_STRING, F(discard), .words = disk_discards },
    { "driver/@iothread", XML_UINT, F(iothread) },
    { "driver/@detect_zeroes", XML_STRING, F(detect_zeroes), .words = detect_zeroes },
    { "driver/@queues", XML_UINT, F(queues) },
    { "driver/@queue_size", XML_UINT, F(queue_size), .max = 1024 },
    { "driver/metadata_cache/max_size", XML_BYTES, F(metadata_cache) },
    DEVICE_VIRTIO_ROWS(DomainDisk),
    /* The old place of <auth>. */
    { "auth", XML_OBJECT, F(auth_outside), .item = &domain_disk_auth_class },
    { "source/@file", XML_STRING, F(source), .when = disk_is_file },
    { "source/@fdgroup", XML_STRING, F(fdgroup), .when = disk_is_file },
    { "source/@dev", XML_STRING, F(source), .when = disk_is_block },
    { "source/@dir", XML_STRING, F(source), .when = disk_is_dir },
    { "source/@pool", XML_STRING, F(pool), XML_REQUIRED, .when = disk_is_volume },
    { "source/@volume", XML_STRING, F(volume), XML_REQUIRED, .when = disk_is_volume },
    { "source/@mode", XML_STRING, F(volume_mode), .words = volume_modes, .when = disk_is_volume },
    { "source/@protocol", XML_WORD, F(protocol), XML_REQUIRED, .words = disk_protocols,
      .refused = other_disk_protocols, .when = disk_is_network },
    { "source/@name", XML_STRING, F(source_name), .when = disk_is_network },
    { "source/@query", XML_STRING, F(source_query), .when = disk_is_network },
    { "source/@tls", XML_STRING, F(tls), .words = xml_yes_no, .when = disk_is_network },
    { "source/@tlsHostname", XML_STRING, F(tls_hostname), .when = disk_is_network },
    { "source/@startupPolicy", XML_STRING, F(startup_policy), XML_KEPT, .words = startup_policies },
    { "source/@index", XML_UINT, F(source_index), XML_LIVE },
    { "source/host", XML_LIST, F(hosts), .item = &domain_disk_host_class },
    { "source/snapshot/@name", XML_STRING, F(source_snapshot) },
    { "source/config/@file", XML_STRING, F(source_config) },
    { "source/initiator/iqn/@name", XML_STRING, F(initiator) },
    { "source/ssl/@verify", XML_WORD, F(ssl_verify), .words = xml_yes_no },
    { "source/cookies/cookie", XML_LIST, F(cookies), .item = &domain_cookie_class },
    { "source/readahead/@size", XML_ULONG, F(readahead), XML_NONZERO },
    { "source/timeout/@seconds", XML_UINT, F(timeout), XML_NONZERO },
    { "source/identity/@user", XML_STRING, F(nfs_user) },
    { "source/identity/@group", XML_STRING, F(nfs_group) },
    { "source/reconnect/@delay", XML_UINT, F(reconnect), XML_NONZERO },
    { "source/auth", XML_OBJECT, F(auth), .item = &domain_disk_auth_class },
    { "source/encryption", XML_OBJECT, F(encryption), .item = &domain_encryption_class },
    { "source/reservations", XML_REFUSED },
    { "source/slices/slice", XML_LIST, F(slices), .item = &domain_slice_class },
    { "source/seclabel", XML_NODES, F(source_labels), XML_KEPT },
    { "backingStore", XML_NODE, F(backing_store), XML_KEPT },
    { "mirror", XML_NODE, F(mirror), XML_LIVE },
    { "backenddomain", XML_REFUSED },
    { "geometry/@cyls", XML_UINT, F(cyls) },
    { "geometry/@heads", XML_UINT, F(heads) },
    { "geometry/@secs", XML_UINT, F(secs) },
    { "geometry/@trans", XML_STRING, F(trans), .words = disk_transes },
    { "blockio/@logical_block_size", XML_UINT, F(logical_block_size) },
    { "blockio/@physical_block_size", XML_UINT, F(physical_block_size) },
    { "target/@dev", XML_STRING, F(target), XML_KEY },
    { "target/@bus", XML_WORD, F(bus), .words = disk_buses, .refused = other_disk_buses },
    { "target/@tray", XML_STRING, F(tray), .words = disk_trays },
    { "target/@removable", XML_WORD, F(removable), .words = xml_on_off },
    { "target/@rotation_rate", XML_UINT, F(rotation_rate), XML_NONZERO, .max = 65534 },
    { "iotune", XML_OBJECT, F(iotune), .item = &domain_iotune_class },
    { "readonly", XML_FLAG, F(readonly) },
    { "shareable", XML_FLAG, F(shareable) },
    { "transient", XML_FLAG, F(transient) },
    { "transient/@shareBacking", XML_REFUSED },
    { "serial", XML_STRING, F(serial) },
    { "wwn", XML_STRING, F(wwn) },
    { "vendor", XML_STRING, F(vendor) },
    { "product", XML_STRING, F(product) },
    /* Likewise. */
    { "encryption", XML_OBJECT, F(encryption_outside), .item = &domain_encryption_class },
    DEVICE_BOOT_ROW(DomainDisk),
    DEVICE_ALIAS_ACPI_ROW(DomainDisk),
    DEVICE_PLACE_ROW(DomainDisk),
};
#undef F

/* An NBD server may have one export, without a name. */
static gboolean lacks_name(const DomainDisk *disk)
{
    return disk_is_network(disk) && disk->protocol > DOMAIN_DISK_PROTOCOL_NBD &&
           (disk->source_name == NULL || *disk->source_name == '\0');
}

static gboolean disk_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainDisk *disk = object;

    if ((disk->auth_outside != NULL && disk->auth != NULL) ||
        (disk->encryption_outside != NULL && disk->encryption != NULL)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "an <%s> definition already found for the <source> definition",
                  disk->auth != NULL && disk->auth_outside != NULL ? "auth" : "encryption");
        return FALSE;
    }
    if (disk->slices->len > 1) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "more than one slice of storage");
        return FALSE;
    }
    if (disk->target == NULL || *disk->target == '\0') {
        xml_error(error, DOMAIN_XML_ERROR_NO_TARGET, node, NULL, "%s",
                  disk->source != NULL ? disk->source : disk_devices[disk->device]);
        return FALSE;
    }
    if (lacks_name(disk)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "missing name for disk source");
        return FALSE;
    }
    if (disk->fdgroup != NULL && (disk->source == NULL || disk->transient)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  disk->transient ? "'fdgroup' is not supported for a transient disk"
                                  : "'fdgroup' without 'file'");
        return FALSE;
    }
    if (disk->removable != DOMAIN_ABSENT && disk->bus != DOMAIN_DISK_BUS_USB &&
        disk->bus != DOMAIN_DISK_BUS_SCSI) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "removable is only valid for usb or scsi disks");
        return FALSE;
    }
    if (disk->tray != NULL && disk->device == DOMAIN_DISK_DEVICE_DISK) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "tray is only valid for cdrom and floppy");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_disk_class, DomainDisk, disk_rows, disk_check)

/* ---- controller ---- */

static const char *const controller_types[] = {
    "", "ide", "fdc", "scsi", "sata", "virtio-serial", "usb", "pci", "xenbus", NULL,
};
static const char *const other_controller_types[] = { "ccid", "isa", NULL };

static gboolean is_pci_bridge(const void *object)
{
    const DomainController *controller = object;

    return g_strcmp0(controller->type, "pci") == 0 &&
           g_strcmp0(controller->model, "pci-bridge") == 0;
}

static gboolean is_not_pci_bridge(const void *object)
{
    return !is_pci_bridge(object);
}

#define F(field) offsetof(DomainController, field)
static const XmlRow controller_rows[] = {
    { "@type", XML_STRING, F(type), XML_REQUIRED | XML_KEY, .words = controller_types,
      .refused = other_controller_types },
    { "@index", XML_INT, F(index), XML_OPTIONAL | XML_KEY, .def = "-1" },
    { "@model", XML_STRING, F(model) },
    { "@ports", XML_UINT, F(ports) },
    { "@vectors", XML_UINT, F(vectors) },
    { "@maxGrantFrames", XML_UINT, F(max_grant_frames), XML_KEPT },
    { "@maxEventChannels", XML_UINT, F(max_event_channels), XML_KEPT },
    { "driver/@queues", XML_UINT, F(driver_queues) },
    { "driver/@cmd_per_lun", XML_UINT, F(cmd_per_lun) },
    { "driver/@max_sectors", XML_UINT, F(max_sectors) },
    { "driver/@ioeventfd", XML_WORD, F(ioeventfd), .words = xml_on_off },
    { "driver/@iothread", XML_UINT, F(driver_iothread) },
    DEVICE_VIRTIO_ROWS(DomainController),
    { "model/@name", XML_STRING, F(pci_model_name) },
    { "target/@chassisNr", XML_UINT, F(pci_chassis), XML_NONZERO, .max = 255,
      .when = is_pci_bridge },
    { "target/@chassis", XML_UINT, F(pci_chassis), .max = 255, .when = is_not_pci_bridge },
    { "target/@port", XML_HEX, F(pci_port), .width = 1, .max = 255 },
    { "target/@busNr", XML_REFUSED }, /* expanders', as node= */
    { "target/@index", XML_REFUSED }, /* POWER's */
    { "target/@hotplug", XML_WORD, F(pci_hotplug), .words = xml_on_off },
    { "target/node", XML_REFUSED },
    { "pcihole64", XML_KIB, F(pci_hole64_kib), XML_NONZERO },
    { "master/@startport", XML_STRING, F(usb_startport), XML_DECIMAL },
    DEVICE_ALIAS_ROW(DomainController),
    DEVICE_PLACE_ROW(DomainController),
};
#undef F
XML_CLASS_DEFINE(domain_controller_class, DomainController, controller_rows, NULL)

const DomainDiskAuth *domain_disk_auth(const DomainDisk *disk)
{
    return disk->auth != NULL ? disk->auth : disk->auth_outside;
}

const DomainEncryption *domain_disk_encryption(const DomainDisk *disk)
{
    return disk->encryption != NULL ? disk->encryption : disk->encryption_outside;
}

void domain_disk_add_host(DomainDisk *disk, const char *name, const char *port)
{
    DomainDiskHost *host = xml_object_new(&domain_disk_host_class);

    host->name = g_strdup(name);
    host->port = g_strdup(port);
    g_ptr_array_add(disk->hosts, host);
}

void domain_disk_set_auth(DomainDisk *disk, const char *username, const char *secret_type,
                          const char *secret_uuid, const char *secret_usage)
{
    xml_object_free(&domain_disk_auth_class, disk->auth);
    disk->auth = xml_object_new(&domain_disk_auth_class);
    disk->auth->username = g_strdup(username);
    disk->auth->secret_type = g_strdup(secret_type);
    disk->auth->secret_uuid = g_strdup(secret_uuid);
    disk->auth->secret_usage = g_strdup(secret_usage);
}
