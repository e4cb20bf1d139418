/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the handlers of volumes share. A volume's handle is pool name, volume name and key. */
#pragma once

#include "handler-util.h"
#include "pool.h"

G_BEGIN_DECLS

/* The active pool whose handle is args[0], of a type whose volumes can be looked at. */
gboolean call_volume_pool(const RpcCall *call, PoolView *view, PoolAccess *access, GError **error);
/* The volume whose handle is args[index]; access borrows from view. */
Volume *call_volume(const RpcCall *call, guint index, PoolView *view, PoolAccess *access,
                    GError **error);
void put_volume(GByteArray *out, const PoolDef *pool, const char *name, const char *key);

G_END_DECLS
