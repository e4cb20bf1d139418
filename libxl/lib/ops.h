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

/* Sees to the supervisor, takes the lock, loads the records, finishes what an operation that was
 * killed has left. FALSE: no such domain, or it has ended. */
gboolean kxl_op_begin(KxlOp *op, KxlHost *host, int domid, GError **error);
void kxl_op_end(KxlOp *op);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlOp, kxl_op_end)

/* One command to the emulator. */
gboolean kxl_op_qmp(KxlOp *op, const char *command, JsonObject *arguments, GError **error);
/* A connection to the emulator's monitor, for more than one. */
KxlQmp *kxl_op_monitor(KxlOp *op, GError **error);
/* Both at once, for what begins with asking the emulator. */
KxlQmp *kxl_op_begin_monitor(KxlOp *op, KxlHost *host, int domid, GError **error);
#define KXL_OP_TIMEOUT_MS 20000
/* Changes a domain's stored configuration under the lock that guards names. */
typedef void (*KxlConfigChange)(KxlDomainConfig *config, gconstpointer data);
gboolean kxl_op_change_config(KxlHost *host, int domid, KxlConfigChange change, gconstpointer data,
                              GError **error);
/* Like kxl_domain_destroy(); how says what the end is recorded as. */
#define KXL_END_SAVED "saved"
gboolean kxl_domain_end(KxlHost *host, int domid, const char *how, GError **error);
/* Lets the stopped machine run, and returns when that has been noted. */
gboolean kxl_op_go_on(KxlOp *op, GError **error);
/* A machine that has stood still goes on now: hv learns what time it is. Nothing when hv is not up
 * yet. */
void kxl_op_tell_time(KxlOp *op);
/* A connection to a PV domain's store; the domain must be running for it to answer. */
KxlXs *kxl_op_store(KxlOp *op, GError **error);
