/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors on their way to a client. Handlers set VIR_ERROR with libvirt's number and the detail
 * only, or pass on what libkxl and domain-xml reported: errors.c beside main.c knows how those map
 * to libvirt's numbers.
 */
#pragma once

#include <glib.h>
#include "error-codes.h"

G_BEGIN_DECLS

/* code: a VirErrorCode. Comes from the subsystem of the procedure that failed, or from the one that
 * VIR_ERROR_CODE() puts beside it. */
#define VIR_ERROR (vir_error_quark())
GQuark vir_error_quark(void);
#define VIR_ERROR_CODE(from, code) ((int)(from) << 8 | (int)(code))

/* code: a VirErrorCode. The call itself was wrong: VIR_FROM_RPC. */
#define RPC_PROTOCOL_ERROR (rpc_protocol_error_quark())
GQuark rpc_protocol_error_quark(void);

typedef struct {
    VirErrorCode code;
    VirErrorFrom from;
    char *message;       /* complete text */
    const char *pattern; /* its template */
    const char *detail;  /* borrowed from the GError */
    int int1, int2;      /* int1: errno of a system error, else -1 */
} RpcWireError;

/* Sets code, and from and int1 when it knows better, for the error domains of the libraries below
 * kanzend. FALSE: not one of theirs. */
typedef gboolean (*RpcErrorMapper)(const GError *error, RpcWireError *wire);

/* from: the subsystem of the procedure. What nobody knows is an internal error. The result borrows
 * from error; clear it with rpc_wire_error_clear(). */
void rpc_wire_error_init(RpcWireError *wire, const GError *error, VirErrorFrom from,
                         RpcErrorMapper mapper);
void rpc_wire_error_clear(RpcWireError *wire);
/* The error structure that is a failed reply's payload. */
void rpc_wire_error_put(GByteArray *out, const RpcWireError *wire);

G_END_DECLS
