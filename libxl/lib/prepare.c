/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prepare.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk-secret.h"
#include "file.h"
#include "firmware.h"
#include "host-device.h"
#include "machine.h"
#include "nic-host.h"
#include "vdev.h"

#define DEFAULT_BRIDGE "xenbr0"
#define DEFAULT_SCRIPT "vif-bridge"

/* The supervisor runs in another folder than whoever calls us. */
static void make_absolute(char **path)
{
    char *absolute = *path && **path ? g_canonicalize_filename(*path, NULL) : NULL;

    g_free(*path);
    *path = absolute;
}

/* Overlays stand where there is room that outlives nothing: not beside the image, whose folder may
 * be read-only or another host's too. */
static void prepare_disks(const KxlHost *host, KxlDomainConfig *config)
{
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (!disk->is_uri)
            make_absolute(&disk->path);
        if (disk->server.tls && !disk->server.tls_dir)
            disk->server.tls_dir = g_strdup(
                g_file_test(KXL_TLS_DIR_NBD, G_FILE_TEST_IS_DIR) ? KXL_TLS_DIR_NBD : KXL_TLS_DIR);
        g_clear_pointer(&disk->overlay, g_free);
        if (disk->transient)
            disk->overlay = g_strdup_printf("%s/transient/%s-%s.qcow2", kxl_host_lib_dir(host),
                                            config->name, disk->vdev);
    }
}

/* A name is looked for in our script folder; so is one of Xen's own folder that is not there. */
static void prepare_script(const KxlHost *host, KxlDeviceNic *nic)
{
    g_autofree char *given = nic->script ? nic->script : g_strdup(DEFAULT_SCRIPT);
    g_autofree char *name = g_path_get_basename(given);

    if (g_path_is_absolute(given) &&
        !(g_str_has_prefix(given, "/etc/xen/scripts/") && !g_file_test(given, G_FILE_TEST_EXISTS)))
        nic->script = g_steal_pointer(&given);
    else
        nic->script = g_build_filename(kxl_host_script_dir(host), name, NULL);
}

static int next_devid(const KxlDomainConfig *config)
{
    int next = 0;

    for (guint i = 0; i < config->nics->len; i++)
        next = MAX(next, ((const KxlDeviceNic *)config->nics->pdata[i])->devid + 1);
    return next;
}

static gboolean prepare_nics(const KxlHost *host, KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->nics->len; i++) {
        KxlDeviceNic *nic = config->nics->pdata[i];
        char *mac = nic->mac ? kxl_mac_normalise(nic->mac) : kxl_mac_random();

        g_free(nic->mac);
        nic->mac = mac;
        if (nic->devid < 0)
            nic->devid = next_devid(config);
        if (kxl_nic_needs_host(nic) && geteuid() != 0) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_PERMISSION,
                        "vif %u: a %s needs root; an ordinary user's domains have user networking",
                        i,
                        nic->kind == KXL_NIC_BRIDGE     ? "bridge"
                        : nic->kind == KXL_NIC_FUNCTION ? "virtual function"
                                                        : "tap");
            return FALSE;
        }
        if (nic->kind != KXL_NIC_BRIDGE)
            continue;
        if (!nic->bridge)
            nic->bridge = g_strdup(DEFAULT_BRIDGE);
        prepare_script(host, nic);
    }
    return TRUE;
}

/* A USB device that need not be there and is not. */
static void prepare_host_devices(KxlDomainConfig *config)
{
    for (guint i = config->usbs->len; i-- > 0;) {
        KxlDeviceUsb usb = *(const KxlDeviceUsb *)config->usbs->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!usb.optional || kxl_host_usb_find("/sys", &usb, &error))
            continue;
        g_warning("domain '%s': %s; goes without it", config->name, error->message);
        g_ptr_array_remove_index(config->usbs, i);
    }
    for (guint i = 0; i < config->filesystems->len; i++)
        make_absolute(&((KxlDeviceFilesystem *)config->filesystems->pdata[i])->path);
    for (guint i = 0; i < config->hostdevs->len; i++)
        kxl_host_scsi_find("/sys", config->hostdevs->pdata[i]);
}

