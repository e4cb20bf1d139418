/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The statements of an xl.cfg file: KEY = VALUE and KEY += VALUE, and as much of Python as xm's
 * files have around them: import, if/elif/else, pass, and variables given an expression. Nothing is
 * executed: conditions and expressions that say nothing but the file itself are worked out (see
 * xlcfg-parser.h), the others are refused where an option of the domain depends on them.
 */
#pragma once

#include <glib.h>
#include "xlcfg-value.h"

G_BEGIN_DECLS

typedef struct {
    char *key;
    XlValue *value;       /* NULL: a Python expression */
    gboolean conditional; /* below an if that is not decided */
    gboolean python;      /* in a file that is Python so far */
    guint line, column;   /* of the key */
    guint value_line, value_column;
    guint index; /* for the parser */
} XlSetting;

/* The settings in the order of their last assignment, each key once. NULL:
 * DOMAIN_XML_ERROR_CONF_SYNTAX. */
GPtrArray *xlcfg_syntax_parse(const char *text, const char *filename, GError **error);
/* One value and nothing else, as xlcfg_value_to_text() writes it; NULL when it is none. */
XlValue *xlcfg_syntax_parse_value(const char *text);

G_END_DECLS
