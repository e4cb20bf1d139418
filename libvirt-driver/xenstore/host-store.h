/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store in this process: hv's own implementation (hv/xenbus), built for userspace. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct HostStore HostStore;
typedef struct HostStoreConn HostStoreConn;

HostStore *host_store_new(void);
void host_store_free(HostStore *store); /* all connections are closed already */

void host_store_write(HostStore *store, const char *path, const char *value);
char *host_store_read(HostStore *store, const char *path); /* NULL: absent */
void host_store_remove(HostStore *store, const char *path);
gboolean host_store_exists(HostStore *store, const char *path);
/* Fire "@introduceDomain" and "@releaseDomain". */
void host_store_introduce(HostStore *store);
void host_store_release(HostStore *store);

/* A connection with all rights. output is given bytes of the wire, from inside any function above
 * and below. */
typedef void (*HostStoreOutput)(const void *data, gsize len, gpointer user_data);
HostStoreConn *host_store_connect(HostStore *store, HostStoreOutput output, gpointer user_data);
void host_store_disconnect(HostStoreConn *conn);
/* One whole request; its reply is output before this returns. */
void host_store_request(HostStoreConn *conn, const void *data, gsize len);

G_END_DECLS
