/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Console streams: bytes between a client and the pty of a guest's console. One client at a time
 * has a console; FORCE takes it away from another. What the guest does not read piles up to a
 * limit, then the stream ends: it must not hold up the client's other calls.
 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "handler.h"
#include "rpc/fd-source.h"
#include "rpc/stream.h"

enum { CONSOLE_FORCE = 1, CONSOLE_SAFE = 2 }; /* virDomainConsoleFlags */

#define READ_SIZE   65536u
#define PENDING_MAX (256u * 1024u)

struct Consoles {
    GMutex lock;
    GHashTable *sessions; /* by tty; borrowed, a session leaves when it ends */
};

typedef struct {
    int refs; /* atomic */
    Consoles *consoles;
    char *tty;
    int fd;
    /* Loop thread. */
    RpcStream *stream; /* NULL: over */
    GSource *source;
    GByteArray *pending; /* from the client, for the guest */
    gboolean paused;     /* the client does not keep up */
    gboolean ended;      /* end of file was sent */
} Session;

Consoles *consoles_new(void)
{
    Consoles *consoles = g_new0(Consoles, 1);

    g_mutex_init(&consoles->lock);
    consoles->sessions = g_hash_table_new(g_str_hash, g_str_equal);
    return consoles;
}

void consoles_free(Consoles *consoles)
{
    if (consoles == NULL)
        return;
    g_assert(g_hash_table_size(consoles->sessions) == 0);
    g_hash_table_unref(consoles->sessions);
    g_mutex_clear(&consoles->lock);
    g_free(consoles);
}

static void session_unref(gpointer data)
{
    Session *session = data;

    if (!g_atomic_int_dec_and_test(&session->refs))
        return;
    if (session->fd >= 0)
        close(session->fd);
    g_byte_array_unref(session->pending);
    g_free(session->tty);
    g_free(session);
}

/* ---- loop thread ---- */

static void update_events(Session *session)
{
    GIOCondition events = 0;

    if (session->source == NULL)
        return;
    if (!session->paused)
        events |= G_IO_IN;
    if (session->pending->len > 0)
        events |= G_IO_OUT;
    fd_source_set_events(session->source, events);
}

/* No more bytes either way; the client finishes the stream. */
static void end(Session *session)
{
    g_clear_pointer(&session->source, fd_source_free);
    if (session->stream != NULL && !session->ended)
        rpc_stream_send_eof(session->stream);
    session->ended = TRUE;
}

static gboolean flush_pending(Session *session)
{
    while (session->pending->len > 0) {
        ssize_t n = write(session->fd, session->pending->data, session->pending->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        g_byte_array_remove_range(session->pending, 0, (guint)n);
    }
    return TRUE;
}

static gboolean read_guest(Session *session)
{
    guint8 buffer[READ_SIZE];
    ssize_t n = read(session->fd, buffer, sizeof buffer);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return FALSE;
    rpc_stream_send(session->stream, buffer, (gsize)n);
    session->paused = rpc_stream_is_full(session->stream);
    return TRUE;
}

/* A pty whose other side is closed reads as EIO or end of file: the guest is gone. */
static void session_ready(GIOCondition ready, gpointer user_data)
{
    Session *session = user_data;
    gboolean ok = TRUE;

    if (ready & G_IO_OUT)
        ok = flush_pending(session);
    if (ok && (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR)))
        ok = read_guest(session);
    if (ok)
        update_events(session);
    else
        end(session);
}

static void session_opened(RpcStream *stream, gpointer data)
{
    Session *session = data;

    session->stream = stream;
    if (session->ended) /* taken away already */
        rpc_stream_send_eof(stream);
    else
        session->source = fd_source_new(NULL, session->fd, G_IO_IN, session_ready, session);
}

static gboolean session_received(RpcStream *stream, gpointer data, const guint8 *bytes, gsize len,
                                 GError **error)
{
    Session *session = data;

    if (session->ended)
        return TRUE;
    if (session->pending->len + len > PENDING_MAX)
        return fail(error, VIR_ERR_OPERATION_FAILED,
                    "the guest does not read its console: %u bytes are waiting",
                    session->pending->len);
    g_byte_array_append(session->pending, bytes, (guint)len);
    if (flush_pending(session))
        update_events(session);
    else
        end(session);
    return TRUE;
}

static void session_drained(RpcStream *stream, gpointer data)
{
    Session *session = data;

    session->paused = FALSE;
    update_events(session);
}

static void session_closed(gpointer data)
{
    Session *session = data;
    Consoles *consoles = session->consoles;

    session->stream = NULL;
    g_clear_pointer(&session->source, fd_source_free);
    g_mutex_lock(&consoles->lock);
    if (g_hash_table_lookup(consoles->sessions, session->tty) == session)
        g_hash_table_remove(consoles->sessions, session->tty);
    g_mutex_unlock(&consoles->lock);
    session_unref(session);
}

static const RpcStreamOps session_ops = {
    .opened = session_opened,
    .received = session_received,
    .drained = session_drained,
    .closed = session_closed,
};

/* ---- opening, in a worker ---- */

static gboolean take_away(gpointer data)
{
    end(data);
    return G_SOURCE_REMOVE;
}

