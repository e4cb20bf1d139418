/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small client of the xenstore wire protocol (xen/io/xs_wire.h), for one request after the
 * other. */
#pragma once

#include <glib.h>

typedef struct KxlXs KxlXs;

KxlXs *kxl_xs_connect(const char *path, guint timeout_ms, GError **error);
/* The guest behind it has another domid than the host knows it by: ours in the paths that are
 * given, and in values that are paths, becomes the guest's. */
void kxl_xs_translate(KxlXs *xs, int ours, int guests);
void kxl_xs_free(KxlXs *xs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlXs, kxl_xs_free)

/* NULL without error: there is no such node. The timeout of the connection holds for each
 * request. */
char *kxl_xs_read(KxlXs *xs, const char *path, GError **error);
gboolean kxl_xs_write(KxlXs *xs, const char *path, const char *value, GError **error);
/* perms in the store's text form, the owner first: "n0,r5". */
gboolean kxl_xs_set_perms(KxlXs *xs, const char *path, const char *perms, GError **error);
/* With all below it. One that is not there is no error. */
gboolean kxl_xs_remove(KxlXs *xs, const char *path, GError **error);

/* Runs change in a transaction, again when somebody else's change came in between. Nobody sees a
 * part of it; after an error there is nothing of it. */
typedef gboolean (*KxlXsChange)(KxlXs *xs, gconstpointer data, GError **error);
gboolean kxl_xs_transact(KxlXs *xs, KxlXsChange change, gconstpointer data, GError **error);
