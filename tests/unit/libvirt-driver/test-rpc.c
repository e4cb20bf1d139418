/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server with a program of its own, driven over socket pairs. */
#include "rpc/client.h"
#include "rpc/event.h"
#include "rpc/stream.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM 0x1234u

enum {
    PROC_OPEN = 1,
    PROC_ECHO,
    PROC_BLOCK,
    PROC_WRONG, /* returns what its row does not say */
    PROC_FAIL,
    PROC_UNSUPPORTED,
    PROC_WRITE, /* not for read-only connections */
    PROC_FLAGS, /* 4 not for read-only connections */
    PROC_REGISTER,
    PROC_STREAM,
    PROC_CLOSE,
    PROC_CLOSE_LATE,
    PROC_BIG,
};

typedef struct {
    GMutex lock;
    GCond cond;
    guint blocked;
    gboolean release;
    RpcServer *server;
} App;

static gboolean do_open(RpcCall *call, GError **error)
{
    rpc_client_set_open(call->client);
    return TRUE;
}

static gboolean do_echo(RpcCall *call, GError **error)
{
    xdr_put_string(call->ret, call->args[0].str);
    return TRUE;
}

static gboolean do_block(RpcCall *call, GError **error)
{
    App *app = call->app;

    g_mutex_lock(&app->lock);
    app->blocked++;
    g_cond_broadcast(&app->cond);
    while (!app->release)
        g_cond_wait(&app->cond, &app->lock);
    app->blocked--;
    g_mutex_unlock(&app->lock);
    return TRUE;
}

static gboolean do_wrong(RpcCall *call, GError **error)
{
    xdr_put_u32(call->ret, 1);
    return TRUE;
}

static gboolean do_fail(RpcCall *call, GError **error)
{
    g_set_error(error, VIR_ERROR, VIR_ERR_NO_DOMAIN, "no domain with matching name '%s'", "x");
    return FALSE;
}

static gboolean do_register(RpcCall *call, GError **error)
{
    gint id;

    if (!rpc_events_register(call, RPC_EVENT_DOMAIN, call->args[0].i, call->args[1].str, FALSE, &id,
                             error))
        return FALSE;
    if (g_strcmp0(call->args[1].str, "at once") == 0) {
        const App *app = call->app;
        g_autoptr(GByteArray) body = g_byte_array_new();

        xdr_put_string(body, "early");
        rpc_events_send(app->server, RPC_EVENT_DOMAIN, call->args[0].i, call->args[1].str, body);
    }
    xdr_put_i32(call->ret, id);
    return TRUE;
}

static void stream_opened(RpcStream *stream, gpointer data)
{
    rpc_stream_send(stream, (const guint8 *)"hello", 5);
}

static gboolean stream_received(RpcStream *stream, gpointer data, const guint8 *bytes, gsize len,
                                GError **error)
{
    if (len == 4 && memcmp(bytes, "fail", 4) == 0) {
        g_set_error(error, VIR_ERROR, VIR_ERR_OPERATION_FAILED, "as asked");
        return FALSE;
    }
    rpc_stream_send(stream, bytes, len);
    return TRUE;
}

static void stream_closed(gpointer data)
{
    (*(guint *)data)++;
}

static guint streams_closed;

static const RpcStreamOps stream_ops = {
    .opened = stream_opened,
    .received = stream_received,
    .closed = stream_closed,
};

static gboolean do_stream(RpcCall *call, GError **error)
{
    rpc_stream_new(call, &stream_ops, &streams_closed);
    return TRUE;
}

static gboolean do_close(RpcCall *call, GError **error)
{
    call->closes = TRUE;
    return TRUE;
}

static gboolean do_close_late(RpcCall *call, GError **error)
{
    call->closes = TRUE;
    return do_block(call, error);
}

static gboolean do_big(RpcCall *call, GError **error)
{
    g_autofree char *text = g_strnfill(call->args[0].u, 'b');

    xdr_put_string(call->ret, text);
    return TRUE;
}

