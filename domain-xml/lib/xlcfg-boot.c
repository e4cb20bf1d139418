/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest starts with: kernel, command line, boot loader, firmware. */
#include "xlcfg-custom.h"

#include <string.h>

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

gboolean xlcfg_cmdline_parse(XlReader *reader, const XlValue *value, GError **error)
{
    reader->cmdline_given = TRUE;
    return xlcfg_reader_string(reader, value, &reader->config->cmdline, error);
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

gboolean xlcfg_boot_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (!xlcfg_reader_string(reader, value, &reader->config->boot, error))
        return FALSE;
    const char *wrong = reader->config->boot + strspn(reader->config->boot, "acdn");
    if (*wrong != '\0')
        return xlcfg_reader_fail(reader, value, error,
                                 "'%.*s' is none of a (floppy), c (disk), d (CD), n (network)",
                                 (int)(g_utf8_next_char(wrong) - wrong), wrong);
    if (!*reader->config->boot)
        g_clear_pointer(&reader->config->boot, g_free);
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

gboolean xlcfg_boot_finish(XlReader *reader, GError **error)
{
    KxlDomainConfig *config = reader->config;
    g_autoptr(GString) line = g_string_new(NULL);

    if (reader->cmdline_given) {
        if (reader->root || reader->extra || reader->nfs_root)
            xlcfg_reader_warn(reader, NULL, "ignoring root= and extra= in favour of cmdline=");
        return TRUE;
    }
    if (reader->nfs_root && !reader->nfs_server)
        xlcfg_reader_warn(reader, NULL, "option 'nfs_root' has no effect without nfs_server");
    append_guest_ip(reader, line);
    if (reader->root)
        g_string_append_printf(line, "root=%s ", reader->root);
    if (reader->nfs_root && reader->nfs_server)
        g_string_append_printf(line, "nfsroot=%s:%s ", reader->nfs_server, reader->nfs_root);
    if (reader->extra)
        g_string_append(line, reader->extra);
    else if (line->len)
        g_string_truncate(line, line->len - 1);
    if (line->len)
        config->cmdline = g_strdup(line->str);
    return TRUE;
}
