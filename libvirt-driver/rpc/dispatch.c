/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a CALL packet to its REPLY: find the row, check what may be checked before, run the handler,
 * answer once. */
#include "client-internal.h"

#include <unistd.h>

#include "stream.h"

static const RpcProgram *find_program(RpcServer *server, guint32 number, guint32 version)
{
    const RpcServerConfig *config = rpc_server_config(server);

    for (guint i = 0; i < config->n_programs; i++) {
        if (config->programs[i].program == number && config->programs[i].version == version)
            return &config->programs[i];
    }
    return NULL;
}

static const RpcProc *find_proc(const RpcProgram *program, gint32 number)
{
    if (number < 0 || (guint32)number >= program->n_procs || program->procs[number].name == NULL)
        return NULL;
    return &program->procs[number];
}

const RpcProc *rpc_server_find_proc(RpcServer *server, guint32 program, gint32 procedure)
{
    const RpcProgram *found = find_program(server, program, 1);

    return found != NULL ? find_proc(found, procedure) : NULL;
}

/* ---- replies ---- */

static GByteArray *begin_reply(const RpcHeader *call, RpcStatus status)
{
    RpcHeader header = *call;

    header.type = RPC_REPLY;
    header.status = status;
    return rpc_packet_begin(&header);
}

static GByteArray *error_reply(RpcCall *call, const GError *error)
{
    VirErrorFrom from = call->proc != NULL ? (VirErrorFrom)call->proc->from : VIR_FROM_RPC;
    GByteArray *reply = begin_reply(&call->header, RPC_ERROR);
    RpcWireError wire;

    rpc_wire_error_init(&wire, error, from, rpc_server_config(call->client->server)->map_error);
    rpc_wire_error_put(reply, &wire);
    g_debug("rpc: %s: %s: error %d: %s", rpc_client_name(call->client),
            call->proc != NULL ? call->proc->name : "unknown procedure", wire.code, wire.message);
    rpc_wire_error_clear(&wire);
    return reply;
}

/* The result must be what the row says: a client that cannot decode a reply drops its
 * connection. */
static gboolean check_result(const RpcCall *call, GError **error)
{
    const GByteArray *ret = call->ret;

    if (ret->len <= RPC_PACKET_MAX &&
        xdr_check(call->proc->ret, ret->data + RPC_HEADER_LEN, ret->len - RPC_HEADER_LEN))
        return TRUE;
    g_set_error(error, RPC_PROTOCOL_ERROR, VIR_ERR_RPC,
                "Unable to encode message payload of %s: %u bytes are over its limits",
                call->proc->name, ret->len - RPC_HEADER_LEN);
    return FALSE;
}

/* Descriptors travel over unix sockets only. */
static gboolean check_descriptor(const RpcCall *call, GError **error)
{
    if (call->reply_fd < 0 || rpc_client_transport(call->client) == RPC_TRANSPORT_UNIX)
        return TRUE;
    g_set_error(error, VIR_ERROR, VIR_ERR_NO_SUPPORT, "%s over a network", call->proc->api);
    return FALSE;
}

static void call_free(RpcCall *call)
{
    xdr_args_free(call->args_owner);
    rpc_codec_free(call->next_codec);
    rpc_packet_free(call->packet);
    if (call->reply_fd >= 0)
        close(call->reply_fd);
    g_clear_pointer(&call->ret, g_byte_array_unref);
    rpc_client_unref(call->client);
    g_free(call);
}

/* A reply that a descriptor follows is of another type and says how many. */
static void announce_descriptor(GByteArray *reply, const RpcCall *call)
{
    RpcHeader header = call->header;
    g_autoptr(GByteArray) head = NULL;

    header.type = RPC_REPLY_WITH_FDS;
    header.status = RPC_OK;
    head = rpc_packet_begin(&header);
    xdr_put_u32(head, 1);
    g_byte_array_remove_range(reply, 0, RPC_HEADER_LEN);
    g_byte_array_prepend(reply, head->data, head->len);
}

static void finish_call(RpcCall *call, const GError *error)
{
    GByteArray *reply = error != NULL ? error_reply(call, error) : g_steal_pointer(&call->ret);
    int fd = call->reply_fd;
    RpcCallEnd end;

    call->reply_fd = -1;
    if (error == NULL && fd >= 0)
        announce_descriptor(reply, call);
    rpc_packet_finish(reply);
    if (call->stream != NULL && error != NULL)
        rpc_stream_discard(g_steal_pointer(&call->stream));
    end = (RpcCallEnd){ .reply = reply,
                        .fd = error == NULL ? fd : -1,
                        .next_codec = error == NULL ? g_steal_pointer(&call->next_codec) : NULL,
                        .stream = call->stream,
                        .request_bytes = call->packet->len,
                        .closes = call->closes };
    rpc_client_call_done(call->client, &end);
    if (error != NULL && fd >= 0)
        close(fd);
    if (error == NULL && call->replied != NULL)
        call->replied(call);
    call_free(call);
}

