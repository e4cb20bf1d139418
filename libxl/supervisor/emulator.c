/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domain's QEMU process: starting, finding, asking, ending. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "disk-fds.h"
#include "file.h"
#include "machine.h"
#include "process.h"
#include "session.h"

#define MONITOR_TIMEOUT_MS 20000
#define CONNECT_RETRY_US   2000

/* How long a process that holds the emulator's lock may take to write its pid: it has just been
 * forked. */
#define PID_WAIT_US (2 * G_USEC_PER_SEC)

static void keep_open(int fd)
{
    fcntl(fd, F_SETFD, fcntl(fd, F_GETFD) & ~FD_CLOEXEC);
}

/* In the child. The record is written by the process itself: there is no moment in which QEMU runs
 * and nobody can tell its pid. */
static void G_GNUC_NORETURN become_emulator(const Session *s, char **argv, char **env, KxlFd lock,
                                            KxlFd log)
{
    g_autofree char *record = session_path(s, "emulator.pid");
    g_autoptr(GError) error = NULL;
    KxlCgroup group = session_group(s);
    g_autofree char *word = NULL;
    g_autoptr(GArray) fds = kxl_disk_fds_list(s->config, &word);

    setsid();
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (!kxl_cgroup_join(&group, getpid(), &error)) {
        dprintf(STDERR_FILENO, "%s\n", error->message);
        _exit(127);
    }
    keep_open(lock);
    for (guint i = 0; i < s->config->nics->len; i++)
        for (guint n = 0; n < s->taps[i].nr; n++)
            keep_open(s->taps[i].fd[n]);
    for (guint i = 0; i < fds->len; i++)
        keep_open(g_array_index(fds, int, i));
    if (kxl_process_record(record, NULL)) {
        for (; *env; env++)
            putenv(*env);
        execvp(argv[0], argv);
        dprintf(STDERR_FILENO, "%s: %s\n", argv[0], g_strerror(errno));
    }
    _exit(127);
}

static KxlFd open_log(Session *s, char **argv, GError **error)
{
    g_autofree char *path =
        g_strdup_printf("%s/qemu-%s.log", kxl_host_log_dir(s->host), s->config->name);
    g_autofree char *line = g_strjoinv(" ", argv);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format_iso8601(now);
    KxlFd fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0) {
        kxl_error_set_errno(error, errno, "cannot write '%s'", path);
        return -1;
    }
    dprintf(fd, "%s domain %d: %s\n", time, s->domid, line);
    s->log_start = lseek(fd, 0, SEEK_END);
    return fd;
}

static char **make_argv(Session *s, GError **error)
{
    g_autofree char *dir = session_path(s, NULL), *file = session_path(s, KXL_RUNDIR_PLACES);
    g_autofree char *places = s->image ? kxl_file_read(file, NULL) : NULL;
    KxlMachine machine = {
        .config = s->config,
        .domid = s->domid,
        .dir = dir,
        .log_dir = kxl_host_log_dir(s->host),
        .qemu = s->config->device_model ? s->config->device_model : kxl_host_qemu_path(s->host),
        .hv_image = kxl_host_hv_image(s->host),
        .accel = kxl_host_accel(s->host, NULL),
        .taps = s->taps,
        .now_us = g_get_real_time(),
        .incoming = s->image != NULL,
        .places = places,
    };

    return kxl_machine_argv(&machine, error);
}

