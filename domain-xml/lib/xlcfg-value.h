/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XlValue: a value of an xl.cfg file as written: a string, a number or a list. Numbers keep their
 * digits, so a string of digits and a number read alike (xm files write memory = "512").
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { XL_VALUE_STRING, XL_VALUE_NUMBER, XL_VALUE_LIST } XlValueKind;

typedef struct {
    XlValueKind kind;
    char *text;         /* STRING decoded, NUMBER as written */
    GPtrArray *items;   /* LIST: of XlValue */
    guint line, column; /* where it starts, from 1 */
} XlValue;

XlValue *xlcfg_value_new_atom(XlValueKind kind, const char *text, guint line, guint column);
XlValue *xlcfg_value_new_list(guint line, guint column);
void xlcfg_value_free(XlValue *value); /* NULL-safe */
XlValue *xlcfg_value_dup(const XlValue *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XlValue, xlcfg_value_free)

/* 0, "0", "" and []: what turns an option off. */
gboolean xlcfg_value_is_off(const XlValue *value);
/* A number, or a string that holds one: decimal, 0octal or 0xhex, with a sign. */
gboolean xlcfg_value_get_int(const XlValue *value, gint64 *ret_number);
gboolean xlcfg_text_to_int(const char *text, gint64 *ret_number);
/* As it stands in a file: 5, "text", [ "a", [ "b" ] ]. */
void xlcfg_value_append_text(const XlValue *value, GString *out);
char *xlcfg_value_to_text(const XlValue *value);
/* A string in double quotes with escapes. */
void xlcfg_string_append_quoted(const char *text, GString *out);

G_END_DECLS
