/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "sock.h"

extern char **environ;

/* Output kept; a helper that prints more is still read to its end. */
#define MAX_OUTPUT 65536

static int spawn(const char *const *argv, const char *const *envp, int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int ret;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    /* Its own group, so that what it has started can be ended with it. */
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    ret = posix_spawnp(ret_pid, argv[0], &actions, &attributes, (char *const *)argv,
                       envp ? (char *const *)envp : environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return ret;
}

/* Reads until the program's end closes the pipe, or the deadline. */
static gboolean collect(int fd, GString *output, gint64 deadline)
{
    char buffer[4096];
    ssize_t n = 1;

    while (n > 0) {
        if (!kxl_fd_wait(fd, POLLIN, deadline))
            return FALSE;
        n = TEMP_FAILURE_RETRY(read(fd, buffer, sizeof buffer));
        if (n > 0)
            g_string_append_len(output, buffer,
                                MIN(n, (ssize_t)(MAX_OUTPUT - MIN(output->len, MAX_OUTPUT))));
    }
    return TRUE;
}

static gboolean wait_for(pid_t pid, int pidfd, gint64 deadline, int *ret_status)
{
    gboolean in_time = pidfd < 0 || kxl_fd_wait(pidfd, POLLIN, deadline);

    if (!in_time)
        kill(-pid, SIGKILL);
    TEMP_FAILURE_RETRY(waitpid(pid, ret_status, 0));
    return in_time;
}

gboolean kxl_command_run(const char *const *argv, const char *const *envp, guint timeout_ms,
                         char **ret_output, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    g_autoptr(GString) output = g_string_new(NULL);
    g_auto(KxlFd) reader = -1, writer = -1, pidfd = -1;
    int pipe_fds[2], status = 0, ret;
    gboolean in_time;
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return kxl_error_set_errno(error, errno, "pipe");
    reader = pipe_fds[0];
    writer = pipe_fds[1];
    ret = spawn(argv, envp, writer, &pid);
    if (ret != 0)
        return kxl_error_set_errno(error, ret, "cannot run '%s'", argv[0]);
    pidfd = pidfd_open(pid, 0);
    kxl_fd_close(kxl_fd_steal(&writer));
    in_time = collect(reader, output, deadline);
    if (!in_time)
        kill(-pid, SIGKILL);
    in_time &= wait_for(pid, pidfd, deadline, &status);
    g_strchomp(output->str);
    if (!in_time) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_TIMEOUT, "'%s' did not end within %u ms", argv[0],
                    timeout_ms);
        return FALSE;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        gsize skipped = MAX(strlen(output->str), 1024) - 1024;
        g_autofree char *tail = g_utf8_make_valid(output->str + skipped, -1);

        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "'%s' failed%s%s", argv[0],
                    *tail ? ": " : "", tail);
        return FALSE;
    }
    if (ret_output)
        *ret_output = g_strdup(output->str);
    return TRUE;
}
