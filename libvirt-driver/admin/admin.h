/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's administration protocol, which virt-admin speaks on a socket of its own: who is
 * connected, what clients may take, the log. A second RpcServer serves it, with this as its app.
 */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

#define ADMIN_SERVERS 2

typedef struct {
    struct {
        const char *name;
        RpcServer *server;
    } servers[ADMIN_SERVERS]; /* libvirt's clients', and the one that serves this */
    /* Reads the TLS files anew. */
    gboolean (*update_tls)(gpointer data, GError **error);
    /* The daemon ends after so many seconds without anything to do; 0: never. Any thread. */
    void (*set_timeout)(gpointer data, guint timeout_s);
    gpointer data;
} Admin;

extern const RpcProgram admin_program;

G_END_DECLS
