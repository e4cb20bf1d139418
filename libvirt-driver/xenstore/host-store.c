/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Includes hv's headers, and gives hv's store what it needs of hv's core: memory and messages. */
#include "host-store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "printk.h"
#include "store.h"
#include "watch.h"
#include "xenstore.h"
#include <xen/xen.h>

struct HostStore {
    struct xenstore *xs;
};

struct HostStoreConn {
    struct xs_conn *conn;
    HostStoreOutput output;
    gpointer user_data;
};

HostStore *host_store_new(void)
{
    HostStore *store = g_new0(HostStore, 1);

    store->xs = xs_new(DOMID_INVALID); /* no guest is connected here */
    if (store->xs == NULL)
        g_error("xenstored: out of memory");
    store->xs->guest_introduced = false;
    return store;
}

void host_store_free(HostStore *store)
{
    if (store == NULL)
        return;
    xs_free(store->xs);
    g_free(store);
}

void host_store_write(HostStore *store, const char *path, const char *value)
{
    int err = xs_write_string(store->xs, path, value);

    if (err != 0)
        g_warning("xenstored: cannot write '%s': %s", path, g_strerror(-err));
}

char *host_store_read(HostStore *store, const char *path)
{
    char *value = xs_read_string(store->xs, path);
    char *copy = g_strdup(value);

    kfree(value);
    return copy;
}

void host_store_remove(HostStore *store, const char *path)
{
    xs_remove(store->xs, path);
}

gboolean host_store_exists(HostStore *store, const char *path)
{
    return xs_tree_find(store->xs->root, path) != NULL;
}

void host_store_introduce(HostStore *store)
{
    xs_fire_special(store->xs, XS_INTRODUCE_DOMAIN);
}

void host_store_release(HostStore *store)
{
    xs_fire_special(store->xs, XS_RELEASE_DOMAIN);
}

static size_t conn_output(void *opaque, const void *data, size_t len)
{
    HostStoreConn *conn = opaque;

    conn->output(data, len, conn->user_data);
    return len;
}

HostStoreConn *host_store_connect(HostStore *store, HostStoreOutput output, gpointer user_data)
{
    HostStoreConn *conn = g_new0(HostStoreConn, 1);

    conn->output = output;
    conn->user_data = user_data;
    conn->conn = xs_conn_new(store->xs, 0, conn_output, conn);
    return conn;
}

void host_store_disconnect(HostStoreConn *conn)
{
    if (conn == NULL)
        return;
    xs_conn_free(conn->conn);
    g_free(conn);
}

void host_store_request(HostStoreConn *conn, const void *data, gsize len)
{
    int64_t taken = xs_conn_input(conn->conn, data, len);

    g_assert(taken == (int64_t)len); /* the output never stalls, and the caller frames */
}

/* ---- what hv's core offers its store (alloc.h, printk.h) ---- */

void *kmalloc(size_t size)
{
    return calloc(1, MAX(size, 1));
}

void *krealloc(void *p, size_t size)
{
    return realloc(p, size);
}

void kfree(void *p)
{
    free(p);
}

static void log_line(enum log_level level, const char *fmt, va_list ap)
{
    static const GLogLevelFlags flags[] = { [LOG_ERROR] = G_LOG_LEVEL_CRITICAL,
                                            [LOG_WARNING] = G_LOG_LEVEL_WARNING,
                                            [LOG_INFO] = G_LOG_LEVEL_INFO,
                                            [LOG_DEBUG] = G_LOG_LEVEL_DEBUG };

    g_logv(G_LOG_DOMAIN, flags[level], fmt, ap);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_line(level, fmt, ap);
    va_end(ap);
}

void printk_guest(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_line(level, fmt, ap);
    va_end(ap);
}

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
    return vsnprintf(buf, size, fmt, ap);
}