static gboolean check_descriptors(const Session *s, GError **error)
{
    for (guint i = 0; i < s->config->disks->len; i++)
        if (!kxl_disk_fds_check(s->config->disks->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean emulator_spawn(Session *s, GError **error)
{
    g_autofree char *lock_path = session_path(s, "emulator.lock");
    g_auto(GStrv) argv = check_descriptors(s, error) ? make_argv(s, error) : NULL;
    g_auto(GStrv) env = kxl_machine_environment(s->config);
    g_auto(KxlFd) log = argv ? open_log(s, argv, error) : -1;
    g_auto(KxlFd) lock = -1;
    pid_t pid;

    if (log < 0)
        return FALSE;
    lock = kxl_lock_take(lock_path, KXL_LOCK_WAIT, error);
    if (lock < 0)
        return FALSE;
    pid = fork();
    if (pid == 0)
        become_emulator(s, argv, env, lock, log);
    if (pid < 0)
        return kxl_error_set_errno(error, errno, "fork");
    s->emulator_pid = pid;
    s->emulator = pidfd_open(pid, 0);
    if (s->emulator < 0) {
        kxl_error_set_errno(error, errno, "pidfd_open");
        kill(pid, SIGKILL);
        return FALSE;
    }
    network_close_taps(s);
    kxl_disk_fds_close(s->config);
    return TRUE;
}

gboolean emulator_find(Session *s)
{
    g_autofree char *lock = session_path(s, "emulator.lock");
    g_autofree char *record = session_path(s, "emulator.pid");
    gint64 deadline = g_get_monotonic_time() + PID_WAIT_US;
    KxlProcess process;

    while (kxl_lock_is_held(lock)) {
        if (kxl_process_load(record, &process)) {
            s->emulator = kxl_process_open(&process);
            s->emulator_pid = process.pid;
            if (s->emulator >= 0)
                return TRUE;
        }
        if (g_get_monotonic_time() > deadline) {
            g_warning("domain %d: its emulator's lock is held, but by no process '%s' tells of",
                      s->domid, record);
            return FALSE;
        }
        g_usleep(5000);
    }
    return FALSE;
}

void emulator_kill(Session *s, guint grace_ms)
{
    emulator_disconnect(s);
    if (s->emulator < 0)
        return;
    kxl_process_end(s->emulator, grace_ms);
    kxl_fd_close(kxl_fd_steal(&s->emulator));
    if (s->emulator_pid > 0)
        waitpid(s->emulator_pid, NULL, WNOHANG); /* ours, unless we are an adopter */
    s->emulator_pid = 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

void emulator_disconnect(Session *s)
{
    g_clear_pointer(&s->qmp, kxl_qmp_free);
    kxl_fd_close(kxl_fd_steal(&s->ops));
}

static gboolean connect_failed(Session *s, GError *why, GError **error)
{
    g_autofree char *tail = session_log_tail(s);
    gboolean in_use = strstr(tail, "Failed to get") && strstr(tail, "lock");

    if (session_emulator_alive(s))
        g_propagate_error(error, why);
    else
        g_set_error(error, KXL_ERROR, in_use ? KXL_ERROR_IN_USE : KXL_ERROR_START_FAILED,
                    "the emulator ended: %s", tail);
    return FALSE;
}

gboolean emulator_connect(Session *s, GError **error)
{
    g_autofree char *path = session_path(s, "qmp.sock");
    g_autofree char *lock = session_path(s, "ops.lock");
    gint64 deadline = g_get_monotonic_time() + (gint64)MONITOR_TIMEOUT_MS * 1000;
    g_autoptr(GError) local = NULL;

    s->ops = kxl_lock_take(lock, KXL_LOCK_WAIT, error);
    if (s->ops < 0)
        return FALSE;
    /* An emulator that does not like its options is gone in a moment; a new one has no socket yet,
     * or does not listen yet, and the folder's watch tells only of the first. */
    do {
        g_clear_error(&local);
        s->qmp = kxl_qmp_connect(path, MONITOR_TIMEOUT_MS, &local);
        if (s->qmp)
            return TRUE;
        if (session_interrupted(s, error)) {
            emulator_disconnect(s);
            return FALSE;
        }
        session_wait(s, g_get_monotonic_time() + CONNECT_RETRY_US);
    } while (session_emulator_alive(s) && g_get_monotonic_time() < deadline);
    emulator_disconnect(s);
    return connect_failed(s, g_steal_pointer(&local), error);
}

static void append(char ***strv, const char *text)
{
    guint n = *strv ? g_strv_length(*strv) : 0;

    *strv = g_renew(char *, *strv, n + 2);
    (*strv)[n] = g_strdup(text);
    (*strv)[n + 1] = NULL;
}

static void set_string(char **field, const char *text)
{
    g_free(*field);
    *field = g_strdup(text);
}

static gboolean inspect_consoles(Session *s, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(s->qmp, "query-chardev", NULL, MONITOR_TIMEOUT_MS, error);
    JsonArray *array;

    if (!answer)
        return FALSE;
    g_clear_pointer(&s->state->ttys, g_strfreev);
    array = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *chardev = json_array_get_object_element(array, i);
        const char *label = json_object_get_string_member(chardev, "label");
        const char *name = json_object_get_string_member(chardev, "filename");
        g_autofree char *tty = NULL;

        if (!g_str_has_prefix(name, "pty:"))
            continue;
        tty = g_strdup_printf("%s=%s", label, name + strlen("pty:"));
        append(&s->state->ttys, tty);
    }
    return TRUE;
}

static gboolean inspect_vcpus(Session *s, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(s->qmp, "query-cpus-fast", NULL, MONITOR_TIMEOUT_MS, error);
    JsonArray *array;

    if (!answer)
        return FALSE;
    g_clear_pointer(&s->state->vcpu_tids, g_strfreev);
    array = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *cpu = json_array_get_object_element(array, i);
        g_autofree char *tid =
            g_strdup_printf("%" G_GINT64_FORMAT, json_object_get_int_member(cpu, "thread-id"));

        append(&s->state->vcpu_tids, tid);
    }
    return TRUE;
}

/* Everything of a display that is a number in the state and a text for QEMU. */
static guint port_of(JsonObject *object, const char *member)
{
    const char *text = json_object_get_string_member_with_default(object, member, "0");

    return (guint)g_ascii_strtoull(text, NULL, 10); /* a unix socket's is a path: 0 */
}

static const char *text_of(JsonObject *object, const char *member)
{
    return json_object_get_string_member_with_default(object, member, "");
}

/* All that it listens at: its port or socket, and the one for browsers. */
static void note_vnc_servers(KxlState *state, JsonArray *servers)
{
    for (guint i = 0; i < json_array_get_length(servers); i++) {
        JsonObject *server = json_array_get_object_element(servers, i);

        if (g_str_equal(text_of(server, "family"), "unix"))
            set_string(&state->vnc_socket, text_of(server, "service"));
        else if (json_object_get_boolean_member_with_default(server, "websocket", FALSE))
            state->vnc_websocket = port_of(server, "service");
        else
            state->vnc_port = port_of(server, "service");
        if (state->vnc_port && !state->vnc_address)
            state->vnc_address = g_strdup(text_of(server, "host"));
    }
}

static gboolean inspect_vnc(Session *s, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(s->qmp, "query-vnc-servers", NULL, MONITOR_TIMEOUT_MS, error);
    KxlState *state = s->state;
    JsonArray *displays;

    if (!answer)
        return FALSE;
    g_clear_pointer(&state->vnc_address, g_free);
    g_clear_pointer(&state->vnc_socket, g_free);
    state->vnc_port = state->vnc_websocket = 0;
    displays = json_node_get_array(answer);
    if (json_array_get_length(displays) > 0)
        note_vnc_servers(state, json_object_get_array_member(
                                    json_array_get_object_element(displays, 0), "server"));
    return TRUE;
}

static gboolean inspect_spice(Session *s, GError **error)
{
    g_autoptr(JsonNode) answer = NULL;
    KxlState *state = s->state;
    JsonObject *spice;

    g_clear_pointer(&state->spice_address, g_free);
    state->spice_port = state->spice_tls_port = 0;
    if (!s->config->spice.enable || s->config->nographic || s->config->type != KXL_TYPE_HVM)
        return TRUE;
    answer = kxl_qmp_call(s->qmp, "query-spice", NULL, MONITOR_TIMEOUT_MS, error);
    if (!answer)
        return FALSE;
    spice = json_node_get_object(answer);
    set_string(&state->spice_address, text_of(spice, "host"));
    state->spice_port = (guint)json_object_get_int_member_with_default(spice, "port", 0);
    state->spice_tls_port = (guint)json_object_get_int_member_with_default(spice, "tls-port", 0);
    return TRUE;
}

gboolean emulator_inspect(Session *s, GError **error)
{
    return inspect_consoles(s, error) && inspect_vcpus(s, error) && inspect_vnc(s, error) &&
           inspect_spice(s, error);
}