#define RO    RPC_PROC_RO
#define QUICK RPC_PROC_QUICK

static const RpcProc procs[] = {
    [PROC_OPEN] = { "OPEN", "vOpen", "", "", RO | QUICK | RPC_PROC_EARLY, 41, do_open },
    [PROC_ECHO] = { "ECHO", "vEcho", "s", "s", RO, 41, do_echo },
    [PROC_BLOCK] = { "BLOCK", "vBlock", "", "", RO, 41, do_block },
    [PROC_WRONG] = { "WRONG", "vWrong", "", "s", RO, 41, do_wrong },
    [PROC_FAIL] = { "FAIL", "vFail", "", "", RO, 41, do_fail },
    [PROC_UNSUPPORTED] = { "UNSUPPORTED", "vUnsupported", "", "", RO, 41, NULL },
    [PROC_WRITE] = { "WRITE", "vWrite", "s", "s", 0, 41, do_echo },
    [PROC_FLAGS] = { "FLAGS", "vFlags", "su", "s", RO, 41, do_echo, 4 },
    [PROC_REGISTER] = { "REGISTER", "vRegister", "i?s", "i", RO | QUICK, 41, do_register },
    [PROC_STREAM] = { "STREAM", "vStream", "", "", RO | RPC_PROC_STREAM, 41, do_stream },
    [PROC_CLOSE] = { "CLOSE", "vClose", "", "", RO | QUICK, 41, do_close },
    [PROC_CLOSE_LATE] = { "CLOSE_LATE", "vCloseLate", "", "", RO, 41, do_close_late },
    [PROC_BIG] = { "BIG", "vBig", "u", "s", RO, 41, do_big },
};

static const RpcProgram program = { PROGRAM, 1, procs, G_N_ELEMENTS(procs) };

typedef struct {
    App app;
    RpcServer *server;
    int fd;
    guint32 serial;
} Fixture;

static int connect_client(RpcServer *server, gboolean readonly)
{
    struct timeval patience = { .tv_sec = 20 };
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_cmpint(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), ==,
                    0);
    rpc_server_add_client(server, pair[1], &(RpcService){ .readonly = readonly });
    return pair[0];
}

static void set_up(Fixture *f, gconstpointer config)
{
    RpcServerConfig c = { 0 };

    if (config != NULL)
        c = *(const RpcServerConfig *)config;
    c.programs = &program;
    c.n_programs = 1;
    c.app = &f->app;
    g_mutex_init(&f->app.lock);
    g_cond_init(&f->app.cond);
    f->server = f->app.server = rpc_server_new(&c);
    f->fd = connect_client(f->server, FALSE);
    streams_closed = 0;
}

static void release(Fixture *f)
{
    g_mutex_lock(&f->app.lock);
    f->app.release = TRUE;
    g_cond_broadcast(&f->app.cond);
    g_mutex_unlock(&f->app.lock);
}

static void tear_down(Fixture *f, gconstpointer config)
{
    release(f);
    close(f->fd);
    rpc_server_free(f->server);
    g_mutex_clear(&f->app.lock);
    g_cond_clear(&f->app.cond);
}

/* ---- the client's side ---- */

static void send_raw(int fd, const void *data, gsize len)
{
    g_assert_cmpint(send(fd, data, len, MSG_NOSIGNAL), ==, (gssize)len);
}

static void send_packet(int fd, guint32 prog, gint32 proc, guint32 type, guint32 serial,
                        guint32 status, const GByteArray *payload)
{
    RpcHeader header = { prog, 1, proc, type, serial, status };
    g_autoptr(GByteArray) packet = rpc_packet_begin(&header);

    if (payload != NULL)
        g_byte_array_append(packet, payload->data, payload->len);
    rpc_packet_finish(packet);
    send_raw(fd, packet->data, packet->len);
}

