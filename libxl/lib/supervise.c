/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "disk-fds.h"
#include "file.h"
#include "rundir.h"

extern char **environ;

const char *const kxl_supervise_mode_words[] = {
    [KXL_SUPERVISE_START] = "start",
    [KXL_SUPERVISE_START_PAUSED] = "start-paused",
    [KXL_SUPERVISE_ADOPT] = "adopt",
};

/* The same folders and programs as this host's, whatever the caller's environment says by now. */
static char **make_environment(const KxlHost *host)
{
    char **env = g_get_environ();

    env = g_environ_setenv(env, "KANZEN_RUN_DIR", kxl_host_run_dir(host), TRUE);
    env = g_environ_setenv(env, "KANZEN_LIB_DIR", kxl_host_lib_dir(host), TRUE);
    env = g_environ_setenv(env, "KANZEN_LOG_DIR", kxl_host_log_dir(host), TRUE);
    env = g_environ_setenv(env, "KANZEN_LIBEXEC_DIR", kxl_host_libexec_dir(host), TRUE);
    env = g_environ_setenv(env, "KANZEN_SCRIPT_DIR", kxl_host_script_dir(host), TRUE);
    env = g_environ_setenv(env, "KANZEN_QEMU", kxl_host_qemu_path(host), TRUE);
    return env;
}

/* Above the targets, so that placing one does not overwrite the other. */
static KxlFd dup_above(KxlFd fd, const GArray *fds)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, KXL_SUPERVISOR_FIRST_FD + (int)(fds ? fds->len : 0));
}

static gboolean dup_all_above(const GArray *fds, GArray *ret_high)
{
    for (guint i = 0; fds && i < fds->len; i++) {
        KxlFd high = dup_above(g_array_index(fds, int, i), fds);

        if (high < 0)
            return FALSE;
        g_array_append_val(ret_high, high);
    }
    return TRUE;
}

static void close_one(gpointer fd)
{
    kxl_fd_close(*(KxlFd *)fd);
}

/* The program forks itself away at once, so that its parent need not reap it later. */
static int spawn(const KxlHost *host, const char *const *argv, KxlFd lock, KxlFd reply,
                 const GArray *fds, pid_t *ret_pid)
{
    g_autofree char *log = g_build_filename(kxl_host_log_dir(host), "supervisor.log", NULL);
    g_auto(GStrv) env = make_environment(host);
    g_auto(KxlFd) high_lock = dup_above(lock, fds);
    g_auto(KxlFd) high_reply = dup_above(reply, fds);
    g_autoptr(GArray) high_fds = g_array_new(FALSE, FALSE, sizeof(KxlFd));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int ret;

    g_array_set_clear_func(high_fds, close_one);
    if (high_lock < 0 || high_reply < 0 || !dup_all_above(fds, high_fds))
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_adddup2(&actions, high_lock, KXL_SUPERVISOR_LOCK_FD);
    posix_spawn_file_actions_adddup2(&actions, high_reply, KXL_SUPERVISOR_REPLY_FD);
    for (guint i = 0; i < high_fds->len; i++)
        posix_spawn_file_actions_adddup2(&actions, g_array_index(high_fds, KxlFd, i),
                                         KXL_SUPERVISOR_FIRST_FD + (int)i);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ret = posix_spawn(ret_pid, argv[0], &actions, &attributes, (char *const *)argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return ret;
}

static gboolean read_reply(KxlFd fd, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[1024], *message;
    gint64 code;
    ssize_t n;

    while ((n = TEMP_FAILURE_RETRY(read(fd, buffer, sizeof buffer))) > 0)
        g_string_append_len(text, buffer, n);
    g_strchomp(text->str);
    if (g_str_equal(text->str, "ok"))
        return TRUE;
    if (!g_str_has_prefix(text->str, "error ")) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_FAILED, "the domain's supervisor died");
        return FALSE;
    }
    code = g_ascii_strtoll(text->str + strlen("error "), &message, 10);
    g_set_error_literal(error, KXL_ERROR,
                        code >= 0 && code < KXL_ERROR_COUNT ? (int)code : KXL_ERROR_FAILED,
                        *message ? message + 1 : "");
    return FALSE;
}

void kxl_supervisor_reply(KxlFd fd, const GError *error)
{
    int code = error && error->domain == KXL_ERROR ? error->code : KXL_ERROR_FAILED;
    g_autofree char *text =
        error ? g_strdup_printf("error %d %s\n", code, error->message) : g_strdup("ok\n");

    kxl_fd_write_all(fd, text, strlen(text), NULL);
    kxl_fd_close(fd);
}

/* Returns the pipe's reading end, -1 on error. */
static KxlFd start_supervisor(const KxlHost *host, KxlSuperviseMode mode, int domid, KxlFd lock,
                              const KxlDomainConfig *config, GError **error)
{
    g_autofree char *number = g_strdup_printf("%d", domid), *word = NULL;
    g_autoptr(GArray) passed = config ? kxl_disk_fds_list(config, &word) : NULL;
    const char *argv[] = { kxl_host_supervisor_path(host), kxl_supervise_mode_words[mode], number,
                           word && *word ? word : NULL, NULL };
    g_auto(KxlFd) reader = -1, writer = -1;
    int fds[2], ret;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0) {
        kxl_error_set_errno(error, errno, "pipe");
        return -1;
    }
    reader = fds[0];
    writer = fds[1];
    ret = spawn(host, argv, lock, writer, passed, &pid);
    if (ret != 0) {
        kxl_error_set_errno(error, ret, "cannot run '%s'", argv[0]);
        return -1;
    }
    TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
    return kxl_fd_steal(&reader);
}

gboolean kxl_supervisor_spawn(const KxlHost *host, KxlSuperviseMode mode, int domid, KxlFd lock,
                              const KxlDomainConfig *config, GError **error)
{
    g_auto(KxlFd) reader = start_supervisor(host, mode, domid, lock, config, error);

    return reader >= 0 && read_reply(reader, error);
}

/* The lock, if the domain is there and nobody looks after it; -1 otherwise. */
static KxlFd take_over(const KxlHost *host, int domid)
{
    g_autofree char *dir = kxl_rundir_path(host, domid, NULL);
    g_autofree char *path = kxl_rundir_path(host, domid, "supervisor.lock");
    g_auto(KxlFd) lock = -1;

    if (kxl_lock_is_held(path) || !g_file_test(dir, G_FILE_TEST_IS_DIR))
        return -1;
    lock = kxl_lock_take(path, KXL_LOCK_TRY, NULL);
    /* Not ours: another process looks after it. Not current: the domain has just gone. */
    return lock >= 0 && kxl_lock_is_current(lock, path) ? kxl_fd_steal(&lock) : -1;
}

gboolean kxl_supervise_ensure(const KxlHost *host, int domid, GError **error)
{
    g_auto(KxlFd) lock = take_over(host, domid);

    return lock < 0 || kxl_supervisor_spawn(host, KXL_SUPERVISE_ADOPT, domid, lock, NULL, error);
}

void kxl_supervise_ensure_later(const KxlHost *host, int domid)
{
    g_auto(KxlFd) lock = take_over(host, domid);

    if (lock >= 0)
        kxl_fd_close(start_supervisor(host, KXL_SUPERVISE_ADOPT, domid, lock, NULL, NULL));
}
