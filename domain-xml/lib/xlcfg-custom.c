/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-custom.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-syntax.h"

enum {
    MAX_VCPUS = 512,
    DEFAULT_MEMORY_KIB = 128 * 1024, /* xm's, and libvirt's for such a file */
};

gboolean xlcfg_name_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (!xlcfg_reader_string(reader, value, &reader->config->name, error))
        return FALSE;
    return *reader->config->name ||
           xlcfg_reader_fail(reader, value, error, "Domain name must be specified.");
}

gboolean xlcfg_name_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_string(writer, key, writer->config->name);
    return TRUE;
}

gboolean xlcfg_type_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *word = NULL;
    int type;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    type = kxl_domain_type_from_string(word);
    if (type < 0)
        return xlcfg_reader_fail(reader, value, error, "Invalid domain type %s.", word);
    reader->config->type = (KxlDomainType)type;
    return TRUE;
}

/* xm's name for type. */
gboolean xlcfg_builder_parse(XlReader *reader, const XlValue *value, GError **error)
{
    static const struct {
        const char *word;
        KxlDomainType type;
    } words[] = { { "generic", KXL_TYPE_PV }, { "linux", KXL_TYPE_PV }, { "hvm", KXL_TYPE_HVM } };
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (!strcmp(words[i].word, word)) {
            reader->config->type = words[i].type;
            return TRUE;
        }
    return xlcfg_reader_fail(reader, value, error, "Invalid domain type %s.", word);
}

gboolean xlcfg_type_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->type == KXL_TYPE_HVM)
        xlcfg_write_string(writer, "builder", "hvm"); /* what every xl and xm understands */
    else if (writer->config->type == KXL_TYPE_PVH)
        xlcfg_write_string(writer, "type", "pvh");
    return TRUE;
}

/* A PV kernel in a PVH container with a shim below it: that is how each PV guest runs here. */
gboolean xlcfg_pvshim_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    if (on && reader->config->type == KXL_TYPE_PVH)
        reader->config->type = KXL_TYPE_PV;
    return TRUE;
}

gboolean xlcfg_uuid_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *text = NULL;

    if (!xlcfg_reader_string(reader, value, &text, error))
        return FALSE;
    if (!g_uuid_string_is_valid(text))
        return xlcfg_reader_fail(reader, value, error, "Failed to parse UUID: %s", text);
    g_free(reader->config->uuid);
    reader->config->uuid = g_ascii_strdown(text, -1);
    return TRUE;
}

static gboolean read_count(XlReader *reader, const XlValue *value, guint *count, GError **error)
{
    gint64 number;

    if (!xlcfg_reader_int(reader, value, 1, MAX_VCPUS, &number, error))
        return FALSE;
    *count = (guint)number;
    return TRUE;
}

gboolean xlcfg_vcpus_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return read_count(reader, value, &reader->vcpus, error);
}

gboolean xlcfg_maxvcpus_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return read_count(reader, value, &reader->maxvcpus, error);
}

static guint max_vcpus_of(const KxlDomainConfig *config)
{
    return config->max_vcpus ? config->max_vcpus : 1;
}

static guint vcpus_of(const KxlDomainConfig *config)
{
    return config->vcpus ? config->vcpus : max_vcpus_of(config);
}

gboolean xlcfg_maxvcpus_format(XlWriter *writer, const char *key, GError **error)
{
    if (vcpus_of(writer->config) != max_vcpus_of(writer->config))
        xlcfg_write_int(writer, key, max_vcpus_of(writer->config));
    return TRUE;
}

gboolean xlcfg_vcpus_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_int(writer, key, vcpus_of(writer->config));
    return TRUE;
}

/* One CPU list for all vCPUs as it is, or the text of a list with one for each. */
static gboolean read_cpus(XlReader *reader, const XlValue *value, char **field, GError **error)
{
    if (value->kind != XL_VALUE_LIST)
        return xlcfg_reader_string(reader, value, field, error);
    for (guint i = 0; i < value->items->len; i++)
        if (((const XlValue *)value->items->pdata[i])->kind == XL_VALUE_LIST)
            return xlcfg_reader_fail(reader, value->items->pdata[i], error, "a CPU list is wanted");
    g_free(*field);
    *field = value->items->len ? xlcfg_value_to_text(value) : NULL;
    return TRUE;
}