/* Runs the loop until bytes are there, then reads them. FALSE: end of file. */
static gboolean receive(int fd, guint8 *where, gsize len)
{
    while (len > 0) {
        ssize_t n = recv(fd, where, len, MSG_DONTWAIT);

        if (n == 0)
            return FALSE;
        if (n > 0) {
            where += n;
            len -= (gsize)n;
        } else {
            g_main_context_iteration(NULL, FALSE);
        }
    }
    return TRUE;
}

static RpcPacket *receive_packet(int fd)
{
    g_autoptr(RpcFramer) framer = rpc_framer_new(RPC_PACKET_MAX);
    RpcFramerStatus status = RPC_FRAMER_MORE;

    while (status == RPC_FRAMER_MORE) {
        guint8 *where;
        gsize want = rpc_framer_want(framer, &where);

        if (!receive(fd, where, want))
            return NULL;
        status = rpc_framer_add(framer, want);
    }
    g_assert_cmpint(status, ==, RPC_FRAMER_PACKET);
    return rpc_framer_steal(framer);
}

static void send_call(Fixture *f, gint32 proc, const GByteArray *args)
{
    send_packet(f->fd, PROGRAM, proc, RPC_CALL, f->serial++, RPC_OK, args);
}

static RpcPacket *call(Fixture *f, gint32 proc, const GByteArray *args)
{
    RpcPacket *reply;

    send_call(f, proc, args);
    reply = receive_packet(f->fd);
    g_assert_nonnull(reply);
    g_assert_cmpuint(reply->header.type, ==, RPC_REPLY);
    g_assert_cmpuint(reply->header.serial, ==, f->serial - 1);
    return reply;
}

static void open_connection(Fixture *f)
{
    g_autoptr(RpcPacket) reply = call(f, PROC_OPEN, NULL);

    g_assert_cmpuint(reply->header.status, ==, RPC_OK);
}

static GByteArray *string_arg(const char *text)
{
    GByteArray *args = g_byte_array_new();

    xdr_put_string(args, text);
    return args;
}

static void assert_error(RpcPacket *reply, int code, int from, const char *message)
{
    g_autoptr(XdrArgs) error = NULL;

    g_assert_cmpuint(reply->header.status, ==, RPC_ERROR);
    g_assert_true(
        xdr_check("ii?si?D?s?s?sii?N", reply->data + reply->payload, reply->len - reply->payload));
    error =
        xdr_decode("ii?si?D?s?s?sii?N", reply->data + reply->payload, reply->len - reply->payload);
    g_assert_cmpint(error->values[0].i, ==, code);
    g_assert_cmpint(error->values[1].i, ==, from);
    g_assert_cmpstr(error->values[2].str, ==, message);
    g_assert_cmpint(error->values[3].i, ==, 2);
    rpc_packet_free(reply);
}

/* ---- tests ---- */

static void test_call(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) args = string_arg("hello");
    g_autoptr(RpcPacket) reply = NULL;

    assert_error(call(f, PROC_ECHO, args), 1, 7, "internal error: hypervisor connection not open");
    open_connection(f);
    reply = call(f, PROC_ECHO, args);
    g_assert_cmpmem(reply->data + reply->payload, reply->len - reply->payload, args->data,
                    args->len);
}

