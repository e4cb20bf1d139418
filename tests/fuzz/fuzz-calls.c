/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls as a client could make them: every procedure of the table, its arguments of the right
 * types, made from the input by rpc-generator.c, and stream packets between them. The whole daemon
 * stands behind it, on the fake libkxl, in a sandbox: a well-formed call may well ask for a file to
 * be removed.
 */
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake-kxl.h"
#include "handler-util.h"
#include "kanzend.h"
#include "procedures.h"
#include "rpc-generator.h"
#include "sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_CALLS    24u
#define MAX_PACKET   (1024u * 1024u)
#define INPUTS_A_RUN 400u /* then a new daemon, with nothing defined */
#define PROC_OPEN    1

typedef struct {
    guint32 program;
    gint32 number;
    const RpcProc *proc;
} Target;

static Kanzend kanzend;
static GArray *targets; /* of Target: what has a handler */
static char *dir;
static guint n_inputs;

/* ---- the daemon ---- */

static void collect_targets(void)
{
    targets = g_array_new(FALSE, FALSE, sizeof(Target));
    for (guint p = 0; p < kanzend_n_programs; p++) {
        for (guint i = 0; i < kanzend_programs[p].n_procs; i++) {
            const Target target = { kanzend_programs[p].program, (gint32)i,
                                    &kanzend_programs[p].procs[i] };

            /* Closing ends the conversation at once. */
            if (target.proc->handler != NULL && g_strcmp0(target.proc->name, "CONNECT_CLOSE") != 0)
                g_array_append_val(targets, target);
        }
    }
}

/* Of the log's lines one is a bug: a call that fails without an error. */
static GLogWriterOutput no_log(GLogLevelFlags level, const GLogField *fields, gsize n,
                               gpointer unused)
{
    for (gsize i = 0; i < n; i++) {
        if (!g_str_equal(fields[i].key, "MESSAGE") || !strstr(fields[i].value, "does not say why"))
            continue;
        fprintf(stderr, "%s\n", (const char *)fields[i].value);
        abort();
    }
    return G_LOG_WRITER_HANDLED;
}

static void stop_daemon(void)
{
    g_autofree char *command = g_strdup_printf("/bin/rm -rf '%s'", dir);

    if (kanzend.server != NULL)
        rpc_server_stop(kanzend.server);
    kanzend_close(&kanzend);
    fake_kxl_reset(); /* what the calls have left running would be the next daemon's */
    if (system(command) != 0)
        g_error("cannot remove '%s'", dir);
    g_clear_pointer(&dir, g_free);
}

static void start_daemon(void)
{
    RpcServerConfig config = { .programs = kanzend_programs, .n_programs = kanzend_n_programs };
    g_autofree char *pool = NULL, *volume = NULL, *disk = NULL;
    g_autoptr(GError) error = NULL;

    dir = g_strdup("/tmp/fuzz-calls.XXXXXX");
    g_assert_nonnull(g_mkdtemp(dir));
    pool = g_build_filename(dir, "pool", NULL);
    volume = g_build_filename(pool, "v", NULL);
    disk = g_build_filename(dir, "disk", NULL);
    g_assert_cmpint(g_mkdir(pool, 0700), ==, 0);
    g_assert_true(g_file_set_contents(volume, "a volume", -1, NULL));
    g_assert_true(g_file_set_contents(disk, "a disk", -1, NULL));
    g_setenv("KANZEN_LIB_DIR", dir, TRUE);
    g_setenv("KANZEN_RUN_DIR", dir, TRUE);
    g_setenv("PATH", dir, TRUE); /* no helpers */
    kanzend.uri = "xen:///system";
    if (!kanzend_open(&kanzend, &config, FALSE, &error))
        g_error("%s", error->message);
}

/* ---- the conversation ---- */

