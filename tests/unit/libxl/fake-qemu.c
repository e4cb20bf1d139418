/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An emulator for tests of libkxl and the supervisor: takes QEMU's options, serves the monitor on
 * qmp.sock, writes events.out and hv's status file, and runs no guest. FAKE_QEMU says what goes
 * wrong: exit   complains and ends at once        crash  hv ends the guest when it starts mute
 * never opens its monitor           short  the guest powers off as soon as it runs
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char socket_path[512], events_path[512], status_path[512];
static const char *mode = "";
static int events = -1;

/* The value of key= in a comma-separated option. */
static int option_value(const char *option, const char *key, char *value, size_t size)
{
    const char *at = strstr(option, key);

    if (!at)
        return 0;
    at += strlen(key);
    snprintf(value, size, "%.*s", (int)strcspn(at, ","), at);
    return 1;
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(argv[i], "id=qmp,"))
            option_value(argv[i], "path=", socket_path, sizeof socket_path);
        if (strstr(argv[i], "id=events,"))
            option_value(argv[i], "path=", events_path, sizeof events_path);
        if (strstr(argv[i], "id=hvstatus,"))
            option_value(argv[i], "path=", status_path, sizeof status_path);
    }
}

static void event(const char *name, const char *data)
{
    dprintf(events,
            "{\"timestamp\": {\"seconds\": %ld, \"microseconds\": 0}, \"event\": \"%s\"%s%s}\r\n",
            (long)time(NULL), name, *data ? ", \"data\": " : "", data);
}

static void status(const char *line)
{
    int fd = *status_path ? open(status_path, O_WRONLY | O_APPEND) : -1;

    if (fd < 0)
        return;
    dprintf(fd, "%s\n", line);
    close(fd);
}

static void shutdown_machine(const char *reason)
{
    char data[128];

    snprintf(data, sizeof data, "{\"guest\": true, \"reason\": \"%s\"}", reason);
    event("SHUTDOWN", data);
    event("STOP", "");
}

static void cont(void)
{
    event("RESUME", "");
    status("boot 0");
    if (strcmp(mode, "crash") == 0) {
        status("crash the kernel is no good");
        shutdown_machine("guest-shutdown");
        return;
    }
    status("guest");
    if (strcmp(mode, "short") == 0) {
        status("shutdown 0");
        shutdown_machine("guest-shutdown");
    }
}

static void dump(const char *request)
{
    char path[512];

    if (!option_value(request, "\"file:", path, sizeof path))
        return;
    *strchrnul(path, '"') = '\0';
    close(open(path, O_WRONLY | O_CREAT, 0600));
}

/* Does it and returns the answer. */
static const char *execute(const char *request)
{
    static char text[256];

    if (strstr(request, "\"query-chardev\""))
        return "[{\"label\": \"console0\", \"filename\": \"pty:/dev/pts/99\", \"frontend-open\": "
               "true}]";
    if (strstr(request, "\"query-cpus-fast\"")) {
        snprintf(text, sizeof text, "[{\"thread-id\": %d}]", (int)getpid());
        return text;
    }
    if (strstr(request, "\"query-vnc-servers\""))
        return "[{\"id\": \"default\", \"server\": [{\"host\": \"127.0.0.1\", \"service\": \"5907\", "
               "\"family\": \"ipv4\", \"websocket\": false}]}]";
    if (strstr(request, "\"query-migrate\""))
        return "{\"status\": \"completed\"}";
    if (strstr(request, "\"cont\""))
        cont();
    else if (strstr(request, "\"stop\""))
        event("STOP", "");
    else if (strstr(request, "\"system_reset\""))
        shutdown_machine("host-qmp-system-reset");
    else if (strstr(request, "\"system_powerdown\""))
        shutdown_machine("guest-shutdown");
    else if (strstr(request, "\"inject-nmi\""))
        shutdown_machine("guest-panic");
    else if (strstr(request, "\"dump-guest-memory\""))
        dump(request);
    return "{}";
}

static int serve(int client)
{
    char buffer[4096];
    size_t len = 0;

    do { /* a command may come in parts */
        ssize_t n = read(client, buffer + len, sizeof buffer - 1 - len);

        if (n <= 0)
            return 0;
        len += (size_t)n;
    } while (buffer[len - 1] != '\n');
    buffer[len] = '\0';
    for (char *line = strtok(buffer, "\n"); line; line = strtok(NULL, "\n"))
        dprintf(client, "{\"return\": %s}\r\n", execute(line));
    return 1;
}

static int listen_on(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof address.sun_path)
        exit(3);
    strcpy(address.sun_path, path);
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
        exit(3);
    return fd;
}

int main(int argc, char **argv)
{
    struct pollfd p[3] = { { .events = POLLIN },
                           { .events = POLLIN },
                           { .fd = -1, .events = POLLIN } };
    char out[520];
    sigset_t term;

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("QEMU emulator version 0.0.0 (fake)") < 0;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i - 1], "-machine") == 0 && strcmp(argv[i], "none") == 0)
            return 1; /* not one that tells what it has */
    if (getenv("FAKE_QEMU"))
        mode = getenv("FAKE_QEMU");
    if (strcmp(mode, "exit") == 0) {
        fprintf(stderr, "qemu: this will not do\n");
        return 1;
    }
    parse(argc, argv);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    p[0].fd = signalfd(-1, &term, SFD_CLOEXEC);
    snprintf(out, sizeof out, "%s.out", events_path);
    events = open(out, O_RDWR);
    p[1].fd = strcmp(mode, "mute") == 0 ? -1 : listen_on(socket_path);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        poll(p, 3, -1);
        if (p[0].revents) {
            shutdown_machine("host-signal");
            return 0;
        }
        if (p[2].fd < 0 && p[1].revents) {
            p[2].fd = accept(p[1].fd, NULL, NULL);
            dprintf(p[2].fd, "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
        } else if (p[2].fd >= 0 && p[2].revents && !serve(p[2].fd)) {
            close(p[2].fd);
            p[2].fd = -1;
        }
    }
}
