/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's own state, and the operations on nodes that requests, transactions and hv itself
 * share. */
#pragma once

#include "change.h"
#include "tree.h"
#include "xenstore.h"

/* xenstored's default quotas; they hold for unprivileged domains only. */
#define XS_QUOTA_NODES       1000 /* owned by a domain */
#define XS_QUOTA_ENTRY_BYTES 2048 /* value, children's names and permissions of one node */
#define XS_QUOTA_PERMS       5
#define XS_QUOTA_WATCHES     128
#define XS_QUOTA_TX          10   /* transactions at a time */
#define XS_QUOTA_TX_NODES    1024 /* nodes accessed in one transaction */
/* Not xenstored's: bytes of changes that a domain's open transactions may hold, and of watch events
 * that may wait for any connection (then events are merged, see watch.h). They bound what a guest
 * can take of hv's heap. */
#define XS_QUOTA_TX_BYTES    (256 * 1024)
#define XS_QUOTA_EVENT_BYTES (64 * 1024)
#define XS_EVENT_BYTES       (1024 * 1024) /* for domain 0 */

/* Paths that are events, not nodes. */
enum xs_special { XS_INTRODUCE_DOMAIN, XS_RELEASE_DOMAIN, XS_SPECIAL_COUNT };

struct xenstore {
    uint32_t guest_domid;
    bool guest_introduced;
    struct xs_node *root;
    uint64_t generation; /* for xs_stamp */
    uint64_t version;    /* of root; counts changes and commits */
    struct xs_perms *special[XS_SPECIAL_COUNT];
    struct xs_conn *conns;
    struct xs_hv_watch *hv_watches;
    struct xs_hv_event *hv_events, **hv_events_tail;
    uint32_t nr_hv_events;
    void (*on_due)(void *opaque);
    void *on_due_opaque;
};

/* The special path's index, or XS_SPECIAL_COUNT. */
enum xs_special xs_special_find(const char *path);
const char *xs_special_path(enum xs_special special);

/* Who works on which tree. */
struct xs_ctx {
    struct xenstore *xs;
    struct xs_node **root;      /* &xs->root, or a transaction's */
    uint32_t domid;             /* its rights and quotas; 0: all, none */
    struct xs_changes *changes; /* where changes are noted for the watches; NULL: nowhere */
};

/* The node at a valid absolute path if ctx->domid has all rights in want (XS_MAY_READ ...).
 * -XEN_ENOENT, or -XEN_EACCES, also for an absent node below one without these rights. */
int xs_lookup(const struct xs_ctx *ctx, const char *path, uint32_t want, struct xs_node **ret);

/* A change of one node. Paths are absolute and valid. */
enum xs_op_kind { XS_OP_WRITE, XS_OP_MKDIR, XS_OP_REMOVE, XS_OP_SET_PERMS };
struct xs_op {
    enum xs_op_kind kind;
    const char *path;
    const void *value; /* of XS_OP_WRITE */
    uint32_t len;
    struct xs_perms *perms; /* of XS_OP_SET_PERMS; a reference is taken */
};

/* 0 or -XEN_E*; on error nothing changed. */
int xs_op_apply(const struct xs_ctx *ctx, const struct xs_op *op);
