/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A QMP client over a unix socket. One command at a time; events are passed over (events.out has
 * them). */
#pragma once

#include <json-glib/json-glib.h>
#include "kxl.h"

typedef struct KxlQmp KxlQmp;

/* Connects, reads the greeting and enters command mode. */
KxlQmp *kxl_qmp_connect(const char *path, guint timeout_ms, GError **error);
void kxl_qmp_free(KxlQmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlQmp, kxl_qmp_free)

/*
 * Arguments of a command: a key with its type's letter before it, then the value, and so on to
 * NULL. "s:id" a string (NULL: left out), "i:size" a gint64, "b:on" a gboolean, "o:data" a
 * JsonObject and "a:list" a JsonArray, which are taken over.
 */
JsonObject *kxl_qmp_args(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* arguments: taken over, may be NULL. Returns the "return" value. An error that QEMU answers is
 * KXL_ERROR_FAILED with its text; one of the connection makes every later call fail too. */
JsonNode *kxl_qmp_call(KxlQmp *qmp, const char *command, JsonObject *arguments, guint timeout_ms,
                       GError **error);
/* The same, passing fd along (getfd takes it); the caller keeps its own. */
JsonNode *kxl_qmp_call_fd(KxlQmp *qmp, const char *command, JsonObject *arguments, int fd,
                          guint timeout_ms, GError **error);
/* The same for commands whose answer says nothing. */
gboolean kxl_qmp_run(KxlQmp *qmp, const char *command, JsonObject *arguments, guint timeout_ms,
                     GError **error);
