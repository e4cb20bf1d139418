/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of every guest: name, type, processors; and what all options together must make. */
#include "xlcfg-custom.h"

#include <string.h>

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

gboolean xlcfg_type_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *word = NULL;
    int type;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    type = kxl_domain_type_from_string(word);
    if (type < 0)
        return xlcfg_reader_refuse(reader, value, error, "Invalid domain type %s.", word);
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
    xlcfg_reader_warn(reader, NULL,
                      "The \"builder\" option is being deprecated, please use \"type\" instead.");
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

/* type="pvh" of Xen before 4.10. */
gboolean xlcfg_pvh_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    if (!on)
        return TRUE;
    if (reader->config->type == KXL_TYPE_HVM)
        return xlcfg_reader_fail(reader, value, error, "the type of the guest is \"hvm\"");
    xlcfg_reader_warn(reader, NULL, "option 'pvh' is deprecated: write type=\"pvh\"");
    reader->config->type = KXL_TYPE_PVH;
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
        return xlcfg_reader_string(reader, value, field, error) &&
               (*field == NULL || **field != '[' ||
                xlcfg_reader_fail(reader, value, error, "a CPU list is wanted, not '%s'", *field));
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

/* xm: all vCPUs on that one; -1 on any. */
gboolean xlcfg_cpu_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gint64 number = 0;

    if (!xlcfg_reader_int(reader, value, -1, G_MAXINT16, &number, error))
        return FALSE;
    if (number >= 0 && !reader->config->cpus)
        reader->config->cpus = g_strdup_printf("%d", (int)number);
    return TRUE;
}

/* xm's word for all three of on_poweroff, on_reboot and on_crash. */
gboolean xlcfg_restart_parse(XlReader *reader, const XlValue *value, GError **error)
{
    static const struct {
        const char *word;
        KxlAction poweroff, reboot, crash;
    } words[] = {
        { "always", KXL_ACTION_RESTART, KXL_ACTION_RESTART, KXL_ACTION_RESTART },
        { "onreboot", KXL_ACTION_DESTROY, KXL_ACTION_RESTART, KXL_ACTION_DESTROY },
        { "never", KXL_ACTION_DESTROY, KXL_ACTION_DESTROY, KXL_ACTION_DESTROY },
    };
    KxlDomainConfig *config = reader->config;
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].word, word) != 0)
            continue;
        xlcfg_reader_warn(reader, value,
                          "option 'restart' is deprecated: use on_poweroff, on_reboot, on_crash");
        config->on_poweroff = words[i].poweroff;
        config->on_reboot = words[i].reboot;
        config->on_crash = words[i].crash;
        return TRUE;
    }
    return xlcfg_reader_fail(reader, value, error, "invalid value \"%s\" for \"restart\"", word);
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

gboolean xlcfg_custom_finish(XlReader *reader, GError **error)
{
    KxlDomainConfig *config = reader->config;

    if (!config->name)
        return xlcfg_reader_fail(reader, NULL, error, "Domain name must be specified.");
    if (!xlcfg_boot_finish(reader, error) || !xlcfg_vnuma_finish(reader, error) ||
        !finish_counts(reader, error))
        return FALSE;
    xlcfg_hvm_finish(reader);
    xlcfg_spice_finish(reader);
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
