/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storage pools of type dir: a folder whose files are volumes. A pool only says where the folder
 * is; its volumes are looked at anew each time, so they are what the folder holds now.
 */
#pragma once

#include <glib.h>

#include "rpc/server.h"

G_BEGIN_DECLS

typedef struct PoolRegistry PoolRegistry;
typedef struct Pool Pool;

/* Permissions as XML says them; -1: not said. */
typedef struct {
    gint64 mode, owner, group;
} PoolPermissions;

/* Constant once made. */
typedef struct {
    char *name;
    char uuid[37];
    char *path;
    PoolPermissions permissions;
} PoolDef;

typedef struct {
    const PoolDef *def; /* as long as the view */
    Pool *pool;         /* a reference */
    gboolean active, persistent, autostart;
} PoolView;
void pool_view_clear(PoolView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PoolView, pool_view_clear)

/* pool-def.c */
PoolDef *pool_def_parse(const char *xml, GError **error);
void pool_def_free(PoolDef *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolDef, pool_def_free)
/* With the folder's figures when it is there. */
char *pool_def_format(const PoolDef *def);

typedef struct {
    guint64 capacity, allocation, available; /* bytes of the file system */
} PoolUsage;
gboolean pool_def_usage(const PoolDef *def, PoolUsage *ret_usage);

/* pool.c. Loads the definitions and starts those marked for it. */
PoolRegistry *pool_registry_new(const char *dir, RpcServer *server, GError **error);
void pool_registry_free(PoolRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolRegistry, pool_registry_free)

/* FALSE with "no storage pool": not there. */
gboolean pool_find_uuid(PoolRegistry *registry, const char *uuid, PoolView *ret_view,
                        GError **error);
gboolean pool_find_name(PoolRegistry *registry, const char *name, PoolView *ret_view,
                        GError **error);
/* Of PoolView, by name; freed with the array. */
GPtrArray *pool_list(PoolRegistry *registry);

/* Adds a pool, or changes its definition; takes def. active: transient, unless it is defined too.
 */
gboolean pool_add(PoolRegistry *registry, PoolDef *def, gboolean persistent, PoolView *ret_view,
                  GError **error);
gboolean pool_undefine(PoolRegistry *registry, const PoolView *view, GError **error);
gboolean pool_set_autostart(PoolRegistry *registry, const PoolView *view, gboolean autostart,
                            GError **error);
gboolean pool_start(PoolRegistry *registry, const PoolView *view, GError **error);
gboolean pool_stop(PoolRegistry *registry, const PoolView *view, GError **error);
/* A pool added by CREATE_XML whose start failed goes away again. */
void pool_forget_transient(PoolRegistry *registry, const PoolView *view);
/* Makes the folder; removes the empty folder. */
gboolean pool_build(const PoolView *view, GError **error);
gboolean pool_delete(PoolRegistry *registry, const PoolView *view, GError **error);
void pool_refreshed(PoolRegistry *registry, const PoolView *view);

G_END_DECLS
