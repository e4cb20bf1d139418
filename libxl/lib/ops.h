/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an operation on a running domain begins with. */
#pragma once

#include "qmp.h"
#include "rundir.h"
#include "xs-client.h"

typedef struct {
    const KxlHost *host;
    int domid;
    KxlFd lock; /* ops.lock: one operation at a time */
    KxlState *state;
    KxlDomainConfig *config;
} KxlOp;

/* Sees to the supervisor, takes the lock, loads the records. FALSE: no such domain, or it has
 * ended. */
gboolean kxl_op_begin(KxlOp *op, KxlHost *host, int domid, GError **error);
void kxl_op_end(KxlOp *op);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlOp, kxl_op_end)

/* One command to the emulator. */
gboolean kxl_op_qmp(KxlOp *op, const char *command, JsonObject *arguments, GError **error);
/* A connection to a PV domain's store; the domain must be running for it to answer. */
KxlXs *kxl_op_store(KxlOp *op, GError **error);
