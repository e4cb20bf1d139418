/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transaction: a tree of its own that begins as a snapshot of the store. It is logged which nodes
 * were looked at and what was changed. At the end, if the store still shows what was looked at, the
 * changes are made in it one after the other; otherwise it is EAGAIN. So a transaction is as if it
 * had happened at its end, all at once.
 */
#pragma once

#include "types.h"

struct xs_conn;
struct xs_ctx;
struct xs_op;
struct xs_tx;

/* What of a node a request depends on. */
#define XS_TX_EXISTS   1U
#define XS_TX_NODE     2U /* value and permissions */
#define XS_TX_CHILDREN 4U

/* 0 and the new id, or -XEN_ENOSPC (quota), -XEN_ENOMEM. */
int xs_tx_start(struct xs_conn *conn, uint32_t *ret_id);
struct xs_tx *xs_tx_find(struct xs_conn *conn, uint32_t id);
struct xs_ctx xs_tx_ctx(struct xs_tx *tx);

/* Before the request looks at path. 0, -XEN_ENOSPC, -XEN_ENOMEM. */
int xs_tx_note(struct xs_tx *tx, const char *path, uint32_t what);
/* Makes the change in the transaction's tree and logs it. */
int xs_tx_apply(struct xs_tx *tx, const struct xs_op *op);

/* Ends it, whatever is returned: 0, -XEN_EAGAIN, -XEN_ENOSPC, -XEN_ENOMEM. Fires the watches. */
int xs_tx_end(struct xs_tx *tx, bool commit);
void xs_tx_end_all(struct xs_conn *conn);
