/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the handlers of snapshots share. */
#pragma once

#include "snapshot.h"

G_BEGIN_DECLS

typedef struct {
    DomainView view;
    GPtrArray *all;     /* of the domain */
    Snapshot *snapshot; /* one of them, that the call is about */
} SnapshotCall;
void snapshot_call_clear(SnapshotCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SnapshotCall, snapshot_call_clear)

/* The snapshot whose handle args[0] is; with lock its domain's job lock comes along. */
gboolean call_snapshot(const RpcCall *call, gboolean lock, SnapshotCall *ret, GError **error);
void put_snapshot(RpcCall *call, const DomainView *view, const char *name);
gboolean snapshot_is_external(const Snapshot *snapshot);
gboolean snapshot_descends(GPtrArray *all, const Snapshot *snapshot, const char *ancestor);

G_END_DECLS
