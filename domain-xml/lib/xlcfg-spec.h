/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strings inside disk=, vif=, vfb= and channel=: "key=value,flag,...". A row for each key reads
 * and writes it. */
#pragma once

#include "xlcfg-options.h"

G_BEGIN_DECLS

typedef struct {
    char *key; /* NULL: a bare word */
    char *value;
} XlSpecItem;

/* Splits at commas; blanks around an item, its key and its value are dropped. What stands before a
 * '=' and is no identifier is no key. Of XlSpecItem; empty items are kept (they hold a place). */
GPtrArray *xlcfg_spec_split(const char *text);

typedef enum {
    XL_SPEC_STRING, /* char *; "" is NULL */
    XL_SPEC_BOOL,   /* gboolean: a number */
    XL_SPEC_NUMBER, /* int or guint, 0 (not written) to max */
    XL_SPEC_FLAG,   /* gboolean, TRUE by the bare word */
    XL_SPEC_OTHER,  /* read and write say */
} XlSpecKind;

typedef struct {
    const char *key;
    XlSpecKind kind;
    gsize offset; /* in the device */
    gint64 max;
    gboolean bare; /* OTHER: stands without "=value" */
    gboolean (*read)(XlReader *reader, const XlValue *item, gpointer device, const char *value,
                     GError **error);
    char *(*write)(
        gconstpointer device); /* OTHER: its value, NULL for nothing; no function: never written */
} XlSpecKey;

const XlSpecKey *xlcfg_spec_find(const XlSpecKey *keys, guint n_keys, const XlSpecItem *item);
gboolean xlcfg_spec_take(XlReader *reader, const XlValue *item, const XlSpecKey *key,
                         gpointer device, const char *value, GError **error);
/* A whole spec without positional parameters; an unknown key is an error. */
gboolean xlcfg_spec_read(XlReader *reader, const XlValue *item, const XlSpecKey *keys, guint n_keys,
                         gpointer device, GError **error);

/* In the order of the rows. FALSE when a value cannot stand in a spec. */
gboolean xlcfg_spec_write(const XlSpecKey *keys, guint n_keys, gconstpointer device, GString *spec,
                          GError **error);
gboolean xlcfg_spec_write_list(XlWriter *writer, const char *option, const XlSpecKey *keys,
                               guint n_keys, const GPtrArray *devices, GError **error);
gboolean xlcfg_spec_add(GString *spec, const char *key, const char *value, GError **error);
void xlcfg_spec_add_flag(GString *spec, const char *flag);

/* For read functions: replaces *field, "" is NULL. TRUE. */
gboolean xlcfg_spec_set(char **field, const char *value);

G_END_DECLS
