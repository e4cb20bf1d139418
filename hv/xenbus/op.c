/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations on nodes: rights, quotas, the change itself, and the note for the watches. */
#include "store.h"
#include "path.h"
#include "perms.h"
#include "string.h"
#include <xen/errno.h>

static struct xs_stamp stamp_of(const struct xs_ctx *ctx)
{
    return (struct xs_stamp){ &ctx->xs->generation, ctx->xs->guest_domid };
}

int xs_lookup(const struct xs_ctx *ctx, const char *path, uint32_t want, struct xs_node **ret)
{
    const char *rest;
    struct xs_node *n = xs_tree_walk(*ctx->root, path, &rest);
    uint32_t access = xs_perms_access(n->perms, ctx->domid);

    *ret = NULL;
    if (*rest) /* whether it is there at all is told only to those with a right above it */
        return access & want ? -XEN_ENOENT : -XEN_EACCES;
    if ((access & want) != want)
        return -XEN_EACCES;
    *ret = n;
    return 0;
}

/* xenstored counts a node's record: a header of 24 bytes, 8 for each permission, value, children's
 * names. */
static bool fits_quota(const struct xs_ctx *ctx, uint32_t nr_perms, uint32_t value_len,
                       uint32_t list_len)
{
    return ctx->domid == 0 || 24 + 8 * nr_perms + value_len + list_len < XS_QUOTA_ENTRY_BYTES;
}

static int check_create_quota(const struct xs_ctx *ctx, const char *path, uint32_t value_len)
{
    const char *rest, *name;
    struct xs_node *above = xs_tree_walk(*ctx->root, path, &rest);
    size_t len = xs_path_next(&rest, &name);
    uint32_t nr_new = 1;

    if (ctx->domid == 0)
        return 0;
    if (!fits_quota(ctx, above->perms->nr, value_len, 0) ||
        !fits_quota(ctx, above->perms->nr, above->value_len, above->list_len + (uint32_t)len + 1))
        return -XEN_ENOSPC;
    while (xs_path_next(&rest, &name))
        nr_new++;
    return (*ctx->root)->guest_nodes + nr_new > XS_QUOTA_NODES ? -XEN_ENOSPC : 0;
}

/* Ends an operation: the change takes effect for the watches, or nothing happened. */
static int finish(const struct xs_ctx *ctx, struct xs_change *change, int err)
{
    if (err || !ctx->changes)
        xs_change_free(change);
    else
        xs_changes_add(ctx->changes, change);
    if (!err && ctx->root == &ctx->xs->root)
        ctx->xs->version++;
    return err;
}

static int create(const struct xs_ctx *ctx, const struct xs_op *op, uint32_t len)
{
    int64_t owner = ctx->domid ? (int64_t)ctx->domid : -1;
    struct xs_stamp stamp = stamp_of(ctx);
    int err = check_create_quota(ctx, op->path, len);
    struct xs_change *change;

    if (err)
        return err;
    change = xs_change_new(op->path);
    if (!change)
        return -XEN_ENOMEM;
    err = xs_tree_create(ctx->root, op->path, owner, op->value, len, &stamp);
    return finish(ctx, change, err);
}

static int op_write(const struct xs_ctx *ctx, const struct xs_op *op)
{
    struct xs_stamp stamp = stamp_of(ctx);
    struct xs_change *change;
    struct xs_node *n;
    int err = xs_lookup(ctx, op->path, XS_MAY_WRITE, &n);

    if (err == -XEN_ENOENT)
        return create(ctx, op, op->len);
    if (err)
        return err;
    if (!fits_quota(ctx, n->perms->nr, op->len, n->list_len))
        return -XEN_ENOSPC;
    change = xs_change_new(op->path);
    if (!change)
        return -XEN_ENOMEM;
    err = xs_tree_set_value(ctx->root, op->path, op->value, op->len, &stamp);
    return finish(ctx, change, err);
}

static int op_mkdir(const struct xs_ctx *ctx, const struct xs_op *op)
{
    struct xs_node *n;
    int err = xs_lookup(ctx, op->path, XS_MAY_WRITE, &n);

    return err == -XEN_ENOENT ? create(ctx, op, 0) : err;
}

static int op_remove(const struct xs_ctx *ctx, const struct xs_op *op)
{
    struct xs_stamp stamp = stamp_of(ctx);
    struct xs_change *change;
    struct xs_node *n;
    int err = xs_lookup(ctx, op->path, XS_MAY_WRITE, &n);

    /* A node that is not there is as good as removed, if its parent is. */
    if (err == -XEN_ENOENT && xs_tree_parent(*ctx->root, op->path))
        return 0;
    if (err)
        return err;
    if (strcmp(op->path, "/") == 0)
        return -XEN_EINVAL;
    change = xs_change_new(op->path);
    if (!change)
        return -XEN_ENOMEM;
    err = xs_tree_remove(ctx->root, op->path, &stamp, &change->removed);
    return finish(ctx, change, err);
}

static int op_set_perms(const struct xs_ctx *ctx, const struct xs_op *op)
{
    struct xs_stamp stamp = stamp_of(ctx);
    struct xs_change *change;
    struct xs_node *n;
    int err = xs_lookup(ctx, op->path, XS_MAY_WRITE | XS_MAY_OWN, &n);

    if (err)
        return err;
    if (ctx->domid) {
        /* Giving nodes away would be a way round the quota of nodes. */
        if (op->perms->entry[0].domid != n->perms->entry[0].domid)
            return -XEN_EPERM;
        if (op->perms->nr > XS_QUOTA_PERMS ||
            !fits_quota(ctx, op->perms->nr, n->value_len, n->list_len))
            return -XEN_ENOSPC;
    }
    change = xs_change_new(op->path);
    if (!change)
        return -XEN_ENOMEM;
    change->old_perms = xs_perms_ref(n->perms);
    err = xs_tree_set_perms(ctx->root, op->path, op->perms, &stamp);
    return finish(ctx, change, err);
}

int xs_op_apply(const struct xs_ctx *ctx, const struct xs_op *op)
{
    static int (*const apply[])(const struct xs_ctx *, const struct xs_op *) = {
        [XS_OP_WRITE] = op_write,
        [XS_OP_MKDIR] = op_mkdir,
        [XS_OP_REMOVE] = op_remove,
        [XS_OP_SET_PERMS] = op_set_perms,
    };

    return apply[op->kind](ctx, op);
}