void rpc_dispatch_run(RpcCall *call)
{
    g_autoptr(GError) error = NULL;

    call->ret = begin_reply(&call->header, RPC_OK);
    if (call->proc->handler(call, &error)) {
        if (check_result(call, &error))
            check_descriptor(call, &error);
    } else if (error == NULL) {
        /* A mistake in the handler is no reason to take everybody's connection away. */
        g_critical("rpc: %s failed and does not say why", call->proc->api);
        g_set_error(&error, VIR_ERROR, VIR_ERR_INTERNAL_ERROR,
                    "%s failed and does not say why: please report this", call->proc->api);
    }
    finish_call(call, error);
}

/* ---- checks ---- */

gboolean rpc_call_check_writable(const RpcCall *call, GError **error)
{
    if (!rpc_client_is_readonly(call->client))
        return TRUE;
    g_set_error(error, VIR_ERROR, VIR_ERR_OPERATION_DENIED, "read only access prevents %s",
                call->proc->api);
    return FALSE;
}

/* What only some flags of a call make forbidden. */
static gboolean check_readonly_flags(const RpcCall *call, GError **error)
{
    guint last = call->args_owner->n_values;

    if (!rpc_client_is_readonly(call->client))
        return TRUE;
    if (call->proc->ro_deny != 0 && (call->args[last - 1].u & call->proc->ro_deny)) {
        g_set_error(error, VIR_ERROR, VIR_ERR_OPERATION_DENIED, "%s with secure flag",
                    call->proc->api);
        return FALSE;
    }
    return TRUE;
}

/* What is wrong with the call itself; FALSE. */
static gboolean G_GNUC_PRINTF(3, 4)
    refuse(GError **error, VirErrorCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(RPC_PROTOCOL_ERROR, (gint)code, format, args));
    va_end(args);
    return FALSE;
}

/* Fills in the row and the decoded arguments. */
static gboolean prepare_call(RpcCall *call, const RpcPacket *packet, GError **error)
{
    const RpcHeader *header = &packet->header;
    const RpcProgram *program =
        find_program(call->client->server, header->program, header->version);

    if (program == NULL)
        return refuse(error, VIR_ERR_RPC, "Cannot find program %d version %d", (int)header->program,
                      (int)header->version);
    if (header->status != RPC_OK)
        return refuse(error, VIR_ERR_RPC, "Unexpected message status %u", header->status);
    call->proc = find_proc(program, header->procedure);
    if (call->proc == NULL) /* the client library looks for exactly these words */
        return refuse(error, VIR_ERR_RPC, "unknown procedure: %d", header->procedure);
    if (!rpc_client_is_authenticated(call->client) && !(call->proc->flags & RPC_PROC_ANON))
        return refuse(error, VIR_ERR_RPC, "authentication required");
    if (!rpc_client_is_open(call->client) && !(call->proc->flags & RPC_PROC_EARLY))
        return refuse(error, VIR_ERR_INTERNAL_ERROR, "hypervisor connection not open");
    /* Before anything that such a client sent is decoded. */
    if (!(call->proc->flags & RPC_PROC_RO) && !rpc_call_check_writable(call, error))
        return FALSE;
    call->args_owner =
        xdr_decode(call->proc->args, packet->data + packet->payload, packet->len - packet->payload);
    if (call->args_owner == NULL)
        return refuse(error, VIR_ERR_RPC, "Unable to decode message payload");
    call->args = call->args_owner->values;
    if (!check_readonly_flags(call, error))
        return FALSE;
    if (call->proc->handler == NULL) {
        /* libvirt.so says this before a driver is asked. */
        g_set_error(
            error, VIR_ERROR,
            VIR_ERROR_CODE(call->proc->from == VIR_FROM_LIBXL ? VIR_FROM_DOMAIN : VIR_FROM_NONE,
                           VIR_ERR_NO_SUPPORT),
            "%s", call->proc->api);
        return FALSE;
    }
    return TRUE;
}

/* Another thread is woken for what may block only: the way there and back takes longer than most
 * calls. */
static gboolean is_quick(const RpcCall *call)
{
    return (call->proc->flags & RPC_PROC_QUICK) ||
           (call->proc->quick_if != NULL && call->proc->quick_if(call));
}

void rpc_dispatch_call(RpcClient *client, RpcPacket *packet)
{
    g_autoptr(GError) error = NULL;
    RpcCall *call = g_new0(RpcCall, 1);

    call->packet = packet;
    call->reply_fd = -1;
    call->client = rpc_client_ref(client);
    call->app = rpc_server_config(client->server)->app;
    call->header = packet->header;

    g_mutex_lock(&client->lock);
    client->running++;
    client->running_bytes += packet->len;
    g_mutex_unlock(&client->lock);

    if (!prepare_call(call, packet, &error))
        finish_call(call, error);
    else if (is_quick(call))
        rpc_dispatch_run(call);
    else
        rpc_server_push_call(client->server, call);
}
