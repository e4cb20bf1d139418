/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vif=: xl-network-configuration(5). Keys of our own (mode, network, bootindex, link) carry what
 * libvirt's XML and user-mode networking need.
 */
#include "xlcfg-devices.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-spec.h"

enum { DEFAULT_INTERVAL_USECS = 50000, USECS_PER_SEC = 1000000 };

/* RATE/s[@INTERVAL]: "10Mb/s", "250KB/s", "1MB/s@20ms". Decimal multiples, as libxlu's. */
static gboolean rate_parse(const char *text, guint64 *ret_bytes, guint32 *ret_usecs)
{
    static const struct {
        const char *unit;
        guint64 usecs;
    } units[] = { { "us", 1 }, { "ms", 1000 }, { "s", USECS_PER_SEC }, { "", 1 } };
    guint64 rate, multiple = 1, interval = DEFAULT_INTERVAL_USECS, product;
    const char *at = text;
    char *end;
    guint i;

    if (!g_ascii_isdigit(*at))
        return FALSE;
    rate = g_ascii_strtoull(at, &end, 10);
    at = end;
    if (*at == 'G' || *at == 'M' || *at == 'K') {
        multiple = *at == 'G' ? 1000000000 : *at == 'M' ? 1000000 : 1000;
        at++;
    }
    if ((*at != 'B' && *at != 'b') || !g_uint64_checked_mul(&rate, rate, multiple))
        return FALSE;
    if (*at == 'b')
        rate /= 8;
    if (strncmp(++at, "/s", 2) != 0)
        return FALSE;
    at += 2;
    if (*at == '@') {
        if (!g_ascii_isdigit(*++at))
            return FALSE;
        interval = g_ascii_strtoull(at, &end, 10);
        for (i = 0; i < G_N_ELEMENTS(units) && strcmp(units[i].unit, end) != 0; i++)
            continue;
        if (i == G_N_ELEMENTS(units) || !g_uint64_checked_mul(&interval, interval, units[i].usecs))
            return FALSE;
    } else if (*at) {
        return FALSE;
    }
    if (!rate || !interval || interval > G_MAXUINT32 ||
        !g_uint64_checked_mul(&product, rate, interval))
        return FALSE;
    *ret_bytes = product / USECS_PER_SEC;
    *ret_usecs = (guint32)interval;
    return *ret_bytes > 0;
}

/* The smallest rate that reads back as the same credit; in the largest unit that says it exactly.
 */
static char *rate_format(guint64 bytes, guint32 usecs)
{
    guint64 interval = usecs ? usecs : DEFAULT_INTERVAL_USECS, rate;
    g_autofree char *text = NULL;
    guint64 check;
    guint32 ignored;

    if (!g_uint64_checked_mul(&rate, bytes, USECS_PER_SEC))
        rate = G_MAXUINT64 - interval;
    rate = rate / interval + (rate % interval != 0);
    if (rate % 1000 == 0)
        text = g_strdup_printf("%" G_GUINT64_FORMAT "KB/s", rate / 1000);
    else
        text = g_strdup_printf("%" G_GUINT64_FORMAT "B/s", rate);
    if (interval == DEFAULT_INTERVAL_USECS && rate_parse(text, &check, &ignored))
        return g_steal_pointer(&text);
    return g_strdup_printf("%s@%" G_GUINT64_FORMAT "us", text, interval);
}

static gboolean take(char **field, const char *value)
{
    g_free(*field);
    *field = *value ? g_strdup(value) : NULL;
    return TRUE;
}

static gboolean read_mac(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                         GError **error)
{
    KxlDeviceNic *nic = device;

    g_free(nic->mac);
    nic->mac = kxl_mac_normalise(value);
    return nic->mac || xlcfg_reader_fail(reader, item, error, "'%s' is no MAC address", value);
}

static gboolean read_bridge(XlReader *reader, const XlValue *item, gpointer device,
                            const char *value, GError **error)
{
    return take(&((KxlDeviceNic *)device)->bridge, value);
}

static gboolean read_vifname(XlReader *reader, const XlValue *item, gpointer device,
                             const char *value, GError **error)
{
    return take(&((KxlDeviceNic *)device)->ifname, value);
}

static gboolean read_script(XlReader *reader, const XlValue *item, gpointer device,
                            const char *value, GError **error)
{
    return take(&((KxlDeviceNic *)device)->script, value);
}