static int open_tty(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int saved = errno;
    struct termios raw;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(saved),
                    "cannot open the console '%s': %s", path, g_strerror(saved));
        return -1;
    }
    /* An echo on this side would come back to the guest as input. */
    if (tcgetattr(fd, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    return fd;
}

/* Enters the table, or fails because another client is in it. */
static gboolean enter(Consoles *consoles, Session *session, gboolean force, GError **error)
{
    Session *other;

    g_mutex_lock(&consoles->lock);
    other = g_hash_table_lookup(consoles->sessions, session->tty);
    if (other != NULL && !force) {
        g_mutex_unlock(&consoles->lock);
        return fail(error, VIR_ERR_OPERATION_FAILED,
                    "Active console session exists for this domain");
    }
    if (other != NULL) {
        g_atomic_int_inc(&other->refs);
        g_idle_add_full(G_PRIORITY_HIGH, take_away, other, session_unref);
    }
    g_hash_table_replace(consoles->sessions, session->tty, session);
    g_mutex_unlock(&consoles->lock);
    return TRUE;
}

/* The n-th device whose alias is name, or the first one; -1: none. */
static int find_char(const GPtrArray *devices, const char *name)
{
    for (guint i = 0; i < devices->len; i++) {
        const DomainChar *device = devices->pdata[i];

        if (name == NULL || g_strcmp0(device->info.alias, name) == 0)
            return (int)i;
    }
    return -1;
}

/* A PV domain's console is the PV one, an HVM domain's its first serial port. */
static char *find_tty(const Kanzend *kanzend, const DomainView *view, const char *name,
                      GError **error)
{
    const DomainDef *def = definition_def(view->live);
    int serial = find_char(def->serials, name);
    int console = find_char(def->consoles, name);
    gboolean hvm = g_strcmp0(def->os_type, "hvm") == 0;

    if (name != NULL && serial < 0 && console < 0) {
        fail(error, VIR_ERR_INTERNAL_ERROR, "cannot find character device %s", name);
        return NULL;
    }
    if (hvm)
        return kxl_domain_console_tty(kanzend->host, view->id, "serial", (guint)MAX(serial, 0),
                                      error);
    return kxl_domain_console_tty(kanzend->host, view->id, "pv", (guint)MAX(console, 0), error);
}

/* One that the caller has opened, named by path; takes both. */
static gboolean begin_session(RpcCall *call, char *path, int fd, gboolean force, GError **error)
{
    const Kanzend *kanzend = call->app;
    Session *session = g_new0(Session, 1);

    session->refs = 1;
    session->consoles = kanzend->consoles;
    session->tty = path;
    session->fd = fd;
    session->pending = g_byte_array_new();
    if (!enter(kanzend->consoles, session, force, error)) {
        session_unref(session);
        return FALSE;
    }
    rpc_stream_new(call, &session_ops, session);
    return TRUE;
}

gboolean on_domain_open_console(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *tty = NULL;
    int fd;

    if (!check_flags(call, call->args[2].u, CONSOLE_FORCE | CONSOLE_SAFE, error) ||
        !call_running(call, "opened", &view, error))
        return FALSE;
    tty = find_tty(kanzend, &view, call->args[1].str, error);
    if (tty == NULL)
        return FALSE;
    fd = open_tty(tty, error);
    return fd >= 0 &&
           begin_session(call, g_steal_pointer(&tty), fd, call->args[2].u & CONSOLE_FORCE, error);
}

/* ---- channels: unix sockets that the emulator listens on ---- */

#define CHANNEL_FORCE 1u /* virDomainChannelFlags */

/* By its name in the guest or its alias; name NULL: the first one. */
static const DomainChar *find_channel(const DomainDef *def, const char *name, GError **error)
{
    for (guint i = 0; i < def->channels->len; i++) {
        const DomainChar *channel = def->channels->pdata[i];

        if (name == NULL || g_strcmp0(channel->target_name, name) == 0 ||
            g_strcmp0(channel->info.alias, name) == 0)
            return channel;
    }
    fail(error, VIR_ERR_INTERNAL_ERROR, "cannot find channel %s", name != NULL ? name : "(any)");
    return NULL;
}

static int connect_channel(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), saved;

    if (fd >= 0 &&
        g_strlcpy(address.sun_path, path, sizeof address.sun_path) < sizeof address.sun_path &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    saved = errno;
    if (fd >= 0)
        close(fd);
    /* The emulator serves one at a time. */
    fail(error, VIR_ERR_SYSTEM_ERROR, "cannot connect to the channel's socket '%s': %s", path,
         saved == EAGAIN ? "somebody else is connected" : g_strerror(saved));
    return -1;
}

gboolean on_domain_open_channel(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    const DomainCharSource *source;
    const DomainChar *channel;
    int fd;

    if (!check_flags(call, call->args[2].u, CHANNEL_FORCE, error) ||
        !call_running(call, "opened", &view, error))
        return FALSE;
    channel = find_channel(definition_def(view.live), call->args[1].str, error);
    if (channel == NULL)
        return FALSE;
    source = channel->sources->len > 0 ? channel->sources->pdata[0] : NULL;
    if (channel->type != DOMAIN_CHAR_UNIX || source == NULL || source->path == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "channel %s is not using a UNIX socket",
                    channel->target_name != NULL ? channel->target_name : channel->info.alias);
    fd = connect_channel(source->path, error);
    return fd >= 0 &&
           begin_session(call, g_strdup(source->path), fd, call->args[2].u & CHANNEL_FORCE, error);
}
