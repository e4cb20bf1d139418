/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "params.h"

#include <string.h>

void params_begin(Params *params, GByteArray *out, guint max)
{
    *params = (Params){ .out = out, .count_at = xdr_put_count(out), .max = max };
}

guint params_end(Params *params)
{
    xdr_set_u32(params->out, params->count_at, MIN(params->n, params->max));
    return params->n;
}

/* FALSE: there is no room for it. */
static gboolean add(Params *params, const char *name, XdrParamType type)
{
    if (params->n++ >= params->max)
        return FALSE;
    xdr_put_string(params->out, name);
    xdr_put_u32(params->out, type);
    return TRUE;
}

#define DEFINE_ADD(kind, KIND, T, put)                                                             \
    void params_add_##kind(Params *params, const char *name, T value)                              \
    {                                                                                              \
        if (add(params, name, XDR_PARAM_##KIND))                                                   \
            put(params->out, value);                                                               \
    }
DEFINE_ADD(int, INT, gint32, xdr_put_i32)
DEFINE_ADD(uint, UINT, guint32, xdr_put_u32)
DEFINE_ADD(llong, LLONG, gint64, xdr_put_i64)
DEFINE_ADD(ullong, ULLONG, guint64, xdr_put_u64)
DEFINE_ADD(double, DOUBLE, double, xdr_put_double)
DEFINE_ADD(boolean, BOOLEAN, gboolean, xdr_put_i32)

void params_add_string(Params *params, const char *name, const char *value)
{
    if (value != NULL && add(params, name, XDR_PARAM_STRING))
        xdr_put_string(params->out, value);
}

gboolean params_reply(RpcCall *call, gint32 nparams, ParamsFill fill, gpointer data, GError **error)
{
    Params params;
    guint n;

    if (nparams < 0)
        return fail(error, VIR_ERR_INVALID_ARG, "nparams in %s must not be negative",
                    call->proc->api);
    params_begin(&params, call->ret, (guint)nparams);
    fill(&params, data);
    n = params_end(&params);
    xdr_put_i32(call->ret, (gint32)(nparams == 0 ? n : MIN(n, (guint)nparams)));
    return TRUE;
}

/* ---- taking ---- */

/* A typed parameter's items, xdr.h. */
enum { ITEM_NAME, ITEM_TYPE, ITEM_VALUE };

static const char *const type_names[] = {
    [XDR_PARAM_INT] = "int",       [XDR_PARAM_UINT] = "uint",     [XDR_PARAM_LLONG] = "llong",
    [XDR_PARAM_ULLONG] = "ullong", [XDR_PARAM_DOUBLE] = "double", [XDR_PARAM_BOOLEAN] = "boolean",
    [XDR_PARAM_STRING] = "string",
};

static const ParamRule *find_rule(const ParamRule *rules, guint n_rules, const char *name)
{
    for (guint i = 0; i < n_rules; i++) {
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    }
    return NULL;
}

gboolean params_check(const XdrValue *list, const ParamRule *rules, guint n_rules, GError **error)
{
    for (guint i = 0; i < list->len; i++) {
        const XdrValue *items = list->items[i].items;
        const char *name = items[ITEM_NAME].str;
        const ParamRule *rule = find_rule(rules, n_rules, name);

        if (rule == NULL)
            return fail(error, VIR_ERR_INVALID_ARG, "parameter '%s' not supported", name);
        if (items[ITEM_TYPE].u != rule->type)
            return fail(error, VIR_ERR_INVALID_ARG,
                        "invalid type '%s' for parameter '%s', expected '%s'",
                        type_names[items[ITEM_TYPE].u], name, type_names[rule->type]);
        for (guint j = 0; j < i; j++) {
            if (strcmp(list->items[j].items[ITEM_NAME].str, name) == 0)
                return fail(error, VIR_ERR_INVALID_ARG, "parameter '%s' occurs multiple times",
                            name);
        }
    }
    return TRUE;
}

const XdrValue *params_find(const XdrValue *list, const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        const XdrValue *items = list->items[i].items;

        if (strcmp(items[ITEM_NAME].str, name) == 0)
            return &items[ITEM_VALUE];
    }
    return NULL;
}

const char *params_find_string(const XdrValue *list, const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        const XdrValue *items = list->items[i].items;

        if (strcmp(items[ITEM_NAME].str, name) == 0 && items[ITEM_TYPE].u == XDR_PARAM_STRING)
            return items[ITEM_VALUE].str;
    }
    return NULL;
}
