/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The storage pools. A pool only says where its volumes are; they are looked at anew each time, so
 * they are what the folder holds now.
 */
#pragma once

#include <glib.h>

#include "pool-def.h"
#include "rpc/server.h"

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
 * and once per boot starts those marked for it.
 */
PoolRegistry *pool_registry_new(const char *dir, const char *run_dir, RpcServer *server,
                                GError **error);
void pool_registry_free(PoolRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolRegistry, pool_registry_free)

/* FALSE with "no storage pool": not there. */
gboolean pool_find_uuid(PoolRegistry *registry, const char *uuid, PoolView *ret_view,
                        GError **error);
gboolean pool_find_name(PoolRegistry *registry, const char *name, PoolView *ret_view,
                        GError **error);
/* Of PoolView, by name; freed with the array. */
GPtrArray *pool_list(PoolRegistry *registry);

/* The definition of a pool, new or not; an active one keeps using what it was started with. */
gboolean pool_define(PoolRegistry *registry, PoolDef *def, GError **error);
/* Starts def, which is not kept if there is no persistent definition. Nothing is left when it
 * fails. */
gboolean pool_create(PoolRegistry *registry, PoolDef *def, gboolean build, GError **error);
gboolean pool_start(PoolRegistry *registry, const char *uuid, gboolean build, GError **error);
gboolean pool_stop(PoolRegistry *registry, const char *uuid, GError **error);
gboolean pool_undefine(PoolRegistry *registry, const char *uuid, GError **error);
gboolean pool_set_autostart(PoolRegistry *registry, const char *uuid, gboolean autostart,
                            GError **error);
/* Makes what holds the volumes; removes it when it is empty. */
gboolean pool_build(PoolRegistry *registry, const char *uuid, GError **error);
gboolean pool_delete(PoolRegistry *registry, const char *uuid, GError **error);
/* A pool that cannot be used any more ends. */
gboolean pool_refresh(PoolRegistry *registry, const char *uuid, GError **error);

G_END_DECLS
