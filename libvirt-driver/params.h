/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of typed parameters: name, type and value, as many calls take and return them. */
#pragma once

#include "handler-util.h"

G_BEGIN_DECLS

/* ---- returning ---- */

typedef struct {
    GByteArray *out;
    guint count_at; /* where their number goes */
    guint n, max;   /* those past max are counted, not written */
} Params;

/* A counted list of at most max parameters at the end of out; between begin and end nothing else is
 * appended. end returns how many there were to write. */
void params_begin(Params *params, GByteArray *out, guint max);
guint params_end(Params *params);

void params_add_int(Params *params, const char *name, gint32 value);
void params_add_uint(Params *params, const char *name, guint32 value);
void params_add_llong(Params *params, const char *name, gint64 value);
void params_add_ullong(Params *params, const char *name, guint64 value);
void params_add_double(Params *params, const char *name, double value);
void params_add_boolean(Params *params, const char *name, gboolean value);
void params_add_string(Params *params, const char *name, const char *value); /* NULL: left out */

/* The common shape "<16>Pi": the first nparams of the list, then their number, or when nparams is 0
 * how many there are. fill adds all of them. */
typedef void (*ParamsFill)(Params *params, gpointer data);
gboolean params_reply(RpcCall *call, gint32 nparams, ParamsFill fill, gpointer data,
                      GError **error);

/* ---- taking ---- */

typedef struct {
    const char *name;
    XdrParamType type;
} ParamRule;

/* All of list are known, of the right type and given once; else VIR_ERR_INVALID_ARG. */
gboolean params_check(const XdrValue *list, const ParamRule *rules, guint n_rules, GError **error);
/* The value of that name, NULL: not given. Its type is what params_check() says, which comes
 * first. */
const XdrValue *params_find(const XdrValue *list, const char *name);
/* NULL: not given, or something else than a string */
const char *params_find_string(const XdrValue *list, const char *name);

G_END_DECLS
