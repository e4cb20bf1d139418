/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block I/O parameters: a weight for all, and limits of the host's block devices, which come as
 * text "path,value,path,value". */
#include <string.h>

#include "tune.h"

#define MIN_WEIGHT 10u
#define MAX_WEIGHT 1000u

/* The fields of a device, by parameter: in a definition, and in a running domain's configuration.
 */
typedef struct {
    const char *name;
    gsize def, config;
    gsize def_size, config_size;
} DeviceField;

#define FIELD(name, member)                                                                        \
    {                                                                                              \
        name, G_STRUCT_OFFSET(DomainBlkioDevice, member), G_STRUCT_OFFSET(KxlBlkioDevice, member), \
            sizeof(((DomainBlkioDevice *)0)->member), sizeof(((KxlBlkioDevice *)0)->member)        \
    }

static const DeviceField fields[] = {
    FIELD("device_weight", weight),
    FIELD("device_read_iops_sec", read_iops),
    FIELD("device_write_iops_sec", write_iops),
    FIELD("device_read_bytes_sec", read_bytes),
    FIELD("device_write_bytes_sec", write_bytes),
};

static const ParamRule rules[] = {
    { "weight", XDR_PARAM_UINT },
    { "device_weight", XDR_PARAM_STRING },
    { "device_read_iops_sec", XDR_PARAM_STRING },
    { "device_write_iops_sec", XDR_PARAM_STRING },
    { "device_read_bytes_sec", XDR_PARAM_STRING },
    { "device_write_bytes_sec", XDR_PARAM_STRING },
};

static guint64 get_number(gconstpointer device, gsize at, gsize size)
{
    return size == sizeof(guint) ? G_STRUCT_MEMBER(guint, device, at)
                                 : G_STRUCT_MEMBER(guint64, device, at);
}

static void set_number(gpointer device, gsize at, gsize size, guint64 value)
{
    if (size == sizeof(guint))
        G_STRUCT_MEMBER(guint, device, at) = (guint)value;
    else
        G_STRUCT_MEMBER(guint64, device, at) = value;
}

/* ---- asking ---- */

static void add_devices(Params *params, const DomainBlkiotune *tune, const DeviceField *field)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; tune != NULL && i < tune->devices->len; i++) {
        const DomainBlkioDevice *device = tune->devices->pdata[i];
        guint64 value = get_number(device, field->def, field->def_size);

        if (value != 0)
            g_string_append_printf(text, "%s%s,%" G_GUINT64_FORMAT, text->len > 0 ? "," : "",
                                   device->path, value);
    }
    params_add_string(params, field->name, text->str);
}

static void fill(Params *params, gpointer data)
{
    const DomainBlkiotune *tune = ((const DomainDef *)data)->blkiotune;

    params_add_uint(params, "weight", tune != NULL ? tune->weight : 0);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        add_devices(params, tune, &fields[i]);
}

gboolean on_domain_get_blkio_parameters(RpcCall *call, GError **error)
{
    return tune_get(call, fill, error);
}

/* ---- setting ---- */

typedef void (*DeviceTake)(gpointer target, const char *path, const DeviceField *field,
                           guint64 value);

/* Each value of the text; FALSE: it is none of that form. take NULL: it is only looked at. */
static gboolean each_device(const char *text, const DeviceField *field, DeviceTake take,
                            gpointer target)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    guint n = g_strv_length(parts);

    if (n % 2 != 0)
        return FALSE;
    for (guint i = 0; i < n; i += 2) {
        guint64 max = field->def_size == sizeof(guint) ? G_MAXUINT : G_MAXINT64;
        guint64 value;

        if (*parts[i] != '/' || !g_ascii_string_to_unsigned(parts[i + 1], 10, 0, max, &value, NULL))
            return FALSE;
        if (take != NULL)
            take(target, parts[i], field, value);
    }
    return TRUE;
}

static void take_all(const XdrValue *list, DeviceTake take, gpointer target)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *text = params_find_string(list, fields[i].name);

        if (text != NULL)
            each_device(text, &fields[i], take, target);
    }
}

static void take_in_definition(gpointer target, const char *path, const DeviceField *field,
                               guint64 value)
{
    GPtrArray *devices = ((DomainBlkiotune *)target)->devices;
    DomainBlkioDevice *device = NULL;

    for (guint i = 0; i < devices->len; i++) {
        if (g_strcmp0(((DomainBlkioDevice *)devices->pdata[i])->path, path) == 0)
            device = devices->pdata[i];
    }
    if (device == NULL) {
        device = g_new0(DomainBlkioDevice, 1);
        device->path = g_strdup(path);
        g_ptr_array_add(devices, device);
    }
    set_number(device, field->def, field->def_size, value);
}

static void change(DomainDef *def, gpointer data)
{
    const XdrValue *weight = params_find(data, "weight");

    if (def->blkiotune == NULL)
        def->blkiotune = domain_blkiotune_new();
    if (weight != NULL)
        def->blkiotune->weight = weight->u;
    take_all(data, take_in_definition, def->blkiotune);
}

static void take_in_config(gpointer target, const char *path, const DeviceField *field,
                           guint64 value)
{
    GPtrArray *devices = ((KxlLimits *)target)->blkio_devices;
    KxlBlkioDevice *device = NULL;

    for (guint i = 0; i < devices->len; i++) {
        if (g_strcmp0(((KxlBlkioDevice *)devices->pdata[i])->path, path) == 0)
            device = devices->pdata[i];
    }
    if (device == NULL) {
        device = kxl_blkio_device_new();
        device->path = g_strdup(path);
        g_ptr_array_add(devices, device);
    }
    set_number(device, field->config, field->config_size, value);
}

static gboolean limit(KxlDomainConfig *config, const XdrValue *list, GError **error)
{
    const XdrValue *weight = params_find(list, "weight");

    if (weight != NULL)
        config->limits.blkio_weight = weight->u;
    take_all(list, take_in_config, &config->limits);
    return TRUE;
}

static gboolean check(const XdrValue *list, GError **error)
{
    const XdrValue *weight = params_find(list, "weight");

    if (weight != NULL && (weight->u < MIN_WEIGHT || weight->u > MAX_WEIGHT))
        return fail(error, VIR_ERR_INVALID_ARG,
                    "Value of blkiotune 'weight' must be in range [%u, %u]", MIN_WEIGHT,
                    MAX_WEIGHT);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *text = params_find_string(list, fields[i].name);

        if (text != NULL && *text != '\0' && !each_device(text, &fields[i], NULL, NULL))
            return fail(error, VIR_ERR_INVALID_ARG, "unable to parse blkio device '%s' '%s'",
                        fields[i].name, text);
    }
    return TRUE;
}

gboolean on_domain_set_blkio_parameters(RpcCall *call, GError **error)
{
    return params_check(&call->args[1], rules, G_N_ELEMENTS(rules), error) &&
           check(&call->args[1], error) &&
           tune_set(call, rules, G_N_ELEMENTS(rules), change, limit, error);
}
