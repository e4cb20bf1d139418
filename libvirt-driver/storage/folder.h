/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volumes that are the files and folders of a folder. What is being made has no name until it is
 * whole, so that neither a daemon that is killed nor a full disk leaves a part of it.
 */
#pragma once

#include "pool-backend.h"

G_BEGIN_DECLS

/* Is there a folder, and can it be read? */
gboolean folder_check(const char *folder, GError **error);
gboolean folder_usage(const char *folder, PoolUsage *ret_usage, GError **error);
/* Makes it, with the pool's permissions. */
gboolean folder_build(const PoolDef *def, GError **error);
gboolean folder_remove(const char *folder, GError **error);

GPtrArray *folder_names(const char *folder, GError **error);
Volume *folder_open(const PoolAccess *pool, const char *folder, const char *name, GError **error);
gboolean folder_make(const PoolAccess *pool, const char *folder, const Volume *volume,
                     const VolumeMake *how, GError **error);
gboolean folder_remove_volume(const Volume *volume, GError **error);
gboolean folder_resize(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                       gboolean allocate, GError **error);

/* The same as PoolBackend's members, of the pool's target. */
gboolean target_check(const PoolAccess *pool, GError **error);
gboolean target_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error);
GPtrArray *target_names(const PoolAccess *pool, GError **error);
Volume *target_open(const PoolAccess *pool, const char *name, GError **error);
gboolean target_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                     GError **error);
gboolean target_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                              GError **error);

#define TARGET_FUNCTIONS                                                                           \
    .check = target_check, .usage = target_usage, .names = target_names, .open = target_open,      \
    .make = target_make, .remove_volume = target_remove_volume, .resize = folder_resize

G_END_DECLS