static void write_cpus(XlWriter *writer, const char *key, const char *text)
{
    g_autoptr(XlValue) list = text && *text == '[' ? xlcfg_syntax_parse_value(text) : NULL;

    if (list)
        xlcfg_write_raw(writer, key, text);
    else
        xlcfg_write_string(writer, key, text);
}

gboolean xlcfg_cpus_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return read_cpus(reader, value, &reader->config->cpus, error);
}

gboolean xlcfg_cpus_format(XlWriter *writer, const char *key, GError **error)
{
    write_cpus(writer, key, writer->config->cpus);
    return TRUE;
}

gboolean xlcfg_cpus_soft_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return read_cpus(reader, value, &reader->config->cpus_soft, error);
}

gboolean xlcfg_cpus_soft_format(XlWriter *writer, const char *key, GError **error)
{
    write_cpus(writer, key, writer->config->cpus_soft);
    return TRUE;
}

gboolean xlcfg_cpuid_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (value->kind != XL_VALUE_LIST) {
        if (!g_str_has_prefix(value->text, "host"))
            return xlcfg_reader_fail(reader, value, error, "first word must be \"host\"");
        return xlcfg_reader_string(reader, value, &reader->config->cpuid, error);
    }
    if (value->items->len) {
        xlcfg_reader_warn(
            reader, value,
            "option 'cpuid' has no effect in xend's form: write it as \"host,flag=0,...\"");
        xlcfg_reader_keep(reader, "cpuid", value);
    }
    return TRUE;
}

gboolean xlcfg_cpuid_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_string(writer, key, writer->config->cpuid);
    return TRUE;
}

gboolean xlcfg_kernel_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *base = NULL;

    if (!xlcfg_reader_string(reader, value, &path, error))
        return FALSE;
    base = g_path_get_basename(path);
    if (reader->config->type == KXL_TYPE_HVM && !strcmp(base, "hvmloader")) {
        xlcfg_reader_warn(reader, value,
                          "option 'kernel' has no effect: there is no hvmloader, "
                          "bios= selects the firmware");
        return TRUE;
    }
    g_free(reader->config->kernel);
    reader->config->kernel = *path ? g_steal_pointer(&path) : NULL;
    return TRUE;
}

gboolean xlcfg_kernel_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_string(writer, key, writer->config->kernel);
    return TRUE;
}

gboolean xlcfg_cmdline_parse(XlReader *reader, const XlValue *value, GError **error)
{
    reader->cmdline_given = TRUE;
    return xlcfg_reader_string(reader, value, &reader->config->cmdline, error);
}

gboolean xlcfg_cmdline_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_string(writer, writer->for_xm ? "extra" : key, writer->config->cmdline);
    return TRUE;
}

gboolean xlcfg_piece_parse(XlReader *reader, const XlValue *value, GError **error)
{
    const struct {
        const char *key;
        char **field;
    } pieces[] = {
        { "root", &reader->root },
        { "extra", &reader->extra },
        { "nfs_server", &reader->nfs_server },
        { "nfs_root", &reader->nfs_root },
        { "ip", &reader->ip },
        { "gateway", &reader->gateway },
        { "netmask", &reader->netmask },
        { "hostname", &reader->hostname },
        { "interface", &reader->interface },
        { "dhcp", &reader->dhcp },
    };

    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++)
        if (!strcmp(pieces[i].key, reader->setting->key)) {
            if (!xlcfg_reader_string(reader, value, pieces[i].field, error))
                return FALSE;
            if (!**pieces[i].field)
                g_clear_pointer(pieces[i].field, g_free);
        }
    return TRUE;
}

gboolean xlcfg_bootloader_args_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (value->kind == XL_VALUE_LIST)
        return xlcfg_reader_strings(reader, value, &reader->config->bootloader_args, error);
    if (!strcmp(reader->setting->key, "bootloader_args"))
        xlcfg_reader_warn(reader, value,
                          "Specifying \"bootloader_args\" as a string is deprecated. "
                          "Please use a list of arguments.");
    g_strfreev(reader->config->bootloader_args);
    reader->config->bootloader_args = NULL;
    if (*value->text) {
        g_auto(GStrv) words = g_strsplit_set(value->text, " \t\n", -1);
        GStrvBuilder *builder = g_strv_builder_new();

        for (guint i = 0; words[i]; i++)
            if (*words[i])
                g_strv_builder_add(builder, words[i]);
        reader->config->bootloader_args = g_strv_builder_end(builder);
        g_strv_builder_unref(builder);
        if (!reader->config->bootloader_args[0])
            g_clear_pointer(&reader->config->bootloader_args, g_strfreev);
    }
    return TRUE;
}

