/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Definitions on disk, as texts: DIR/UUID.xml, and DIR/autostart/UUID.xml linking to those to be
 * started with the host. Files are named by UUID because that never changes; written beside, synced
 * and renamed, so that a crash or a full disk leaves the old one or the new one, whole.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Store Store;

/* Makes the folders. */
Store *store_new(const char *dir, GError **error);
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

gboolean store_save(Store *store, const char *uuid, const char *xml, GError **error);
gboolean store_remove(Store *store, const char *uuid, GError **error);
/* The same, but the file's space is given back when *ret_fd is closed (-1: there was no file),
 * which takes longer than the rest and can be done when the client has its answer. */
gboolean store_remove_quickly(Store *store, const char *uuid, int *ret_fd, GError **error);
gboolean store_set_autostart(Store *store, const char *uuid, gboolean autostart, GError **error);

/* Called for each definition. An error of func, or of reading, is logged and the file left
 * alone. */
typedef gboolean (*StoreFunc)(const char *uuid, const char *xml, gboolean autostart,
                              gpointer user_data, GError **error);
gboolean store_load(Store *store, StoreFunc func, gpointer user_data, GError **error);
/* What was saved, of an xml that a StoreFunc was given; NULL when anybody but this version of
 * kanzend has written it, who may have made mistakes. */
const char *store_text_intact(const char *xml);

/* A folder and the files in it; what is left of them when one cannot be removed stays unsaid. */
void store_remove_dir(const char *path);

G_END_DECLS
