/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"

#include <string.h>

#include "xdr.h"

#define LEVEL_ERROR 2 /* VIR_ERR_ERROR */

G_DEFINE_QUARK(kanzend - vir - error, vir_error)
G_DEFINE_QUARK(kanzend - rpc - protocol - error, rpc_protocol_error)

/* The templates hold exactly one %s. */
static char *fill_template(const char *pattern, const char *detail)
{
    const char *gap = strstr(pattern, "%s");

    g_assert(gap != NULL);
    return g_strdup_printf("%.*s%s%s", (int)(gap - pattern), pattern, detail, gap + 2);
}

/* Codes of network filters, whichever call meets one: under another subsystem libvirt's client takes
 * their numbers for those of an old protocol and adds 4. */
static gboolean is_of_nwfilter(VirErrorCode code)
{
    return code == VIR_ERR_INVALID_NWFILTER || code == VIR_ERR_NO_NWFILTER;
}

void rpc_wire_error_init(RpcWireError *wire, const GError *error, VirErrorFrom from,
                         RpcErrorMapper mapper)
{
    *wire = (RpcWireError){ .from = from, .int1 = -1, .int2 = -1 };

    if (error->domain == RPC_PROTOCOL_ERROR)
        wire->from = VIR_FROM_RPC;
    if (error->domain == VIR_ERROR || error->domain == RPC_PROTOCOL_ERROR)
        wire->code = (VirErrorCode)error->code;
    else if (mapper == NULL || !mapper(error, wire))
        wire->code = VIR_ERR_INTERNAL_ERROR;

    if (is_of_nwfilter(wire->code))
        wire->from = VIR_FROM_NWFILTER;
    wire->pattern = vir_error_template(wire->code);
    g_assert(wire->pattern != NULL);
    wire->detail = error->message;
    wire->message = fill_template(wire->pattern, wire->detail);
}

void rpc_wire_error_clear(RpcWireError *wire)
{
    g_clear_pointer(&wire->message, g_free);
}

void rpc_wire_error_put(GByteArray *out, const RpcWireError *wire)
{
    xdr_put_i32(out, wire->code);
    xdr_put_i32(out, wire->from);
    xdr_put_optional_string(out, wire->message);
    xdr_put_i32(out, LEVEL_ERROR);
    xdr_put_u32(out, 0); /* no domain: libvirtd never sends one */
    xdr_put_optional_string(out, wire->pattern);
    xdr_put_optional_string(out, wire->detail);
    xdr_put_optional_string(out, NULL);
    xdr_put_i32(out, wire->int1);
    xdr_put_i32(out, wire->int2);
    xdr_put_u32(out, 0); /* no network */
}