gboolean xlcfg_bootloader_args_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->for_xm && writer->config->bootloader_args) {
        g_autofree char *args = g_strjoinv(" ", writer->config->bootloader_args);

        xlcfg_write_string(writer, "bootargs", args);
        return TRUE;
    }
    xlcfg_write_strings(writer, key, (const char *const *)writer->config->bootloader_args);
    return TRUE;
}

gboolean xlcfg_boot_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (!xlcfg_reader_string(reader, value, &reader->config->boot, error))
        return FALSE;
    for (const char *c = reader->config->boot; *c; c++)
        if (!strchr("acdn", *c))
            return xlcfg_reader_fail(reader, value, error,
                                     "'%c' is none of a (floppy), c (disk), d (CD), n (network)",
                                     *c);
    if (!*reader->config->boot)
        g_clear_pointer(&reader->config->boot, g_free);
    return TRUE;
}

gboolean xlcfg_boot_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_string(writer, key, writer->config->boot);
    return TRUE;
}

static gboolean set_bios(XlReader *reader, const XlValue *value, const char *word)
{
    if (!strcmp(word, "ovmf") || !strcmp(word, "uefi"))
        reader->config->firmware = KXL_FIRMWARE_OVMF;
    else if (!strcmp(word, "seabios") || !strcmp(word, "bios") || !strcmp(word, "rombios"))
        reader->config->firmware = KXL_FIRMWARE_SEABIOS;
    else
        return FALSE;
    if (!strcmp(word, "rombios"))
        xlcfg_reader_warn(reader, value, "option '%s': there is no ROMBIOS, the guest gets SeaBIOS",
                          reader->setting->key);
    return TRUE;
}

gboolean xlcfg_bios_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    if (!strcmp(word, "uefi") || !strcmp(word, "bios") || !set_bios(reader, value, word))
        return xlcfg_reader_fail(reader, value, error, "invalid value \"%s\" for \"bios\"", word);
    return TRUE;
}

/* An HVM guest's clock runs on from there: libvirt writes the 0 as well. */
gboolean xlcfg_rtc_timeoffset_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->type == KXL_TYPE_HVM || writer->config->rtc_timeoffset != 0)
        xlcfg_write_int(writer, key, writer->config->rtc_timeoffset);
    return TRUE;
}

gboolean xlcfg_bios_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->firmware == KXL_FIRMWARE_OVMF)
        xlcfg_write_string(writer, key, "ovmf");
    return TRUE;
}

/* PV: which GRUB; HVM: the firmware's kind or its file. */
gboolean xlcfg_firmware_parse(XlReader *reader, const XlValue *value, GError **error)
{
    KxlDomainConfig *config = reader->config;
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    if (config->type != KXL_TYPE_HVM) {
        if (strcmp(word, "pvgrub32") != 0 && strcmp(word, "pvgrub64") != 0)
            return xlcfg_reader_fail(reader, value, error,
                                     "only pvgrub{32|64} supported as firmware options");
        g_free(config->bootloader);
        config->bootloader = g_steal_pointer(&word);
    } else if (!set_bios(reader, value, word)) {
        if (*word != '/')
            return xlcfg_reader_fail(reader, value, error, "invalid value \"%s\" for \"firmware\"",
                                     word);
        g_free(config->firmware_path);
        config->firmware_path = g_steal_pointer(&word);
    }
    return TRUE;
}

gboolean xlcfg_hdtype_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    reader->ahci = !strcmp(word, "ahci");
    return reader->ahci || !strcmp(word, "ide") ||
           xlcfg_reader_fail(reader, value, error, "invalid value \"%s\" for \"hdtype\"", word);
}