static void test_errors(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) zero = g_byte_array_new();

    xdr_put_u32(zero, 4);
    open_connection(f);
    assert_error(call(f, PROC_FAIL, NULL), 42, 41,
                 "Domain not found: no domain with matching name 'x'");
    assert_error(call(f, PROC_UNSUPPORTED, NULL), 3, 20,
                 "this function is not supported by the connection driver: vUnsupported");
    assert_error(call(f, 99, NULL), 39, 7, "unknown procedure: 99");
    assert_error(call(f, 0, NULL), 39, 7, "unknown procedure: 0");
    assert_error(call(f, -1, NULL), 39, 7, "unknown procedure: -1");
    assert_error(call(f, G_MININT32, NULL), 39, 7, "unknown procedure: -2147483648");
    assert_error(call(f, PROC_ECHO, NULL), 39, 7, "Unable to decode message payload");
    assert_error(call(f, PROC_ECHO, zero), 39, 7, "Unable to decode message payload");
    assert_error(call(f, PROC_WRONG, NULL), 39, 7,
                 "Unable to encode message payload of WRONG: 4 bytes are over its limits");
    send_packet(f->fd, 0x5678, 1, RPC_CALL, 0, RPC_OK, NULL);
    assert_error(receive_packet(f->fd), 39, 7, "Cannot find program 22136 version 1");
    send_packet(f->fd, PROGRAM, PROC_ECHO, RPC_CALL, 0, RPC_CONTINUE, NULL);
    assert_error(receive_packet(f->fd), 39, 7, "Unexpected message status 2");
}

static void test_readonly(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) args = string_arg("x");
    g_autoptr(GByteArray) flags = string_arg("x");
    g_autoptr(GByteArray) secure = string_arg("x");
    g_autoptr(RpcPacket) echoed = NULL;
    g_autoptr(RpcPacket) allowed = NULL;

    close(f->fd);
    f->fd = connect_client(f->server, TRUE);
    xdr_put_u32(flags, 3);
    xdr_put_u32(secure, 5);
    open_connection(f);
    echoed = call(f, PROC_ECHO, args);
    g_assert_cmpuint(echoed->header.status, ==, RPC_OK);
    assert_error(call(f, PROC_WRITE, args), 29, 41,
                 "operation forbidden: read only access prevents vWrite");
    allowed = call(f, PROC_FLAGS, flags);
    g_assert_cmpuint(allowed->header.status, ==, RPC_OK);
    assert_error(call(f, PROC_FLAGS, secure), 29, 41,
                 "operation forbidden: vFlags with secure flag");
}

/* Packets a server must not get are dropped without an answer. */
static void test_dropped(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) args = string_arg("x");
    g_autoptr(RpcPacket) reply = NULL;

    open_connection(f);
    send_packet(f->fd, PROGRAM, PROC_ECHO, RPC_REPLY, 7, RPC_OK, args);
    send_packet(f->fd, PROGRAM, PROC_ECHO, RPC_MESSAGE, 7, RPC_OK, args);
    send_packet(f->fd, PROGRAM, PROC_ECHO, RPC_STREAM, 7, RPC_CONTINUE, args);
    send_packet(f->fd, PROGRAM, PROC_ECHO, RPC_STREAM_HOLE, 7, RPC_CONTINUE, args);
    send_packet(f->fd, PROGRAM, PROC_ECHO, 77, 7, RPC_CONTINUE, args);
    reply = call(f, PROC_ECHO, args);
    g_assert_cmpuint(reply->header.status, ==, RPC_OK);
}

static void ping(Fixture *f)
{
    g_autoptr(RpcPacket) pong = NULL;

    send_packet(f->fd, RPC_PROGRAM_KEEPALIVE, RPC_KEEPALIVE_PING, RPC_MESSAGE, 0, RPC_OK, NULL);
    pong = receive_packet(f->fd);
    g_assert_nonnull(pong);
    g_assert_cmphex(pong->header.program, ==, RPC_PROGRAM_KEEPALIVE);
    g_assert_cmpint(pong->header.procedure, ==, RPC_KEEPALIVE_PONG);
    g_assert_cmpuint(pong->len, ==, RPC_HEADER_LEN);
}

/* The calls have been dispatched. */
static void wait_for_blocked(Fixture *f, guint n)
{
    g_mutex_lock(&f->app.lock);
    while (f->app.blocked < n)
        g_cond_wait(&f->app.cond, &f->app.lock);
    g_assert_cmpuint(f->app.blocked, ==, n);
    g_mutex_unlock(&f->app.lock);
}