static gboolean read_ip(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                        GError **error)
{
    return take(&((KxlDeviceNic *)device)->ip, value);
}

static gboolean read_model(XlReader *reader, const XlValue *item, gpointer device,
                           const char *value, GError **error)
{
    return take(&((KxlDeviceNic *)device)->model, value);
}

static gboolean read_network(XlReader *reader, const XlValue *item, gpointer device,
                             const char *value, GError **error)
{
    return take(&((KxlDeviceNic *)device)->network, value);
}

/* ioemu: an emulated adapter; vif, and xm's netfront: the split driver only. */
static gboolean read_type(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    KxlDeviceNic *nic = device;

    if (!strcmp(value, "ioemu")) {
        nic->is_ioemu = TRUE;
        return TRUE;
    }
    if (strcmp(value, "vif") != 0 && strcmp(value, "netfront") != 0 &&
        strcmp(value, "paravirtualised") != 0)
        return xlcfg_reader_fail(reader, item, error, "type is ioemu or vif, not '%s'", value);
    return take(&nic->model, "netfront");
}

static gboolean read_rate(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    KxlDeviceNic *nic = device;

    return rate_parse(value, &nic->rate_bytes_per_interval, &nic->rate_interval_usecs) ||
           xlcfg_reader_fail(reader, item, error, "'%s' is no rate (like 10Mb/s or 1MB/s@20ms)",
                             value);
}

static gboolean read_number(XlReader *reader, const XlValue *item, const char *key,
                            const char *value, gint64 max, gint64 *ret_number, GError **error)
{
    return (xlcfg_text_to_int(value, ret_number) && *ret_number >= 0 && *ret_number <= max) ||
           xlcfg_reader_fail(reader, item, error, "'%s' is no valid %s", value, key);
}

static gboolean read_mtu(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                         GError **error)
{
    gint64 number;

    if (!read_number(reader, item, "mtu", value, 65535, &number, error))
        return FALSE;
    ((KxlDeviceNic *)device)->mtu = (guint)number;
    return TRUE;
}

static gboolean read_devid(XlReader *reader, const XlValue *item, gpointer device,
                           const char *value, GError **error)
{
    gint64 number;

    if (!read_number(reader, item, "devid", value, 1023, &number, error))
        return FALSE;
    ((KxlDeviceNic *)device)->devid = (int)number;
    return TRUE;
}

static gboolean read_bootindex(XlReader *reader, const XlValue *item, gpointer device,
                               const char *value, GError **error)
{
    gint64 number;

    if (!read_number(reader, item, "bootindex", value, G_MAXINT16, &number, error))
        return FALSE;
    ((KxlDeviceNic *)device)->bootindex = (int)number;
    return TRUE;
}

static gboolean read_backend(XlReader *reader, const XlValue *item, gpointer device,
                             const char *value, GError **error)
{
    if (!*value || !strcmp(value, "0") || !strcmp(value, "Domain-0"))
        return TRUE;
    return xlcfg_reader_refuse(reader, item, error, "driver domains are not supported: backend=%s",
                               value);
}

static gboolean read_mode(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    static const char *const words[] = { "bridge", "user", "none", NULL };
    KxlDeviceNic *nic = device;

    for (guint i = 0; words[i]; i++)
        if (!strcmp(words[i], value)) {
            nic->kind = (KxlNicKind)i;
            return TRUE;
        }
    return xlcfg_reader_fail(reader, item, error, "mode is bridge, user or none, not '%s'", value);
}

static gboolean read_link(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    if (strcmp(value, "up") != 0 && strcmp(value, "down") != 0)
        return xlcfg_reader_fail(reader, item, error, "link is up or down, not '%s'", value);
    ((KxlDeviceNic *)device)->link_down = !strcmp(value, "down");
    return TRUE;
}

static gboolean read_gateway(XlReader *reader, const XlValue *item, gpointer device,
                             const char *value, GError **error)
{
    return xlcfg_reader_refuse(reader, item, error,
                               "gatewaydev= needs routed networking, which is not supported");
}

static gboolean read_accel(XlReader *reader, const XlValue *item, gpointer device,
                           const char *value, GError **error)
{
    xlcfg_reader_warn(reader, item, "the accel parameter for vifs is currently not supported");
    return TRUE;
}

