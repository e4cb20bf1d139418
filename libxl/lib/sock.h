/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unix stream sockets with deadlines. All deadlines are of g_get_monotonic_time(). */
#pragma once

#include <glib.h>

/* FALSE when the deadline passes first. */
gboolean kxl_fd_wait(int fd, short events, gint64 deadline_us);
/* -1 on error; one that is not there or not listened on is an error at once. */
int kxl_sock_connect(const char *path, gint64 deadline_us, GError **error);
gboolean kxl_sock_send(int fd, const void *data, gsize len, gint64 deadline_us, GError **error);
/* Exactly len bytes. */
gboolean kxl_sock_recv(int fd, void *data, gsize len, gint64 deadline_us, GError **error);
