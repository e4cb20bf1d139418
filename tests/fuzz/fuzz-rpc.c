/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a client. An input that begins with an even byte is what the client sends, raw; one
 * that begins with an odd byte is a sequence of calls on an open connection, each a procedure
 * number (2 bytes), a length (2 bytes) and that many bytes of arguments, so that random input gets
 * past the header. The whole daemon stands behind it, on the fake libkxl.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kanzend.h"
#include "procedures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROC_OPEN 1
#define PROCS     450 /* a few more than there are */

static Kanzend kanzend;
static char dir[] = "/tmp/fuzz-rpc.XXXXXX";

static void remove_dir(void)
{
    g_autofree char *command = g_strdup_printf("/bin/rm -rf '%s'", dir);

    rpc_server_stop(kanzend.server);
    kanzend_close(&kanzend);
    if (system(command) != 0)
        g_warning("cannot remove '%s'", dir);
}

static GLogWriterOutput no_log(GLogLevelFlags level, const GLogField *fields, gsize n,
                               gpointer unused)
{
    return G_LOG_WRITER_HANDLED;
}

static void start_daemon(void)
{
    RpcServerConfig config = { .programs = kanzend_programs,
                               .n_programs = kanzend_n_programs };

    g_log_set_writer_func(no_log, NULL, NULL);
    g_assert_nonnull(g_mkdtemp(dir));
    g_setenv("KANZEN_LIB_DIR", dir, TRUE);
    g_setenv("KANZEN_RUN_DIR", dir, TRUE);
    g_setenv("PATH", dir, TRUE); /* a network that is well-formed is not to be made on this host */
    kanzend.uri = "xen:///system";
    g_assert_true(kanzend_open(&kanzend, &config, FALSE, NULL));
    atexit(remove_dir);
}

static void add_call(GByteArray *out, gint32 procedure, const uint8_t *args, size_t len)
{
    static guint32 serial;
    RpcHeader header = { RPC_PROGRAM_REMOTE, 1, procedure, RPC_CALL, serial++, RPC_OK };
    g_autoptr(GByteArray) packet = rpc_packet_begin(&header);

    g_byte_array_append(packet, args, (guint)len);
    rpc_packet_finish(packet);
    g_byte_array_append(out, packet->data, packet->len);
}

static void add_calls(GByteArray *out, const uint8_t *data, size_t size)
{
    static const uint8_t open_args[8]; /* no name, no flags */

    add_call(out, PROC_OPEN, open_args, sizeof open_args);
    while (size >= 4) {
        size_t len = MIN((size_t)data[2] << 8 | data[3], size - 4);

        add_call(out, (data[0] << 8 | data[1]) % PROCS, data + 4, len);
        data += 4 + len;
        size -= 4 + len;
    }
}

/* Feeds it while the server keeps reading, and reads its answers away. */
static void converse(int fd, const GByteArray *bytes)
{
    char answers[65536];
    guint sent = 0;

    while (rpc_server_n_clients(kanzend.server) > 0) {
        ssize_t n = sent < bytes->len ? send(fd, bytes->data + sent, bytes->len - sent,
                                             MSG_DONTWAIT | MSG_NOSIGNAL)
                                      : 0;

        sent += n > 0 ? (guint)n : 0;
        if (sent == bytes->len && shutdown(fd, SHUT_WR) < 0)
            break;
        g_main_context_iteration(NULL, FALSE);
        while (recv(fd, answers, sizeof answers, MSG_DONTWAIT) > 0)
            ;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int pair[2];

    if (kanzend.server == NULL)
        start_daemon();
    if (size == 0)
        return 0;
    if (data[0] & 1)
        add_calls(bytes, data + 1, size - 1);
    else
        g_byte_array_append(bytes, data + 1, (guint)size - 1);

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    rpc_server_add_client(kanzend.server, pair[1], &(RpcService){ 0 });
    converse(pair[0], bytes);
    close(pair[0]);
    while (rpc_server_n_clients(kanzend.server) > 0)
        g_main_context_iteration(NULL, TRUE);
    return 0;
}