/* Five calls run, the others wait; pings are answered all the same, and every call once. */
static void test_slots(Fixture *f, gconstpointer unused)
{
    guint seen = 0;

    open_connection(f);
    for (guint i = 0; i < 9; i++)
        send_call(f, PROC_BLOCK, NULL);
    ping(f);
    wait_for_blocked(f, 5);
    release(f);
    for (guint i = 0; i < 9; i++) {
        g_autoptr(RpcPacket) reply = receive_packet(f->fd);

        g_assert_cmpuint(reply->header.status, ==, RPC_OK);
        seen |= 1u << reply->header.serial;
    }
    g_assert_cmphex(seen, ==, 0x3fe);
}

/* A client that sends calls without end and reads nothing is not read for ever. */
static void test_backpressure(Fixture *f, gconstpointer unused)
{
    RpcHeader header = { PROGRAM, 1, PROC_BLOCK, RPC_CALL, 1, RPC_OK };
    g_autoptr(GByteArray) packet = rpc_packet_begin(&header);
    guint sent = 0, idle = 0;

    rpc_packet_finish(packet);
    open_connection(f);
    while (idle < 50) {
        ssize_t n = send(f->fd, packet->data, packet->len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n == (ssize_t)packet->len) {
            sent++;
            idle = 0;
        } else {
            g_assert_cmpint(n, ==, -1);
            idle++;
            g_main_context_iteration(NULL, FALSE);
        }
        g_assert_cmpuint(sent, <, 1000000);
    }
    g_assert_cmpuint(rpc_server_n_clients(f->server), ==, 1);
}

static void test_hangup(Fixture *f, gconstpointer unused)
{
    static const char garbage[] = "GET / HTTP/1.1\r\n\r\n";
    guint8 byte;

    send_raw(f->fd, garbage, sizeof garbage);
    g_assert_false(receive(f->fd, &byte, 1));
    g_assert_cmpuint(rpc_server_n_clients(f->server), ==, 0);
}

static void test_close(Fixture *f, gconstpointer unused)
{
    g_autoptr(RpcPacket) reply = NULL;
    guint8 byte;

    open_connection(f);
    reply = call(f, PROC_CLOSE, NULL);
    g_assert_cmpuint(reply->header.status, ==, RPC_OK);
    g_assert_false(receive(f->fd, &byte, 1));
}

/* As long as there is no reply the connection stays, whatever else is going on. */
static void test_close_late(Fixture *f, gconstpointer unused)
{
    g_autoptr(RpcPacket) reply = NULL;
    guint8 byte;

    open_connection(f);
    send_call(f, PROC_CLOSE_LATE, NULL);
    ping(f);
    wait_for_blocked(f, 1);
    ping(f);
    ping(f);
    release(f);
    reply = receive_packet(f->fd);
    g_assert_nonnull(reply);
    g_assert_cmpuint(reply->header.status, ==, RPC_OK);
    g_assert_false(receive(f->fd, &byte, 1));
}

static gint register_event(Fixture *f, gint event, const char *key)
{
    g_autoptr(GByteArray) args = g_byte_array_new();
    g_autoptr(RpcPacket) reply = NULL;
    g_autoptr(XdrArgs) ret = NULL;

    xdr_put_i32(args, event);
    xdr_put_optional_string(args, key);
    reply = call(f, PROC_REGISTER, args);
    g_assert_cmpuint(reply->header.status, ==, RPC_OK);
    ret = xdr_decode("i", reply->data + reply->payload, reply->len - reply->payload);
    return ret->values[0].i;
}

