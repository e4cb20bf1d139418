/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The statements of an xl.cfg file: KEY = VALUE and KEY += VALUE, and as much of Python as xm's
 * files have around them: import, if/elif/else, pass, and variables given an expression. Nothing is
 * executed: a condition is not decided, an expression is not evaluated, and both are refused where
 * an option of the domain depends on them.
 */
#pragma once

#include <glib.h>
#include "xlcfg-value.h"

G_BEGIN_DECLS

typedef struct {
    char *key;
    XlValue *value;       /* NULL: a Python expression */
    gboolean conditional; /* below an if */
    guint line, column;   /* of the key */
    guint value_line, value_column;
} XlSetting;

/* The settings in the order of their last assignment, each key once. NULL:
 * DOMAIN_XML_ERROR_CONF_SYNTAX. */
GPtrArray *xlcfg_syntax_parse(const char *text, const char *filename, GError **error);
/* One value and nothing else, as xlcfg_value_to_text() writes it; NULL when it is none. */
XlValue *xlcfg_syntax_parse_value(const char *text);

G_END_DECLS
