/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strings inside disk=, vif=, vfb=, channel=: "key=value,flag,...". */
#pragma once

#include "xlcfg-options.h"

G_BEGIN_DECLS

typedef struct {
    char *key; /* NULL: a bare word */
    char *value;
} XlSpecItem;

/* Splits at commas; blanks around an item, its key and its value are dropped. Keys are left out
 * when they are no identifier. Of XlSpecItem; empty items are kept (they hold a place). */
GPtrArray *xlcfg_spec_split(const char *text);

/* One key of a spec. */
typedef struct {
    const char *key;
    gboolean (*read)(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                     GError **error);
    gboolean bare; /* a flag: stands without "=value" */
} XlSpecKey;

const XlSpecKey *xlcfg_spec_find(const XlSpecKey *keys, guint n_keys, const char *key,
                                 gboolean bare);

/* Writing: "key=value," unless value is NULL. FALSE when value cannot stand in a spec. */
gboolean xlcfg_spec_add(GString *spec, const char *key, const char *value, GError **error);
void xlcfg_spec_add_flag(GString *spec, const char *flag);

G_END_DECLS
