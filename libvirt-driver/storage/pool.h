/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The storage pools. A pool only says where its volumes are; they are looked at anew each time, so
 * they are what the storage holds now.
 */
#pragma once

#include "pool-backend.h"
#include "rpc/server.h"
#include "volume-use.h"

G_BEGIN_DECLS

typedef struct PoolRegistry PoolRegistry;

/* What a pool was at one moment. */
typedef struct {
    PoolDef *def;  /* a reference: as it is used now */
    PoolDef *next; /* a reference: from its next start on; NULL: the same */
    gboolean active, persistent, autostart;
} PoolView;
void pool_view_clear(PoolView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PoolView, pool_view_clear)

/*
 * Loads the definitions below dir, takes up again the pools that were active according to run_dir,
 * takes away what the last daemon left half made, and once per boot starts the pools marked for it.
 */
PoolRegistry *pool_registry_new(const char *dir, const char *run_dir, RpcServer *server,
                                SecretRegistry *secrets, GError **error);
void pool_registry_free(PoolRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolRegistry, pool_registry_free)

/* What the functions of def's type are given. Borrows both. */
PoolAccess pool_access(PoolRegistry *registry, const PoolDef *def);
VolumeUses *pool_volume_uses(PoolRegistry *registry);

/* FALSE with "no storage pool": not there. */
gboolean pool_find_uuid(PoolRegistry *registry, const char *uuid, PoolView *ret_view,
                        GError **error);
gboolean pool_find_name(PoolRegistry *registry, const char *name, PoolView *ret_view,
                        GError **error);
/* Of PoolView, by name; freed with the array. */
GPtrArray *pool_list(PoolRegistry *registry);
/* Its XML: as it is now, or with inactive as it will be started next. */
char *pool_format(PoolRegistry *registry, const PoolView *view, gboolean inactive);

enum { POOL_BUILD_NONE = -1 };

/* The definition of a pool, new or not; an active one keeps using what it was started with. */
gboolean pool_define(PoolRegistry *registry, PoolDef *def, GError **error);
/* Starts def, which is not kept if there is no persistent definition. Nothing is left when it
 * fails. build: flags of a build before, POOL_BUILD_NONE: none. */
gboolean pool_create(PoolRegistry *registry, PoolDef *def, int build, GError **error);
gboolean pool_start(PoolRegistry *registry, const char *uuid, int build, GError **error);
gboolean pool_stop(PoolRegistry *registry, const char *uuid, GError **error);
gboolean pool_undefine(PoolRegistry *registry, const char *uuid, GError **error);
gboolean pool_set_autostart(PoolRegistry *registry, const char *uuid, gboolean autostart,
                            GError **error);
/* Makes what holds the volumes; removes it. */
gboolean pool_build(PoolRegistry *registry, const char *uuid, guint flags, GError **error);
gboolean pool_delete(PoolRegistry *registry, const char *uuid, GError **error);
/* A pool that cannot be used any more ends. */
gboolean pool_refresh(PoolRegistry *registry, const char *uuid, GError **error);
/* Tells clients that its volumes have changed. */
void pool_changed(PoolRegistry *registry, const PoolDef *def);

G_END_DECLS
