/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Definitions on disk: DIR/UUID.xml, and DIR/autostart/UUID.xml linking to those to be started with
 * the host. Files are named by UUID because that never changes; written beside, synced and renamed,
 * so that a crash or a full disk leaves the old one or the new one, whole.
 */
#pragma once

#include "definition.h"

G_BEGIN_DECLS

typedef struct DomainStore DomainStore;

/* Makes the folders. */
DomainStore *domain_store_new(const char *dir, GError **error);
void domain_store_free(DomainStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainStore, domain_store_free)

gboolean domain_store_save(DomainStore *store, Definition *definition, GError **error);
gboolean domain_store_remove(DomainStore *store, const char *uuid, GError **error);
gboolean domain_store_set_autostart(DomainStore *store, const char *uuid, gboolean autostart,
                                    GError **error);

/* Called for each definition that can be read; takes definition. Others are logged and left. */
typedef void (*DomainStoreFunc)(Definition *definition, gboolean autostart, gpointer user_data);
gboolean domain_store_load(DomainStore *store, DomainStoreFunc func, gpointer user_data,
                           GError **error);

G_END_DECLS