gboolean xlcfg_viridian_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (value->kind == XL_VALUE_LIST) {
        reader->config->viridian = value->items->len ? KXL_YES : KXL_NO;
        if (value->items->len) {
            xlcfg_reader_warn(reader, value,
                              "option 'viridian': the default set of enlightenments "
                              "is given, single groups are not selected");
            xlcfg_reader_keep(reader, "viridian", value);
        }
        return TRUE;
    }
    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    reader->config->viridian = on ? KXL_YES : KXL_NO;
    return TRUE;
}

gboolean xlcfg_viridian_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->viridian != KXL_DEFAULT)
        xlcfg_write_int(writer, key, writer->config->viridian == KXL_YES);
    return TRUE;
}

gboolean xlcfg_stdvga_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    if (!reader->config->vga)
        reader->config->vga = g_strdup(on ? "stdvga" : "cirrus");
    return TRUE;
}

static void append_strings(char ***field, char **more)
{
    GStrvBuilder *builder = g_strv_builder_new();

    if (*field)
        g_strv_builder_addv(builder, (const char **)*field);
    if (more)
        g_strv_builder_addv(builder, (const char **)more);
    g_strfreev(*field);
    *field = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    if (!**field)
        g_clear_pointer(field, g_strfreev);
}

/* device_model_args for all, _pv and _hvm for one type of guest. */
gboolean xlcfg_dm_args_parse(XlReader *reader, const XlValue *value, GError **error)
{
    const char *key = reader->setting->key;
    gboolean hvm = reader->config->type == KXL_TYPE_HVM;
    g_auto(GStrv) more = NULL;

    if (!xlcfg_reader_strings(reader, value, &more, error))
        return FALSE;
    if (g_str_has_suffix(key, hvm ? "_pv" : "_hvm")) {
        xlcfg_reader_warn(reader, value, "option '%s' has no effect: the guest is of another type",
                          key);
        return TRUE;
    }
    append_strings(&reader->config->device_model_args, more);
    return TRUE;
}

gboolean xlcfg_dm_args_format(XlWriter *writer, const char *key, GError **error)
{
    xlcfg_write_strings(writer, key, (const char *const *)writer->config->device_model_args);
    return TRUE;
}

gboolean xlcfg_usbdevice_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_auto(GStrv) more = NULL;

    if (!xlcfg_reader_strings(reader, value, &more, error))
        return FALSE;
    if (more && !*more[0])
        return TRUE; /* usbdevice = "" */
    append_strings(&reader->config->usbdevices, more);
    return TRUE;
}

gboolean xlcfg_usbdevice_format(XlWriter *writer, const char *key, GError **error)
{
    char **devices = writer->config->usbdevices;

    if (devices && devices[0] && !devices[1])
        xlcfg_write_string(writer, key, devices[0]);
    else
        xlcfg_write_strings(writer, key, (const char *const *)devices);
    return TRUE;
}

gboolean xlcfg_usbversion_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gint64 version;

    if (!xlcfg_reader_int(reader, value, 0, 3, &version, error))
        return FALSE;
    if (version == 0)
        return TRUE;
    reader->config->usb = TRUE;
    xlcfg_reader_warn(reader, value,
                      "option 'usbversion': the guest gets the one USB controller of usb=1");
    xlcfg_reader_keep(reader, "usbversion", value);
    return TRUE;
}

/* QEMU has the device; it makes a new number at each start. */
gboolean xlcfg_vm_genid_parse(XlReader *reader, const XlValue *value, GError **error)
{
    static const char *const args[] = { "-device", "vmgenid,guid=auto", NULL };
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    if (!strcmp(word, "none"))
        return TRUE;
    if (strcmp(word, "generate") != 0)
        return xlcfg_reader_fail(reader, value, error,
                                 "\"ms_vm_genid\" option must be \"generate\" or \"none\"");
    append_strings(&reader->config->device_model_args, (char **)args);
    return TRUE;
}

/* xm: the guest kernel's own ip= (Documentation/admin-guide/nfs/nfsroot.rst of Linux). */
static void append_guest_ip(XlReader *reader, GString *line)
{
    const char *dhcp = reader->dhcp && strcmp(reader->dhcp, "0") != 0 ? reader->dhcp : NULL;

    if (!reader->ip && (!dhcp || !strcmp(dhcp, "off")))
        return;
    if (dhcp && strcmp(dhcp, "off") != 0 && !reader->ip) {
        g_string_append_printf(line, "ip=%s ", !strcmp(dhcp, "1") ? "dhcp" : dhcp);
        return;
    }
    g_string_append_printf(
        line, "ip=%s:%s:%s:%s:%s:%s:off ", reader->ip, reader->nfs_server ? reader->nfs_server : "",
        reader->gateway ? reader->gateway : "", reader->netmask ? reader->netmask : "",
        reader->hostname ? reader->hostname : "", reader->interface ? reader->interface : "eth0");
}

