/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the calls that list objects have in common. */
#pragma once

#include "rpc/client.h"

G_BEGIN_DECLS

/* TRUE when an object of which `bits` hold is among what `flags` ask for: of each group of which
 * any bit is asked, one that is asked must hold. groups end with a 0. */
gboolean list_wanted(guint32 bits, guint32 flags, const guint32 *groups);

/* A kind of object, as its list calls see it. */
typedef struct {
    GPtrArray *(*all)(const RpcCall *call);     /* the caller's, with a function that frees items */
    guint32 (*flags_of)(gconstpointer item);    /* those of its list flags that hold */
    const char *(*name_of)(gconstpointer item); /* what calls older than "list all" answer with */
    void (*put_handle)(RpcCall *call, gconstpointer item);
    guint32 groups[8]; /* of its list flags, as in list_wanted(); no others are known */
} ListKind;

/* The list flags that networks, storage pools and (the first two) interfaces have in common:
 * virConnectListAllNetworksFlags, virConnectListAllStoragePoolsFlags. */
enum {
    LIST_STATE_INACTIVE = 1 << 0,
    LIST_STATE_ACTIVE = 1 << 1,
    LIST_STATE_PERSISTENT = 1 << 2,
    LIST_STATE_TRANSIENT = 1 << 3,
    LIST_STATE_AUTOSTART = 1 << 4,
    LIST_STATE_NO_AUTOSTART = 1 << 5,
};
#define LIST_STATE_GROUPS                                                                          \
    LIST_STATE_INACTIVE | LIST_STATE_ACTIVE, LIST_STATE_PERSISTENT | LIST_STATE_TRANSIENT,         \
        LIST_STATE_AUTOSTART | LIST_STATE_NO_AUTOSTART
guint32 list_state_flags(gboolean active, gboolean persistent, gboolean autostart);

/* A "list all" call: args[0] tells whether handles are wanted beside their number, args[1] are
 * flags. FALSE with VIR_ERR_INVALID_ARG for unknown ones. */
gboolean list_put_all(RpcCall *call, const ListKind *kind, GError **error);
/* The two older calls: how many match flags; at most args[0] of their names. Always TRUE. */
gboolean list_put_number(RpcCall *call, const ListKind *kind, guint32 flags);
gboolean list_put_names(RpcCall *call, const ListKind *kind, guint32 flags);

/* The answer of a "list all" call: the handles of items where they are wanted, and their number. */
void list_put_handles(RpcCall *call, gboolean need_results, const GPtrArray *items,
                      void (*put_handle)(RpcCall *call, gconstpointer item));

G_END_DECLS