static gboolean prepare_uefi(const KxlHost *host, KxlDomainConfig *config, GError **error)
{
    KxlBoard *board = &config->board;
    KxlFirmwareWish wish = { .code = config->firmware_path,
                             .q35 = g_strcmp0(board->machine, "q35") == 0,
                             .smm = board->smm == KXL_YES || board->secure_flash,
                             .secure_boot = board->secure_boot,
                             .enrolled_keys = board->enrolled_keys };
    g_auto(KxlFirmwareFiles) files = { 0 };

    if (!kxl_firmware_find(&wish, &files, error))
        return FALSE;
    g_free(config->firmware_path);
    config->firmware_path = g_steal_pointer(&files.code);
    if (!board->nvram_template)
        board->nvram_template = g_steal_pointer(&files.variables);
    if (files.smm && wish.q35) {
        board->secure_flash = TRUE;
        board->smm = KXL_YES;
    }
    if (!config->nvram_path)
        config->nvram_path =
            g_strdup_printf("%s/nvram/%s_VARS.fd", kxl_host_lib_dir(host), config->name);
    return TRUE;
}

static gboolean prepare_firmware(const KxlHost *host, KxlDomainConfig *config, GError **error)
{
    g_autofree char *kernel = config->kernel ? g_path_get_basename(config->kernel) : NULL;

    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    /* xm's files name Xen's own HVM boot code here; that is our firmware. */
    if (g_strcmp0(kernel, "hvmloader") == 0)
        g_clear_pointer(&config->kernel, g_free);
    return config->firmware != KXL_FIRMWARE_OVMF || prepare_uefi(host, config, error);
}

/* The host's own SMBIOS strings, of its BIOS, its system and its board (QEMU's -smbios, and the
 * files of Linux Documentation/ABI/stable/sysfs-class-dmi). */
static void prepare_smbios(KxlDomainConfig *config)
{
    static const struct {
        guint type;
        const char *key, *file;
    } rows[] = {
        { 0, "vendor", "bios_vendor" },      { 0, "version", "bios_version" },
        { 0, "date", "bios_date" },          { 1, "manufacturer", "sys_vendor" },
        { 1, "product", "product_name" },    { 1, "version", "product_version" },
        { 1, "serial", "product_serial" },   { 1, "sku", "product_sku" },
        { 1, "family", "product_family" },   { 2, "manufacturer", "board_vendor" },
        { 2, "product", "board_name" },      { 2, "version", "board_version" },
        { 2, "serial", "board_serial" },     { 2, "asset", "board_asset_tag" },
        { 2, "location", "board_location" },
    };
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    for (guint type = 0; type <= 2; type++) {
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_append_printf(line, "type=%u", type);
        for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
            g_autofree char *path = g_build_filename("/sys/class/dmi/id", rows[i].file, NULL);
            g_autofree char *text = rows[i].type == type ? kxl_file_read(path, NULL) : NULL;

            if (!text || !*g_strstrip(text) || !g_utf8_validate(text, -1, NULL))
                continue;
            g_string_append_printf(line, ",%s=", rows[i].key);
            for (const char *c = text; *c; c++)
                g_string_append(line, *c == ',' ? ",," : (const char[]){ *c, '\0' });
        }
        if (strchr(line->str, ','))
            g_strv_builder_add(lines, line->str);
    }
    g_strfreev(config->board.smbios);
    config->board.smbios = g_strv_builder_end(lines);
}

/* Configurations from Xen hosts name Xen's device model there; here that is the host's QEMU. */
static void prepare_emulator(KxlDomainConfig *config)
{
    static const char *const xen_dirs[] = { "/usr/lib/xen", "/usr/lib64/xen", "/usr/libexec/xen",
                                            "/usr/local/lib/xen" };

    for (guint i = 0; config->device_model && i < G_N_ELEMENTS(xen_dirs); i++)
        if (g_str_has_prefix(config->device_model, xen_dirs[i]) &&
            !g_file_test(config->device_model, G_FILE_TEST_IS_EXECUTABLE))
            g_clear_pointer(&config->device_model, g_free);
}

void kxl_prepare_machine(KxlDomainConfig *config)
{
    if (config->type == KXL_TYPE_HVM)
        return;
    kxl_machine_choose_places(config);
    if (config->type == KXL_TYPE_PV)
        config->machine_memkb = kxl_machine_memory_kb(config);
}