static gboolean join_cmdline(XlReader *reader, GError **error)
{
    KxlDomainConfig *config = reader->config;
    g_autoptr(GString) line = g_string_new(NULL);

    if (reader->cmdline_given) {
        if (reader->root || reader->extra || reader->nfs_root)
            xlcfg_reader_warn(reader, NULL, "ignoring root= and extra= in favour of cmdline=");
        return TRUE;
    }
    if (reader->nfs_root && !reader->nfs_server)
        return xlcfg_reader_fail(reader, NULL, error, "option 'nfs_root' needs nfs_server");
    append_guest_ip(reader, line);
    if (reader->root)
        g_string_append_printf(line, "root=%s ", reader->root);
    if (reader->nfs_root)
        g_string_append_printf(line, "nfsroot=%s:%s ", reader->nfs_server, reader->nfs_root);
    if (reader->extra)
        g_string_append(line, reader->extra);
    else if (line->len)
        g_string_truncate(line, line->len - 1);
    if (line->len)
        config->cmdline = g_strdup(line->str);
    return TRUE;
}

static gboolean finish_counts(XlReader *reader, GError **error)
{
    KxlDomainConfig *config = reader->config;

    config->vcpus = reader->vcpus ? reader->vcpus : 1;
    config->max_vcpus = reader->maxvcpus ? reader->maxvcpus : config->vcpus;
    if (config->max_vcpus < config->vcpus)
        return xlcfg_reader_fail(reader, NULL, error, "maxvcpus < vcpus");
    if (!config->target_memkb && !config->max_memkb)
        xlcfg_reader_warn(reader, NULL, "memory= is not given: the guest gets 128 MiB");
    if (!config->target_memkb)
        config->target_memkb = config->max_memkb ? config->max_memkb : DEFAULT_MEMORY_KIB;
    if (!config->max_memkb)
        config->max_memkb = config->target_memkb;
    if (config->max_memkb < config->target_memkb)
        return xlcfg_reader_fail(reader, NULL, error, "maxmem is less than memory");
    return TRUE;
}

static void finish_disks(XlReader *reader)
{
    KxlDomainConfig *config = reader->config;

    for (guint unit = 0; unit < G_N_ELEMENTS(reader->floppies); unit++) {
        KxlDeviceDisk *disk;

        if (!reader->floppies[unit] || !*reader->floppies[unit])
            continue;
        disk = kxl_device_disk_new();
        g_ptr_array_add(config->disks, disk);
        disk->path = g_steal_pointer(&reader->floppies[unit]);
        disk->format = KXL_DISK_RAW;
        disk->vdev = g_strdup(unit ? "fdb" : "fda");
        disk->is_floppy = TRUE;
        disk->readwrite = TRUE;
    }
    for (guint i = 0; reader->ahci && i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (!disk->bus && g_str_has_prefix(disk->vdev, "hd"))
            disk->bus = g_strdup("sata");
    }
}

gboolean xlcfg_custom_finish(XlReader *reader, GError **error)
{
    KxlDomainConfig *config = reader->config;

    if (!config->name)
        return xlcfg_reader_fail(reader, NULL, error, "Domain name must be specified.");
    if (!join_cmdline(reader, error) || !finish_counts(reader, error))
        return FALSE;
    finish_disks(reader);
    if (config->type != KXL_TYPE_HVM && !config->kernel && !config->bootloader)
        return xlcfg_reader_fail(reader, NULL, error, "Neither kernel nor bootloader specified");
    return TRUE;
}

void xlcfg_reader_clear(XlReader *reader)
{
    char **fields[] = { &reader->root,     &reader->extra,       &reader->nfs_server,
                        &reader->nfs_root, &reader->ip,          &reader->gateway,
                        &reader->netmask,  &reader->hostname,    &reader->interface,
                        &reader->dhcp,     &reader->floppies[0], &reader->floppies[1] };

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        g_clear_pointer(fields[i], g_free);
}