static void add_packet(GByteArray *out, const RpcHeader *header, const GByteArray *payload)
{
    g_autoptr(GByteArray) packet = rpc_packet_begin(header);

    g_byte_array_append(packet, payload->data, payload->len);
    rpc_packet_finish(packet);
    g_byte_array_append(out, packet->data, packet->len);
}

/* What a client may send on the stream that the call has opened, or not. */
static void add_stream_packets(GByteArray *out, Tape *tape, RpcHeader header)
{
    for (guint n = tape_pick(tape, 4); n > 0; n--) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        header.type = tape_pick(tape, 6) == 0 ? RPC_STREAM_HOLE : RPC_STREAM;
        header.status = tape_pick(tape, 4) == 0 ? tape_pick(tape, 3) : RPC_CONTINUE;
        g_byte_array_set_size(bytes, tape_u8(tape));
        if (bytes->len > 0)
            memset(bytes->data, tape_u8(tape), bytes->len);
        add_packet(out, &header, bytes);
    }
}

static void add_call(GByteArray *out, Tape *tape, guint32 serial)
{
    const Target *target = &g_array_index(targets, Target, tape_pick(tape, targets->len));
    RpcHeader header = { target->program, 1, target->number, RPC_CALL, serial, RPC_OK };
    g_autoptr(GByteArray) args = g_byte_array_new();

    tape->likes_documents =
        strstr(target->proc->name, "XML") != NULL || strstr(target->proc->name, "_DEVICE") != NULL;
    generate_args(target->proc->args, tape, args);
    add_packet(out, &header, args);
    if (target->proc->flags & RPC_PROC_STREAM)
        add_stream_packets(out, tape, header);
}

static GByteArray *begin_conversation(void)
{
    static const RpcHeader open = { RPC_PROGRAM_REMOTE, 1, PROC_OPEN, RPC_CALL, 0, RPC_OK };
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) args = g_byte_array_new();

    xdr_put_u32(args, 0); /* no name */
    xdr_put_u32(args, 0);
    add_packet(out, &open, args);
    return out;
}

static GByteArray *make_conversation(Tape *tape)
{
    GByteArray *out = begin_conversation();

    for (guint i = 0; i < MAX_CALLS && tape->left > 0 && out->len < MAX_PACKET; i++)
        add_call(out, tape, i + 1);
    return out;
}

static gboolean is_busy(void)
{
    RpcWorkerStats stats;

    rpc_server_get_worker_stats(kanzend.server, &stats);
    return stats.queued > 0 || stats.free < stats.threads;
}

/* How many there are, and the status that ends the header of the last one (NULL: not asked). */
static guint count_packets(const GByteArray *packets, guint32 *ret_last_status)
{
    guint32 len = 0, status = GUINT32_TO_BE(RPC_ERROR);
    guint n = 0;

    for (guint at = 0; at + RPC_HEADER_LEN <= packets->len; at += MAX(GUINT32_FROM_BE(len), 1)) {
        memcpy(&len, packets->data + at, sizeof len);
        memcpy(&status, packets->data + at + RPC_HEADER_LEN - sizeof status, sizeof status);
        n++;
    }
    if (ret_last_status != NULL)
        *ret_last_status = GUINT32_FROM_BE(status);
    return n;
}

/* Sends it as the server takes it, appends the answers to answers, hangs up when there are so many
 * and nothing is at work, waits for what still runs. What the server has not begun by then it
 * forgets, as it should. */
static void converse(int fd, const GByteArray *bytes, GByteArray *answers, guint n_wanted)
{
    guint8 some[65536];
    guint sent = 0;

    while (rpc_server_n_clients(kanzend.server) > 0) {
        ssize_t n = sent < bytes->len ? send(fd, bytes->data + sent, bytes->len - sent,
                                             MSG_DONTWAIT | MSG_NOSIGNAL)
                                      : 0;

        sent += n > 0 ? (guint)n : 0;
        if (sent == bytes->len && !is_busy() && count_packets(answers, NULL) >= n_wanted &&
            shutdown(fd, SHUT_WR) < 0)
            break;
        g_main_context_iteration(NULL, FALSE);
        while ((n = recv(fd, some, sizeof some, MSG_DONTWAIT)) > 0)
            g_byte_array_append(answers, some, (guint)n);
    }
    close(fd);
    while (rpc_server_n_clients(kanzend.server) > 0 || is_busy())
        g_main_context_iteration(NULL, FALSE);
}

