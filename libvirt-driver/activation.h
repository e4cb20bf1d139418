/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a service manager does for a daemon, sd_listen_fds(3) and sd_notify(3): sockets it has
 * opened before the daemon runs, and a socket to tell it how the daemon is.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    int fd;
    char *name; /* FileDescriptorName= of its unit; "" */
    char *path; /* of a unix socket; NULL: another kind */
} PassedSocket;

/* The listening stream sockets that were passed to this process, as PassedSocket; clears the
 * environment of them. What is something else is closed with a warning. */
GPtrArray *activation_take_sockets(void);

/* "READY=1", ... */
void activation_notify(const char *state);

G_END_DECLS
