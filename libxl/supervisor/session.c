/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>

#include "file.h"

/* How often to look when the kernel does not tell. */
#define UNWATCHED_MS 250
/* Instances of inotify that a supervisor leaves to others: kanzend, xl, udev, systemd. */
#define LEFT_INSTANCES 8

Session *session_new(int domid, KxlFd lock, KxlFd reply, GError **error)
{
    g_autoptr(Session) s = g_new0(Session, 1);

    s->domid = domid;
    s->lock = lock;
    s->reply = reply;
    s->inotify = s->emulator = s->ops = -1;
    s->host = kxl_host_new(error);
    if (!s->host)
        return NULL;
    s->config = kxl_rundir_load_config(s->host, domid, error);
    if (!s->config)
        return NULL;
    s->state = kxl_rundir_load_state(s->host, domid, error);
    if (!s->state)
        return NULL;
    return g_steal_pointer(&s);
}

void session_free(Session *s)
{
    if (!s)
        return;
    network_close_taps(s);
    emulator_disconnect(s);
    kxl_fd_close(s->emulator);
    kxl_fd_close(s->inotify);
    kxl_fd_close(s->reply);
    kxl_fd_close(s->lock);
    g_free(s->image);
    kxl_state_free(s->state);
    kxl_domain_config_free(s->config);
    kxl_host_free(s->host);
    g_free(s);
}

char *session_path(const Session *s, const char *file)
{
    return kxl_rundir_path(s->host, s->domid, file);
}

/* A full disk must not end a guest: the state is written again with the next change. */
void session_save(Session *s)
{
    g_autofree char *path = session_path(s, "state");
    g_autoptr(GError) error = NULL;

    s->state->supervisor_pid = getpid();
    if (!kxl_state_save(s->state, path, &error))
        g_warning("domain %d: cannot record its state: %s", s->domid, error->message);
}

void session_enter(Session *s, KxlDomainState state, KxlShutdownReason reason)
{
    kxl_state_enter(s->state, state, reason);
    session_save(s);
}

gboolean session_destroy_wanted(const Session *s)
{
    g_autofree char *path = session_path(s, "destroy");

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean leaves_some(void)
{
    KxlFd more[LEFT_INSTANCES];
    guint n = 0;

    while (n < LEFT_INSTANCES && (more[n] = inotify_init1(IN_CLOEXEC)) >= 0)
        n++;
    for (guint i = 0; i < n; i++)
        kxl_fd_close(more[i]);
    return n == LEFT_INSTANCES;
}

/* The folder for files that come (the destroy mark), events and hv's status for their lines: not
 * the folder for writes, as hv's log grows by single bytes. The kernel gives a user 128 of these
 * (fs.inotify.max_user_instances), and kanzend cannot do without; who gets none, or one of the
 * last, looks by itself from time to time. */
void session_watch(Session *s)
{
    g_autofree char *dir = session_path(s, NULL);
    g_autofree char *events = session_path(s, "events.out");
    g_autofree char *status = session_path(s, "status");

    kxl_fd_close(s->inotify);
    s->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (s->inotify < 0 || !leaves_some() ||
        inotify_add_watch(s->inotify, dir, IN_CREATE | IN_MOVED_TO) < 0 ||
        inotify_add_watch(s->inotify, events, IN_MODIFY) < 0) {
        g_warning("domain %d: cannot watch '%s', looking every %d ms: %s", s->domid, dir,
                  UNWATCHED_MS, g_strerror(errno));
        kxl_fd_close(s->inotify);
        s->inotify = -1;
        return;
    }
    inotify_add_watch(s->inotify, status, IN_MODIFY); /* HVM has none */
}

static char *next_line(Session *s)
{
    g_autofree char *path = session_path(s, "events.out");
    g_auto(KxlFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    char buffer[16384], *end;
    ssize_t n = fd < 0 ? -1 : pread(fd, buffer, sizeof buffer, s->events_read);

    end = n > 0 ? memchr(buffer, '\n', (gsize)n) : NULL;
    if (!end)
        return NULL; /* nothing, or not yet whole */
    s->events_read += end + 1 - buffer;
    return g_strndup(buffer, (gsize)(end - buffer));
}

JsonObject *session_next_event(Session *s)
{
    g_autofree char *line = NULL;

    while ((line = next_line(s))) {
        g_autoptr(JsonNode) node = json_from_string(line, NULL);
        JsonObject *object =
            node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

        if (object && json_object_has_member(object, "event"))
            return json_object_ref(object);
        g_clear_pointer(&line, g_free); /* the greeting, the answer to the one command */
    }
    return NULL;
}

/* The creator has gone without waiting for the answer. */
static gboolean is_abandoned(const Session *s)
{
    struct pollfd p = { .fd = s->reply };

    return s->for_creator && s->reply >= 0 && poll(&p, 1, 0) > 0 &&
           (p.revents & (POLLERR | POLLHUP));
}

gboolean session_interrupted(const Session *s, GError **error)
{
    if (session_destroy_wanted(s))
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_STATE, "destroyed while it was starting");
    else if (is_abandoned(s))
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_FAILED, "its creator has gone");
    else
        return FALSE;
    return TRUE;
}

gboolean session_emulator_alive(const Session *s)
{
    struct pollfd p = { .fd = s->emulator, .events = POLLIN };

    return s->emulator >= 0 && poll(&p, 1, 0) == 0;
}

void session_wait(Session *s, gint64 deadline_us)
{
    /* poll() passes over negative descriptors. */
    struct pollfd p[] = {
        { .fd = s->inotify, .events = POLLIN },
        { .fd = s->emulator, .events = POLLIN },
        { .fd = s->reply },
    };
    gint64 left = deadline_us < 0 ? -1 : MAX(deadline_us - g_get_monotonic_time(), 0);
    char buffer[4096];

    if (s->inotify < 0 && (left < 0 || left > UNWATCHED_MS * 1000))
        left = UNWATCHED_MS * 1000;
    poll(p, G_N_ELEMENTS(p), left < 0 ? -1 : (int)((left + 999) / 1000));
    while (s->inotify >= 0 && read(s->inotify, buffer, sizeof buffer) > 0)
        continue;
}

/* hv writes byte by byte, so the last line may not be whole yet. */
gboolean session_status(const Session *s, char **ret_word, char **ret_rest)
{
    g_autofree char *path = session_path(s, "status");
    g_autofree char *text = kxl_file_read(path, NULL);
    char *end = text ? strrchr(text, '\n') : NULL;
    char *line, *blank;

    if (!end)
        return FALSE;
    *end = '\0';
    line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    blank = strchr(line, ' ');
    *ret_word = blank ? g_strndup(line, (gsize)(blank - line)) : g_strdup(line);
    *ret_rest = g_strdup(blank ? blank + 1 : "");
    return TRUE;
}

char *session_log_tail(const Session *s)
{
    g_autofree char *hv_log = session_path(s, "hv.log");
    g_autofree char *hv = kxl_file_tail(hv_log, 512);
    g_autofree char *qemu_log =
        g_strdup_printf("%s/qemu-%s.log", kxl_host_log_dir(s->host), s->config->name);
    g_autofree char *all = kxl_file_read(qemu_log, NULL);
    const char *qemu = all && strlen(all) > (gsize)s->log_start ? all + s->log_start : "";
    gsize len = strlen(qemu);

    if (len > 1024)
        qemu += len - 1024;
    return g_strstrip(g_strconcat(hv ? hv : "", hv && *qemu ? "\n" : "", qemu, NULL));
}
