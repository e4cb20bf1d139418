/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vif=: xl-network-configuration(5). Keys of our own (mode, network, bootindex, link) carry what
 * libvirt's XML and user-mode networking need.
 */
#include "xlcfg-devices.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-spec.h"

enum { DEFAULT_INTERVAL_USECS = 50000, USECS_PER_SEC = 1000000, MAX_DEVID = 1023 };

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

/* The smallest rate that reads back as the same credit; in the largest unit that says it
 * exactly. */
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

static gboolean read_mac(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                         GError **error)
{
    KxlDeviceNic *nic = device;

    g_free(nic->mac);
    nic->mac = kxl_mac_normalise(value);
    return nic->mac || xlcfg_reader_fail(reader, item, error, "'%s' is no MAC address", value);
}

static char *write_mac(gconstpointer device)
{
    return g_strdup(((const KxlDeviceNic *)device)->mac);
}

/* ioemu: an emulated adapter; vif, and xm's netfront: the split driver only, a model of its own
 * here. */
static gboolean read_type(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    static const char *const front_only[] = { "vif", "netfront", "paravirtualised", NULL };
    KxlDeviceNic *nic = device;

    nic->is_ioemu = !strcmp(value, "ioemu");
    if (nic->is_ioemu)
        return TRUE;
    if (!g_strv_contains(front_only, value))
        return xlcfg_reader_fail(reader, item, error, "type is ioemu or vif, not '%s'", value);
    return xlcfg_spec_set(&nic->model, "netfront");
}

static gboolean is_front_only(const KxlDeviceNic *nic)
{
    return !g_strcmp0(nic->model, "netfront");
}

static char *write_type(gconstpointer device)
{
    const KxlDeviceNic *nic = device;

    return g_strdup(is_front_only(nic) ? "vif" : nic->is_ioemu ? "ioemu" : NULL);
}

static gboolean read_model(XlReader *reader, const XlValue *item, gpointer device,
                           const char *value, GError **error)
{
    return xlcfg_spec_set(&((KxlDeviceNic *)device)->model, value);
}

static char *write_model(gconstpointer device)
{
    const KxlDeviceNic *nic = device;

    return is_front_only(nic) ? NULL : g_strdup(nic->model);
}

static gboolean read_rate(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    KxlDeviceNic *nic = device;

    return rate_parse(value, &nic->rate_bytes_per_interval, &nic->rate_interval_usecs) ||
           xlcfg_reader_fail(reader, item, error, "'%s' is no rate (like 10Mb/s or 1MB/s@20ms)",
                             value);
}

static char *write_rate(gconstpointer device)
{
    const KxlDeviceNic *nic = device;

    if (!nic->rate_bytes_per_interval)
        return NULL;
    return rate_format(nic->rate_bytes_per_interval, nic->rate_interval_usecs);
}

static gboolean read_devid(XlReader *reader, const XlValue *item, gpointer device,
                           const char *value, GError **error)
{
    gint64 number;

    if (!xlcfg_text_to_int(value, &number) || number < 0 || number > MAX_DEVID)
        return xlcfg_reader_fail(reader, item, error, "'%s' is no valid devid", value);
    ((KxlDeviceNic *)device)->devid = (int)number;
    return TRUE;
}

static char *write_devid(gconstpointer device)
{
    const KxlDeviceNic *nic = device;

    return nic->devid < 0 ? NULL : g_strdup_printf("%d", nic->devid);
}

static gboolean read_backend(XlReader *reader, const XlValue *item, gpointer device,
                             const char *value, GError **error)
{
    return xlcfg_reader_backend(reader, item, value, error);
}

/* The other kinds have no name here. */
static const char *const modes[] = {
    [KXL_NIC_BRIDGE] = "bridge",
    [KXL_NIC_USER] = "user",
    [KXL_NIC_NONE] = "none",
};

