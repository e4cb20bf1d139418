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

/* Codes that belong to one subsystem, whichever call meets them. Those of network filters must:
 * under another, libvirt's client takes their numbers for those of an old protocol and adds 4. */
static const struct {
    VirErrorCode code;
    VirErrorFrom from;
} owners[] = {
    { VIR_ERR_INVALID_NWFILTER, VIR_FROM_NWFILTER },
    { VIR_ERR_NO_NWFILTER, VIR_FROM_NWFILTER },
    { VIR_ERR_NO_NWFILTER_BINDING, VIR_FROM_NWFILTER },
    { VIR_ERR_NO_NETWORK, VIR_FROM_NETWORK },
    { VIR_ERR_NO_NETWORK_PORT, VIR_FROM_NETWORK },
    { VIR_ERR_NO_STORAGE_POOL, VIR_FROM_STORAGE },
    { VIR_ERR_NO_STORAGE_VOL, VIR_FROM_STORAGE },
    { VIR_ERR_NO_SECRET, VIR_FROM_SECRET },
    { VIR_ERR_NO_NODE_DEVICE, VIR_FROM_NODEDEV },
    { VIR_ERR_NO_INTERFACE, VIR_FROM_INTERFACE },
    { VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_DOMAIN },
    { VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU },
    { VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML },
};

static VirErrorFrom owner_of(VirErrorCode code, VirErrorFrom otherwise)
{
    for (guint i = 0; i < G_N_ELEMENTS(owners); i++) {
        if (owners[i].code == code)
            return owners[i].from;
    }
    return otherwise;
}

/* What a handler said of itself. */
static void take_code(RpcWireError *wire, int code)
{
    wire->code = (VirErrorCode)(code & 0xff);
    if (code >> 8 != 0)
        wire->from = (VirErrorFrom)(code >> 8);
}

void rpc_wire_error_init(RpcWireError *wire, const GError *error, VirErrorFrom from,
                         RpcErrorMapper mapper)
{
    *wire = (RpcWireError){ .from = from, .int1 = -1, .int2 = -1 };

    if (error->domain == RPC_PROTOCOL_ERROR)
        wire->from = VIR_FROM_RPC;
    if (error->domain == VIR_ERROR || error->domain == RPC_PROTOCOL_ERROR)
        take_code(wire, error->code);
    else if (mapper == NULL || !mapper(error, wire))
        wire->code = VIR_ERR_INTERNAL_ERROR;

    wire->from = owner_of(wire->code, wire->from);
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