static void test_events(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) body = string_arg("body");
    g_autoptr(GByteArray) bad = g_byte_array_new();
    static const gint expected[] = { 0, 1, 0 };
    gint all, one, other;

    open_connection(f);
    all = register_event(f, 0, NULL);
    one = register_event(f, 0, "a");
    other = register_event(f, 1, NULL);
    g_assert_cmpint(all, ==, 0);
    g_assert_cmpint(one, ==, 1);
    g_assert_cmpint(other, ==, 2);
    xdr_put_i32(bad, 27);
    xdr_put_u32(bad, 0);
    assert_error(call(f, PROC_REGISTER, bad), 1, 41, "internal error: unsupported event ID 27");

    rpc_events_send(f->server, RPC_EVENT_DOMAIN, 0, "a", body);
    rpc_events_send(f->server, RPC_EVENT_DOMAIN, 0, "b", body);
    rpc_events_send(f->server, RPC_EVENT_NETWORK, 0, "a", body);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(RpcPacket) event = receive_packet(f->fd);
        g_autoptr(XdrArgs) args =
            xdr_decode("is", event->data + event->payload, event->len - event->payload);

        g_assert_cmpuint(event->header.type, ==, RPC_MESSAGE);
        g_assert_cmphex(event->header.program, ==, RPC_PROGRAM_REMOTE);
        g_assert_cmpint(event->header.procedure, ==, 318);
        g_assert_cmpint(args->values[0].i, ==, expected[i]);
        g_assert_cmpstr(args->values[1].str, ==, "body");
    }
}

/* What happens before the client knows its number is told behind the reply that has it. */
static void test_early_event(Fixture *f, gconstpointer unused)
{
    g_autoptr(RpcPacket) event = NULL;
    g_autoptr(XdrArgs) args = NULL;
    gint id;

    open_connection(f);
    id = register_event(f, 0, "at once");
    event = receive_packet(f->fd);
    args = xdr_decode("is", event->data + event->payload, event->len - event->payload);
    g_assert_cmpint(args->values[0].i, ==, id);
    g_assert_cmpstr(args->values[1].str, ==, "early");
}

/* One that registers and does not read is disconnected when its queue is over the limit. */
static void test_slow_reader(Fixture *f, gconstpointer unused)
{
    g_autofree char *text = g_strnfill(100000, 'e');
    g_autoptr(GByteArray) body = string_arg(text);

    open_connection(f);
    register_event(f, 0, NULL);
    g_test_expect_message("kanzend", G_LOG_LEVEL_WARNING, "*does not read*");
    for (guint i = 0; i < 40; i++)
        rpc_events_send(f->server, RPC_EVENT_DOMAIN, 0, "a", body);
    while (rpc_server_n_clients(f->server) > 0)
        g_main_context_iteration(NULL, TRUE);
    g_test_assert_expected_messages();
}

static void test_big_reply(Fixture *f, gconstpointer unused)
{
    g_autoptr(GByteArray) fits = g_byte_array_new();
    g_autoptr(GByteArray) over = g_byte_array_new();
    g_autoptr(RpcPacket) reply = NULL;

    xdr_put_u32(fits, XDR_STRING_MAX);
    xdr_put_u32(over, XDR_STRING_MAX + 1);
    open_connection(f);
    reply = call(f, PROC_BIG, fits);
    g_assert_cmpuint(reply->header.status, ==, RPC_OK);
    g_assert_cmpuint(reply->len, ==, RPC_HEADER_LEN + 4 + XDR_STRING_MAX);
    assert_error(call(f, PROC_BIG, over), 39, 7,
                 "Unable to encode message payload of BIG: 4194312 bytes are over its limits");
}

static void expect_stream(Fixture *f, guint32 serial, guint32 status, const char *data)
{
    g_autoptr(RpcPacket) packet = receive_packet(f->fd);

    g_assert_cmpuint(packet->header.type, ==, RPC_STREAM);
    g_assert_cmpint(packet->header.procedure, ==, PROC_STREAM);
    g_assert_cmpuint(packet->header.serial, ==, serial);
    g_assert_cmpuint(packet->header.status, ==, status);
    if (data != NULL)
        g_assert_cmpmem(packet->data + packet->payload, packet->len - packet->payload, data,
                        strlen(data));
}