static gboolean read_mode(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++)
        if (!strcmp(modes[i], value)) {
            ((KxlDeviceNic *)device)->kind = (KxlNicKind)i;
            return TRUE;
        }
    return xlcfg_reader_fail(reader, item, error, "mode is bridge, user or none, not '%s'", value);
}

static char *write_mode(gconstpointer device)
{
    const KxlDeviceNic *nic = device;

    if (nic->kind == KXL_NIC_BRIDGE || nic->kind >= G_N_ELEMENTS(modes))
        return NULL;
    return g_strdup(modes[nic->kind]);
}

static gboolean read_link(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                          GError **error)
{
    if (strcmp(value, "up") != 0 && strcmp(value, "down") != 0)
        return xlcfg_reader_fail(reader, item, error, "link is up or down, not '%s'", value);
    ((KxlDeviceNic *)device)->link_down = !strcmp(value, "down");
    return TRUE;
}

static char *write_link(gconstpointer device)
{
    return ((const KxlDeviceNic *)device)->link_down ? g_strdup("down") : NULL;
}

/* xl-network-configuration(5): "netdev is a deprecated alias of this option". */
static gboolean read_netdev(XlReader *reader, const XlValue *item, gpointer device,
                            const char *value, GError **error)
{
    xlcfg_reader_warn(reader, item,
                      "the netdev parameter is deprecated, please use gatewaydev instead");
    return xlcfg_spec_set(&((KxlDeviceNic *)device)->gatewaydev, value);
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

#define TEXT(key, member)                                                                          \
    {                                                                                              \
        key, XL_SPEC_STRING, G_STRUCT_OFFSET(KxlDeviceNic, member)                                 \
    }
#define NUMBER(key, member, max)                                                                   \
    {                                                                                              \
        key, XL_SPEC_NUMBER, G_STRUCT_OFFSET(KxlDeviceNic, member), max                            \
    }
#define OTHER(key, read, write)                                                                    \
    {                                                                                              \
        key, XL_SPEC_OTHER, 0, 0, FALSE, read, write                                               \
    }

static const XlSpecKey keys[] = {
    OTHER("mode", read_mode, write_mode),
    OTHER("mac", read_mac, write_mac),
    TEXT("bridge", bridge),
    TEXT("script", script),
    OTHER("type", read_type, write_type),
    OTHER("model", read_model, write_model),
    TEXT("ip", ip),
    TEXT("vifname", ifname),
    OTHER("rate", read_rate, write_rate),
    NUMBER("mtu", mtu, 65535),
    OTHER("devid", read_devid, write_devid),
    TEXT("network", network),
    NUMBER("bootindex", bootindex, G_MAXINT16),
    OTHER("link", read_link, write_link),
    OTHER("backend", read_backend, NULL),
    TEXT("gatewaydev", gatewaydev),
    OTHER("netdev", read_netdev, NULL),
    OTHER("accel", read_accel, NULL),
    { "trusted", XL_SPEC_OTHER, .bare = TRUE, .read = read_trust },
    { "untrusted", XL_SPEC_OTHER, .bare = TRUE, .read = read_trust },
};

static gboolean read_vif(XlReader *reader, const XlValue *item, GError **error)
{
    KxlDeviceNic *nic = kxl_device_nic_new();

    g_ptr_array_add(reader->config->nics, nic);
    return xlcfg_spec_read(reader, item, keys, G_N_ELEMENTS(keys), nic, error);
}

gboolean xlcfg_vifs_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_vif, error);
}

gboolean xlcfg_vifs_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) nics = g_ptr_array_new();

    for (guint i = 0; i < writer->config->nics->len; i++) {
        KxlDeviceNic *nic = writer->config->nics->pdata[i];

        if (nic->kind != KXL_NIC_FUNCTION) /* those are in pci= */
            g_ptr_array_add(nics, nic);
    }
    return xlcfg_spec_write_list(writer, key, keys, G_N_ELEMENTS(keys), nics, error);
}