static gboolean read_trust(XlReader *reader, const XlValue *item, gpointer device,
                           const char *value, GError **error)
{
    if (!strcmp(value, "untrusted"))
        xlcfg_reader_warn(reader, item, "vif: 'untrusted' has no effect: the guest is not told");
    return TRUE;
}

static const XlSpecKey keys[] = {
    { "mac", read_mac },
    { "bridge", read_bridge },
    { "vifname", read_vifname },
    { "script", read_script },
    { "ip", read_ip },
    { "model", read_model },
    { "type", read_type },
    { "rate", read_rate },
    { "mtu", read_mtu },
    { "devid", read_devid },
    { "backend", read_backend },
    { "gatewaydev", read_gateway },
    { "netdev", read_gateway },
    { "accel", read_accel },
    { "mode", read_mode },
    { "network", read_network },
    { "bootindex", read_bootindex },
    { "link", read_link },
    { "trusted", read_trust, TRUE },
    { "untrusted", read_trust, TRUE },
};

static gboolean read_vif(XlReader *reader, const XlValue *item, GError **error)
{
    KxlDeviceNic *nic = kxl_device_nic_new();
    g_autoptr(GPtrArray) parts = xlcfg_spec_split(item->text);

    g_ptr_array_add(reader->config->nics, nic);
    for (guint i = 0; i < parts->len; i++) {
        const XlSpecItem *part = parts->pdata[i];
        const char *name = part->key ? part->key : part->value;
        const XlSpecKey *key = xlcfg_spec_find(keys, G_N_ELEMENTS(keys), name, !part->key);

        if (!key && !*name)
            continue;
        if (!key)
            return xlcfg_reader_fail(reader, item, error, "unrecognized argument '%s'", name);
        if (!key->read(reader, item, nic, part->value, error))
            return FALSE;
    }
    return TRUE;
}

gboolean xlcfg_vifs_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_vif, error);
}

static gboolean format_vif(const KxlDeviceNic *nic, gboolean for_xm, GString *spec, GError **error)
{
    static const char *const modes[] = { NULL, "user", "none" };
    gboolean front_only = !g_strcmp0(nic->model, "netfront");
    g_autofree char *rate = nic->rate_bytes_per_interval ? rate_format(nic->rate_bytes_per_interval,
                                                                       nic->rate_interval_usecs)
                                                         : NULL;
    g_autofree char *mtu = nic->mtu ? g_strdup_printf("%u", nic->mtu) : NULL;
    g_autofree char *devid = nic->devid >= 0 ? g_strdup_printf("%d", nic->devid) : NULL;
    g_autofree char *bootindex = nic->bootindex ? g_strdup_printf("%d", nic->bootindex) : NULL;
    const char *front = for_xm ? "netfront" : "vif";
    const char *type = front_only ? front : nic->is_ioemu ? "ioemu" : NULL;

    return xlcfg_spec_add(spec, "mode", modes[nic->kind], error) &&
           xlcfg_spec_add(spec, "mac", nic->mac, error) &&
           xlcfg_spec_add(spec, "bridge", nic->bridge, error) &&
           xlcfg_spec_add(spec, "script", nic->script, error) &&
           xlcfg_spec_add(spec, "type", type, error) &&
           xlcfg_spec_add(spec, "model", front_only ? NULL : nic->model, error) &&
           xlcfg_spec_add(spec, "ip", nic->ip, error) &&
           xlcfg_spec_add(spec, "vifname", nic->ifname, error) &&
           xlcfg_spec_add(spec, "rate", rate, error) && xlcfg_spec_add(spec, "mtu", mtu, error) &&
           xlcfg_spec_add(spec, "devid", devid, error) &&
           xlcfg_spec_add(spec, "network", nic->network, error) &&
           xlcfg_spec_add(spec, "bootindex", bootindex, error) &&
           xlcfg_spec_add(spec, "link", nic->link_down ? "down" : NULL, error);
}

gboolean xlcfg_vifs_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < writer->config->nics->len; i++) {
        GString *spec = g_string_new(NULL);
        gboolean ok = format_vif(writer->config->nics->pdata[i], writer->for_xm, spec, error);

        g_ptr_array_add(list, g_string_free(spec, FALSE));
        if (!ok)
            return FALSE;
    }
    xlcfg_write_list(writer, key, list);
    return TRUE;
}