static void send_stream(Fixture *f, guint32 serial, guint32 status, const char *data)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();

    g_byte_array_append(payload, (const guint8 *)data, (guint)strlen(data));
    send_packet(f->fd, PROGRAM, PROC_STREAM, RPC_STREAM, serial, status, payload);
}

/* Reads the reply and the greeting, in whichever order. */
static guint32 open_stream(Fixture *f)
{
    guint32 serial = f->serial;

    send_call(f, PROC_STREAM, NULL);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(RpcPacket) packet = receive_packet(f->fd);

        g_assert_cmpuint(packet->header.serial, ==, serial);
        g_assert_true(packet->header.type == RPC_REPLY || packet->header.type == RPC_STREAM);
    }
    return serial;
}

static void test_stream(Fixture *f, gconstpointer unused)
{
    guint32 serial;

    open_connection(f);
    serial = open_stream(f);
    send_stream(f, serial, RPC_CONTINUE, "echo");
    expect_stream(f, serial, RPC_CONTINUE, "echo");
    send_stream(f, serial, RPC_OK, "");
    expect_stream(f, serial, RPC_OK, "");
    g_assert_cmpuint(streams_closed, ==, 1);

    serial = open_stream(f);
    send_stream(f, serial, RPC_ERROR, "");
    expect_stream(f, serial, RPC_OK, "");
    g_assert_cmpuint(streams_closed, ==, 2);

    serial = open_stream(f);
    send_stream(f, serial, RPC_CONTINUE, "fail");
    expect_stream(f, serial, RPC_ERROR, NULL);
    send_stream(f, serial, RPC_CONTINUE, "late");
    send_stream(f, serial, RPC_OK, "");
    g_assert_cmpuint(streams_closed, ==, 3);

    open_stream(f);
    close(f->fd);
    f->fd = connect_client(f->server, FALSE);
    while (streams_closed < 4)
        g_main_context_iteration(NULL, TRUE);
}

static void test_many_clients(Fixture *f, gconstpointer unused)
{
    int fds[100];
    g_autoptr(GByteArray) args = string_arg("x");

    for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = connect_client(f->server, FALSE);
        send_packet(fds[i], PROGRAM, PROC_OPEN, RPC_CALL, 0, RPC_OK, NULL);
        send_packet(fds[i], PROGRAM, PROC_ECHO, RPC_CALL, 1, RPC_OK, args);
    }
    for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
        for (guint j = 0; j < 2; j++) {
            g_autoptr(RpcPacket) reply = receive_packet(fds[i]);

            g_assert_cmpuint(reply->header.status, ==, RPC_OK);
        }
        close(fds[i]);
    }
    while (rpc_server_n_clients(f->server) > 1)
        g_main_context_iteration(NULL, TRUE);
}

int main(int argc, char **argv)
{
    static const RpcServerConfig small_queue = { .limits.max_queue_mib = 1 };

    g_test_init(&argc, &argv, NULL);
#define ADD(path, config, func) g_test_add(path, Fixture, config, set_up, func, tear_down)
    ADD("/rpc/call", NULL, test_call);
    ADD("/rpc/errors", NULL, test_errors);
    ADD("/rpc/readonly", NULL, test_readonly);
    ADD("/rpc/dropped", NULL, test_dropped);
    ADD("/rpc/slots", NULL, test_slots);
    ADD("/rpc/backpressure", NULL, test_backpressure);
    ADD("/rpc/hangup", NULL, test_hangup);
    ADD("/rpc/close", NULL, test_close);
    ADD("/rpc/close-late", NULL, test_close_late);
    ADD("/rpc/events", NULL, test_events);
    ADD("/rpc/early-event", NULL, test_early_event);
    ADD("/rpc/slow-reader", &small_queue, test_slow_reader);
    ADD("/rpc/big-reply", NULL, test_big_reply);
    ADD("/rpc/stream", NULL, test_stream);
    ADD("/rpc/many-clients", NULL, test_many_clients);
    return g_test_run();
}
