/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions: snapshot, log, validation, replay. */
#include "transaction.h"
#include "alloc.h"
#include "conn.h"
#include "perms.h"
#include "store.h"
#include "string.h"
#include "watch.h"
#include <xen/errno.h>

struct xs_access {
    struct xs_access *next;
    uint32_t hash;
    uint32_t what;
    char path[];
};

struct xs_logged {
    struct xs_logged *next;
    struct xs_op op;
    char data[]; /* path, value */
};

struct xs_tx {
    struct xs_tx *next;
    struct xs_conn *conn;
    uint32_t id;
    struct xs_node *base; /* the store when it began */
    uint64_t base_version;
    struct xs_node *root; /* base with this transaction's changes */
    struct xs_access *accesses;
    uint32_t nr_accesses;
    struct xs_logged *log, **log_tail;
    size_t bytes; /* of the log */
    struct xs_changes changes;
};

int xs_tx_start(struct xs_conn *conn, uint32_t *ret_id)
{
    struct xs_tx *tx;

    if (conn->domid && conn->nr_txs >= XS_QUOTA_TX)
        return -XEN_ENOSPC;
    tx = kmalloc(sizeof(*tx));
    if (!tx)
        return -XEN_ENOMEM;
    do {
        conn->last_tx_id++;
    } while (!conn->last_tx_id || xs_tx_find(conn, conn->last_tx_id));
    tx->conn = conn;
    tx->id = conn->last_tx_id;
    tx->base = xs_node_ref(conn->xs->root);
    tx->root = xs_node_ref(conn->xs->root);
    tx->base_version = conn->xs->version;
    tx->log_tail = &tx->log;
    tx->next = conn->txs;
    conn->txs = tx;
    conn->nr_txs++;
    *ret_id = tx->id;
    return 0;
}

struct xs_tx *xs_tx_find(struct xs_conn *conn, uint32_t id)
{
    for (struct xs_tx *tx = conn->txs; tx; tx = tx->next) {
        if (tx->id == id)
            return tx;
    }
    return NULL;
}

struct xs_ctx xs_tx_ctx(struct xs_tx *tx)
{
    return (struct xs_ctx){ tx->conn->xs, &tx->root, tx->conn->domid, &tx->changes };
}

int xs_tx_note(struct xs_tx *tx, const char *path, uint32_t what)
{
    size_t len = strlen(path) + 1;
    struct xs_access *a;
    uint32_t hash = 0;

    for (size_t i = 0; i < len; i++)
        hash = hash * 31 + (uint8_t)path[i];
    for (a = tx->accesses; a; a = a->next) {
        if (a->hash == hash && strcmp(a->path, path) == 0) {
            a->what |= what;
            return 0;
        }
    }
    if (tx->conn->domid && tx->nr_accesses >= XS_QUOTA_TX_NODES)
        return -XEN_ENOSPC;
    a = kmalloc(sizeof(*a) + len);
    if (!a)
        return -XEN_ENOMEM;
    memcpy(a->path, path, len);
    a->hash = hash;
    a->what = what;
    a->next = tx->accesses;
    tx->accesses = a;
    tx->nr_accesses++;
    return 0;
}

static void logged_free(struct xs_logged *l)
{
    xs_perms_put(l->op.perms);
    kfree(l);
}

static size_t conn_tx_bytes(const struct xs_conn *conn)
{
    size_t bytes = 0;

    for (const struct xs_tx *tx = conn->txs; tx; tx = tx->next)
        bytes += tx->bytes;
    return bytes;
}

int xs_tx_apply(struct xs_tx *tx, const struct xs_op *op)
{
    struct xs_ctx ctx = xs_tx_ctx(tx);
    size_t path_len = strlen(op->path) + 1;
    size_t bytes = sizeof(struct xs_logged) + path_len + op->len;
    struct xs_logged *l;
    int err;

    if (ctx.domid && conn_tx_bytes(tx->conn) + bytes > XS_QUOTA_TX_BYTES)
        return -XEN_ENOSPC;
    l = kmalloc(bytes);
    if (!l)
        return -XEN_ENOMEM;
    memcpy(l->data, op->path, path_len);
    if (op->len)
        memcpy(l->data + path_len, op->value, op->len);
    l->op = *op;
    l->op.path = l->data;
    l->op.value = l->data + path_len;
    if (op->perms)
        xs_perms_ref(op->perms);
    err = xs_op_apply(&ctx, &l->op);
    if (err) {
        logged_free(l);
        return err;
    }
    *tx->log_tail = l;
    tx->log_tail = &l->next;
    tx->bytes += bytes;
    return 0;
}

/* The store shows at a->path what the transaction saw there. */
static bool unchanged(const struct xs_tx *tx, const struct xs_access *a)
{
    const struct xs_node *then = xs_tree_find(tx->base, a->path);
    const struct xs_node *now = xs_tree_find(tx->conn->xs->root, a->path);

    if (then == now)
        return true;
    if (!then || !now)
        return false;
    return !(a->what & XS_TX_NODE && then->gen != now->gen) &&
           !(a->what & XS_TX_CHILDREN && then->list_gen != now->list_gen);
}

static int commit(struct xs_tx *tx)
{
    struct xenstore *xs = tx->conn->xs;
    struct xs_node *root;
    struct xs_ctx ctx = { xs, &root, tx->conn->domid, NULL };

    /* What was only read is a consistent snapshot, however old. */
    if (!tx->log)
        return 0;
    if (tx->base_version == xs->version) {
        root = xs_node_ref(tx->root);
    } else {
        for (const struct xs_access *a = tx->accesses; a; a = a->next) {
            if (!unchanged(tx, a))
                return -XEN_EAGAIN;
        }
        root = xs_node_ref(xs->root);
        for (const struct xs_logged *l = tx->log; l; l = l->next) {
            int err = xs_op_apply(&ctx, &l->op);

            if (err) {
                xs_node_put(root);
                return err == -XEN_ENOMEM || err == -XEN_ENOSPC ? err : -XEN_EAGAIN;
            }
        }
    }
    xs_node_put(xs->root);
    xs->root = root;
    xs->version++;
    return 0;
}

static void tx_free(struct xs_tx *tx)
{
    struct xs_tx **link = &tx->conn->txs;

    while (*link != tx)
        link = &(*link)->next;
    *link = tx->next;
    tx->conn->nr_txs--;
    while (tx->accesses) {
        struct xs_access *next = tx->accesses->next;

        kfree(tx->accesses);
        tx->accesses = next;
    }
    while (tx->log) {
        struct xs_logged *next = tx->log->next;

        logged_free(tx->log);
        tx->log = next;
    }
    xs_changes_clear(&tx->changes);
    xs_node_put(tx->root);
    xs_node_put(tx->base);
    kfree(tx);
}

int xs_tx_end(struct xs_tx *tx, bool do_commit)
{
    struct xenstore *xs = tx->conn->xs;
    struct xs_changes changes = { NULL, NULL };
    int err = do_commit ? commit(tx) : 0;

    if (do_commit && !err) {
        changes = tx->changes;
        tx->changes = (struct xs_changes){ NULL, NULL };
    }
    tx_free(tx);
    xs_fire(xs, &changes);
    return err;
}

void xs_tx_end_all(struct xs_conn *conn)
{
    while (conn->txs)
        xs_tx_end(conn->txs, false);
}
