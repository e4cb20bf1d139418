/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The syntax of kanzend.conf: groups in brackets, "key = value" lines, comments on lines of their
 * own that begin with '#'. Blanks around keys and values do not count. What the keys are, and
 * whether one may come twice, is not known here.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint line; /* from 1 */
    char *group, *key, *value;
} ConfEntry;

/* The entries in their order, or VIR_ERR_CONF_SYNTAX with the line. */
GPtrArray *conf_file_parse(const char *text, GError **error);

G_END_DECLS