KxlDomainConfig *kxl_prepare(const KxlHost *host, const KxlDomainConfig *given, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_dup(given);

    if (!config->uuid)
        config->uuid = g_uuid_string_random();
    if (config->max_vcpus == 0)
        config->max_vcpus = MAX(config->vcpus, 1);
    if (config->vcpus == 0)
        config->vcpus = config->max_vcpus;
    kxl_domain_config_limit(config, NULL);
    if (config->max_memkb == 0)
        config->max_memkb = config->target_memkb;
    if (!prepare_firmware(host, config, error))
        return NULL;
    prepare_emulator(config);
    if (config->board.smbios_host && config->type == KXL_TYPE_HVM)
        prepare_smbios(config);
    make_absolute(&config->kernel);
    make_absolute(&config->ramdisk);
    make_absolute(&config->firmware_path);
    make_absolute(&config->nvram_path);
    make_absolute(&config->board.nvram_template);
    prepare_disks(host, config);
    prepare_host_devices(config);
    if (!prepare_nics(host, config, error))
        return NULL;
    kxl_prepare_machine(config);
    return g_steal_pointer(&config);
}

/* "vif<domid>.<devid>": what an earlier life of the domain was given. */
static gboolean is_automatic(const KxlDeviceNic *nic)
{
    int domid, devid, end = 0;

    return !nic->ifname || (sscanf(nic->ifname, "vif%d.%d%n", &domid, &devid, &end) == 2 &&
                            nic->ifname[end] == '\0' && devid == nic->devid);
}

static void prepare_ifnames(KxlDomainConfig *config, int domid)
{
    for (guint i = 0; i < config->nics->len; i++) {
        KxlDeviceNic *nic = config->nics->pdata[i];

        if (!kxl_nic_has_tap(nic) || nic->kind == KXL_NIC_TAP || !is_automatic(nic))
            continue;
        g_free(nic->ifname);
        nic->ifname = g_strdup_printf("vif%d.%d", domid, nic->devid);
    }
}

/* --- channels --------------------------------------------------------------------------------- */

/* So much of a domain's name is in the folder's: socket paths are short (unix(7): 108 bytes). */
#define CHANNEL_NAME_MAX 20

/* As libvirt calls them: channel/target/domain-<id>-<name>/<port>. */
static char *channel_path(const KxlHost *host, const KxlDomainConfig *config, int domid,
                          const char *name)
{
    return g_strdup_printf("%s/channel/target/domain-%d-%.*s/%s", kxl_host_lib_dir(host), domid,
                           CHANNEL_NAME_MAX, config->name, name);
}

/* Not given, or by an earlier life. */
static gboolean path_is_automatic(const KxlHost *host, const char *path)
{
    g_autofree char *ours = g_strdup_printf("%s/channel/target/domain-", kxl_host_lib_dir(host));

    /* ",server,nowait" is a target without a path. */
    return !path || !*path || *path == ',' || g_str_has_prefix(path, ours);
}

static void prepare_port(const KxlHost *host, const KxlDomainConfig *config, int domid,
                         KxlSerial *port)
{
    g_autofree char *path = NULL, *quoted = NULL;

    if (g_strcmp0(port->kind, "unix") != 0 || !port->name ||
        !path_is_automatic(host, port->target))
        return;
    path = channel_path(host, config, domid, *port->name ? port->name : "port");
    quoted = kxl_options_quote(path);
    g_free(port->target);
    port->target = g_strconcat(quoted, ",server,nowait", NULL);
}

static void prepare_channels(const KxlHost *host, KxlDomainConfig *config, int domid)
{
    for (guint i = 0; i < config->ports->len; i++)
        prepare_port(host, config, domid, config->ports->pdata[i]);
    for (guint i = 0; i < config->channels->len; i++) {
        KxlDeviceChannel *channel = config->channels->pdata[i];

        if (g_strcmp0(channel->kind, "unix") != 0 || !channel->name ||
            !path_is_automatic(host, channel->path))
            continue;
        g_free(channel->path);
        channel->path = channel_path(host, config, domid, channel->name);
    }
}

/* 0 to 2 have meanings of their own (vsock(7)). */
#define FIRST_GUEST_CID 3

void kxl_prepare_for_domid(const KxlHost *host, KxlDomainConfig *config, int domid)
{
    prepare_ifnames(config, domid);
    prepare_channels(host, config, domid);
    if (config->vsock && config->vsock_cid == 0)
        config->vsock_cid = FIRST_GUEST_CID - 1 + (guint)domid;
}
