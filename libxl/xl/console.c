/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum {
    ESCAPE = 0x1d, /* Ctrl-] */
    CHUNK = 4096,
    START_TIMEOUT_US = 30 * G_USEC_PER_SEC,
    START_POLL_US = 50000,
};

typedef struct {
    int tty;
    gboolean interactive; /* standard input is a terminal */
    gboolean input_open;
    gboolean left; /* Ctrl-] */
    struct termios saved;
    char to_guest[CHUNK]; /* typed, not yet taken by the guest */
    gsize n_to_guest;
} Console;

static volatile sig_atomic_t ended_by_signal;

static void on_signal(int number)
{
    ended_by_signal = number;
}

/* The pty's path. A domain that is still being built has none yet: xl's console waits for it,
 * too. */
static char *find_tty(Xl *xl, int domid, const char *kind, guint num, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + START_TIMEOUT_US;

    for (;;) {
        g_autoptr(GError) why = NULL;
        g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(xl->host, domid, error);
        const char *wanted = kind;
        char *path;

        if (!info)
            return NULL;
        if (!wanted)
            wanted = info->type == KXL_TYPE_HVM ? "serial" : "pv";
        path = kxl_domain_console_tty(xl->host, domid, wanted, num, &why);
        if (path)
            return path;
        if (info->state != KXL_STATE_STARTING || g_get_monotonic_time() > deadline) {
            g_propagate_error(error, g_steal_pointer(&why));
            return NULL;
        }
        g_usleep(START_POLL_US);
    }
}

int xl_console_open(Xl *xl, int domid, const char *kind, guint num)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = find_tty(xl, domid, kind, num, &error);
    struct termios raw;
    int fd;

    if (!path) {
        xl_say(xl, "Unable to attach console: %s", error->message);
        return -1;
    }
    fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        xl_say(xl, "Unable to attach console: %s: %s", path, g_strerror(errno));
        return -1;
    }
    if (tcgetattr(fd, &raw) == 0) { /* no echo of the guest's output back to it */
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    return fd;
}

/* All of it; a reader of ours that is gone ends the console. */
static gboolean write_out(const char *data, gsize len)
{
    while (len) {
        ssize_t n = write(STDOUT_FILENO, data, len);

        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return FALSE;
        if (n > 0) {
            data += n;
            len -= (gsize)n;
        }
    }
    return TRUE;
}

/* FALSE: the guest's side ended (EIO or end of file), or nobody reads us. */
static gboolean from_guest(Console *console)
{
    char data[CHUNK];
    ssize_t n = read(console->tty, data, sizeof data);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    return n > 0 && write_out(data, (gsize)n);
}

static void from_user(Console *console)
{
    ssize_t n = read(STDIN_FILENO, console->to_guest, sizeof console->to_guest);
    char *escape;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) { /* a script's input ends: its guest's output goes on */
        console->input_open = FALSE;
        return;
    }
    console->n_to_guest = (gsize)n;
    escape = console->interactive ? memchr(console->to_guest, ESCAPE, (gsize)n) : NULL;
    if (escape) {
        console->left = TRUE;
        console->n_to_guest = (gsize)(escape - console->to_guest);
    }
}

static gboolean to_guest(Console *console)
{
    ssize_t n = write(console->tty, console->to_guest, console->n_to_guest);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    console->n_to_guest -= (gsize)n;
    memmove(console->to_guest, console->to_guest + n, console->n_to_guest);
    return TRUE;
}

/* Typing waits while the guest does not take what was typed before. */
static void console_loop(Console *console, const sigset_t *mask)
{
    gboolean alive = TRUE;

    while (alive && !console->left && !ended_by_signal) {
        struct pollfd fds[2] = {
            { .fd = console->tty, .events = (short)(POLLIN | (console->n_to_guest ? POLLOUT : 0)) },
            { .fd = console->input_open && !console->n_to_guest ? STDIN_FILENO : -1,
              .events = POLLIN },
        };

        if (ppoll(fds, G_N_ELEMENTS(fds), NULL, mask) < 0) {
            if (errno != EINTR)
                return;
            continue;
        }
        if (fds[1].revents)
            from_user(console);
        if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
            alive = from_guest(console);
        if (alive && console->n_to_guest)
            alive = to_guest(console);
    }
}

static void enter_raw_mode(Console *console)
{
    struct termios raw;

    if (!console->interactive || tcgetattr(STDIN_FILENO, &console->saved) < 0) {
        console->interactive = FALSE;
        return;
    }
    raw = console->saved;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

int xl_console_run(Xl *xl, int fd)
{
    static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
    Console console = { .tty = fd, .interactive = isatty(STDIN_FILENO), .input_open = TRUE };
    struct sigaction action = { .sa_handler = on_signal };
    sigset_t block, before;

    sigemptyset(&block);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaddset(&block, signals[i]);
        sigaction(signals[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &block, &before); /* they come in ppoll() only */
    enter_raw_mode(&console);
    console_loop(&console, &before);
    if (console.interactive)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &console.saved);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(fd);
    return ended_by_signal ? 128 + ended_by_signal : XL_OK;
}
