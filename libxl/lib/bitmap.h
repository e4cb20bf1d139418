/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty bitmaps in the images of disks. */
#pragma once

#include "block.h"
#include "kxl-backup.h"

/* A running machine with its disks, for as long as one operation on several of them takes:
 * g_auto(KxlDisks) disks = KXL_DISKS_NONE. */
typedef struct {
    KxlOp op;
    KxlQmp *qmp;
    GPtrArray *blocks; /* of KxlBlock */
    JsonArray *nodes;  /* as query-named-block-nodes tells them */
} KxlDisks;
#define KXL_DISKS_NONE                                                                             \
    {                                                                                              \
        .op = {.lock = -1 }                                                                        \
    }

gboolean kxl_disks_open(KxlDisks *disks, KxlHost *host, int domid, GError **error);
void kxl_disks_clear(KxlDisks *disks);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlDisks, kxl_disks_clear)
/* The names of the nodes of a disk's chain that have a usable bitmap of that name, the top one
 * first; borrowed from nodes. None when the top one has none: then what was written there is not
 * known. */
GPtrArray *kxl_bitmap_holders(JsonArray *nodes, const KxlBlock *block, const char *name);
/* The names of the bitmaps that a node keeps in its image; borrowed from nodes. */
GPtrArray *kxl_bitmap_names(JsonArray *nodes, const char *node);
/* One for a new bitmap: an action of a transaction. KXL_ERROR_UNSUPPORTED, KXL_ERROR_EXISTS. */
gboolean kxl_bitmap_add_action(JsonArray *actions, JsonArray *nodes, GPtrArray *blocks,
                               const KxlBitmap *bitmap, GError **error);
/* Of a transaction: type and its data, which is taken over. */
void kxl_transaction_add(JsonArray *actions, const char *type, JsonObject *data);
gboolean kxl_transaction_run(KxlQmp *qmp, JsonArray *actions, GError **error);
