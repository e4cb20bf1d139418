/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the types that drive a tool share: running it, and reading what it prints. */
#pragma once

#include <json-glib/json-glib.h>

#include "volume.h"

G_BEGIN_DECLS

/* Runs the words, which end with NULL. */
gboolean tool_run(GError **error, ...) G_GNUC_NULL_TERMINATED;
/* The lines it prints, without blanks at their ends; empty ones are left out. */
char **tool_lines(GError **error, ...) G_GNUC_NULL_TERMINATED;
/* What it prints, which is JSON; a reference. */
JsonNode *tool_json(const char *const *argv, GError **error);
/* A member that is a number, or text that begins with one; 0 when there is none. */
guint64 json_bytes(JsonObject *object, const char *member);
const char *json_text(JsonObject *object, const char *member); /* "" when there is none */

/* An array that frees its volumes. */
GPtrArray *volume_array_new(void);

G_END_DECLS