static void serve(const GByteArray *bytes, GByteArray *answers, guint n_wanted)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    rpc_server_add_client(kanzend.server, pair[1], &(RpcService){ 0 });
    converse(pair[0], bytes, answers, n_wanted);
}

static void call_alone(gint32 procedure, const GByteArray *args, GByteArray *answers)
{
    const RpcHeader header = { RPC_PROGRAM_REMOTE, 1, procedure, RPC_CALL, 1, RPC_OK };
    g_autoptr(GByteArray) bytes = begin_conversation();

    add_packet(bytes, &header, args);
    serve(bytes, answers, 2); /* that of the opening, too */
}

static void call_that_works(gint32 procedure, const GByteArray *args)
{
    g_autoptr(GByteArray) answers = g_byte_array_new();
    guint32 status;

    call_alone(procedure, args, answers);
    count_packets(answers, &status);
    if (status == RPC_OK)
        return;
    for (guint i = 0; i < answers->len; i++) /* the error's texts among them */
        if (!g_ascii_isprint(answers->data[i]))
            answers->data[i] = '.';
    fprintf(stderr, "call %d failed: %.*s\n", procedure, (int)answers->len,
            (const char *)answers->data);
    abort();
}

/* A running domain and an active pool, whose volume is found. */
static void start_objects(void)
{
    guint8 uuid[XDR_UUID_LEN];
    g_autoptr(GByteArray) pool = g_byte_array_new(), domain = g_byte_array_new();

    uuid_from_text(dictionary_uuids[5], uuid);
    xdr_put_string(pool, "p");
    xdr_put_raw(pool, uuid, sizeof uuid);
    xdr_put_u32(pool, 0);
    call_that_works(78, pool);
    uuid_from_text(dictionary_uuids[7], uuid);
    xdr_put_string(domain, "h");
    xdr_put_raw(domain, uuid, sizeof uuid);
    xdr_put_i32(domain, -1);
    call_that_works(9, domain);
}

/* Something of each kind, for calls to find: the documents that define them. Devices and interfaces
 * of the host are there, those of the sandbox. */
static void define_objects(void)
{
    static const struct {
        gint32 procedure;
        const char *root;
    } rows[] = {
        { 41, "<network>" }, { 77, "<pool " },    { 142, "<secret " },
        { 11, "<domain " },  { 180, "<filter " }, { 399, "<filterbinding>" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (guint d = 0; d < dictionary_documents_len; d++) {
            g_autoptr(GString) document = g_string_new(dictionary_documents[d]);
            g_autoptr(GByteArray) args = g_byte_array_new(), answers = g_byte_array_new();

            if (!g_str_has_prefix(document->str, rows[i].root))
                continue;
            g_string_replace(document, "%DIR%", dir, 0);
            xdr_put_string(args, document->str);
            xdr_put_u32(args, 0); /* flags, of those that have them */
            call_alone(rows[i].procedure, args, answers);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Tape tape = { .bytes = data, .left = size };
    g_autoptr(GByteArray) bytes = NULL, answers = g_byte_array_new();

    if (targets == NULL) {
        sandbox_enter();
        g_log_set_writer_func(no_log, NULL, NULL);
        collect_targets();
        atexit(stop_daemon);
    }
    if (n_inputs++ % INPUTS_A_RUN == 0) {
        if (dir != NULL)
            stop_daemon();
        start_daemon();
        define_objects();
        start_objects();
    }
    tape.dir = dir;
    bytes = make_conversation(&tape);
    serve(bytes, answers, 0);
    return 0;
}
