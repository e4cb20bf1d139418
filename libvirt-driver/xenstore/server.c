/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <stdint.h> /* for the next */
#include <xen/io/xs_wire.h>

#include "route.h"
#include "rpc/fd-source.h"

#define BACKLOG 64

typedef struct {
    int domid;
    char *uuid;
    XsLink *link; /* NULL: has no store of its own */
} Domain;

struct XsServer {
    GMainContext *context;
    char *path;
    int fd;
    GSource *source;
    HostStore *store;
    GHashTable *domains; /* domid -> Domain */
    GList *sessions;
    GHashTable *watches; /* id -> XsWatch */
    guint last_watch_id;
};

/* ---- the socket ---- */

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    int saved = errno;

    g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(saved), "cannot %s '%s': %s", what,
                path, g_strerror(saved));
    return FALSE;
}

/* A living server's socket, a real xenstored's for one, is not taken away from it. */
static gboolean somebody_listens(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean listens = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;

    if (fd >= 0)
        close(fd);
    return listens;
}

static gboolean server_bind(XsServer *server, GError **error)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    g_autofree char *dir = g_path_get_dirname(server->path);

    if (strlen(server->path) >= sizeof(addr.sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "the socket's path '%s' is too long", server->path);
        return FALSE;
    }
    strcpy(addr.sun_path, server->path);
    if (g_mkdir_with_parents(dir, 0755) < 0)
        return fail_errno(error, "make", dir);
    if (somebody_listens(&addr)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE, "another daemon serves '%s'",
                    server->path);
        return FALSE;
    }
    unlink(server->path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0)
        return fail_errno(error, "make a socket for", server->path);
    /* Linux takes the file's mode from the socket's: no moment in which others could connect. */
    if (fchmod(server->fd, 0600) < 0 ||
        bind(server->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        listen(server->fd, BACKLOG) < 0)
        return fail_errno(error, "listen at", server->path);
    return TRUE;
}

static void accept_client(GIOCondition ready, gpointer user_data)
{
    XsServer *server = user_data;
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0)
        server->sessions = g_list_prepend(server->sessions, xs_session_new(server, fd));
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        g_warning("xenstored: cannot accept a client: %s", g_strerror(errno));
}

void xs_server_session_closed(XsServer *server, XsSession *session)
{
    server->sessions = g_list_remove(server->sessions, session);
    xs_session_free(session);
}

/* ---- the server ---- */

static void domain_free(gpointer data)
{
    Domain *domain = data;

    if (domain->link != NULL) {
        xs_link_close(domain->link);
        xs_link_unref(domain->link);
    }
    g_free(domain->uuid);
    g_free(domain);
}

XsServer *xs_server_new(GMainContext *context, const char *path, GError **error)
{
    g_autoptr(XsServer) server = g_new0(XsServer, 1);

    server->context = context;
    server->path = g_strdup(path);
    server->fd = -1;
    server->store = host_store_new();
    server->domains = g_hash_table_new_full(NULL, NULL, NULL, domain_free);
    server->watches = g_hash_table_new(NULL, NULL);
    host_store_write(server->store, "/local/domain", "");
    host_store_write(server->store, "/vm", "");
    if (!server_bind(server, error))
        return NULL;
    server->source = fd_source_new(context, server->fd, G_IO_IN, accept_client, server);
    return g_steal_pointer(&server);
}

void xs_server_free(XsServer *server)
{
    if (server == NULL)
        return;
    g_clear_pointer(&server->source, fd_source_free);
    while (server->sessions != NULL)
        xs_server_session_closed(server, server->sessions->data);
    g_hash_table_unref(server->domains);
    g_hash_table_unref(server->watches);
    host_store_free(server->store);
    if (server->fd >= 0) {
        close(server->fd);
        unlink(server->path);
    }
    g_free(server->path);
    g_free(server);
}

GMainContext *xs_server_context(XsServer *server)
{
    return server->context;
}

HostStore *xs_server_store(XsServer *server)
{
    return server->store;
}

/* ---- finding the store ---- */

static Domain *find_domain(XsServer *server, int domid)
{
    return g_hash_table_lookup(server->domains, GINT_TO_POINTER(domid));
}

gboolean xs_server_has_domain(XsServer *server, int domid)
{
    return find_domain(server, domid) != NULL;
}

XsLink *xs_server_find_link_by_domid(XsServer *server, int domid)
{
    Domain *domain = find_domain(server, domid);

    return domain != NULL ? domain->link : NULL;
}

static XsLink *find_link_by_uuid(XsServer *server, const char *uuid)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, server->domains);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Domain *domain = value;

        if (g_ascii_strcasecmp(domain->uuid, uuid) == 0)
            return domain->link;
    }
    return NULL;
}

XsLink *xs_server_find_link(XsServer *server, const char *path)
{
    XsRoute route = xs_route(path);

    switch (route.kind) {
    case XS_ROUTE_DOMAIN:
        return xs_server_find_link_by_domid(server, route.domid);
    case XS_ROUTE_VM:
        return find_link_by_uuid(server, route.uuid);
    case XS_ROUTE_HOST:
    case XS_ROUTE_ABOVE:
    case XS_ROUTE_SHARED:
        break;
    }
    return NULL;
}

static gint by_domid(gconstpointer a, gconstpointer b)
{
    return xs_link_domid(*(XsLink *const *)a) - xs_link_domid(*(XsLink *const *)b);
}

GPtrArray *xs_server_links(XsServer *server)
{
    GPtrArray *links = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, server->domains);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Domain *domain = value;

        if (domain->link != NULL)
            g_ptr_array_add(links, domain->link);
    }
    g_ptr_array_sort(links, by_domid);
    return links;
}

/* ---- watches ---- */

void xs_server_add_watch(XsServer *server, XsWatch *watch)
{
    do {
        watch->id = ++server->last_watch_id;
    } while (g_hash_table_contains(server->watches, GUINT_TO_POINTER(watch->id)));
    g_hash_table_insert(server->watches, GUINT_TO_POINTER(watch->id), watch);
}

void xs_server_remove_watch(XsServer *server, XsWatch *watch)
{
    g_hash_table_remove(server->watches, GUINT_TO_POINTER(watch->id));
}

gboolean xs_watch_concerns(const XsWatch *watch, XsServer *server, XsLink *link)
{
    XsRouteKind kind = watch->path[0] == '/' ? xs_route(watch->path).kind : XS_ROUTE_HOST;

    return kind == XS_ROUTE_ABOVE || kind == XS_ROUTE_SHARED ||
           (kind != XS_ROUTE_HOST && xs_server_find_link(server, watch->path) == link);
}

XsMessage *xs_watch_request(const XsWatch *watch, guint32 type)
{
    g_autoptr(GString) payload = g_string_new(watch->path);

    g_string_append_c(payload, '\0');
    g_string_append_printf(payload, "w%u", watch->id);
    g_string_append_c(payload, '\0');
    return xs_message_new(type, 0, 0, payload->str, payload->len);
}

/* A domain's store has a few nodes that are not its part of the joined tree. */
static gboolean is_its_part(XsServer *server, XsLink *link, const XsWatch *watch, const char *path)
{
    return g_str_equal(path, watch->path) || xs_route(path).kind == XS_ROUTE_SHARED ||
           xs_server_find_link(server, path) == link;
}

static void link_event(XsLink *link, const char *path, const char *token, gpointer user_data)
{
    XsServer *server = user_data;
    XsWatch *watch = NULL;
    guint64 id;

    if (token[0] == 'w' && g_ascii_string_to_unsigned(token + 1, 10, 0, G_MAXUINT, &id, NULL))
        watch = g_hash_table_lookup(server->watches, GUINT_TO_POINTER((guint)id));
    if (watch == NULL || g_hash_table_remove(watch->expecting, link))
        return;
    if (is_its_part(server, link, watch, path))
        xs_session_send_event(watch->session, path, watch->token);
}

/* The first event of a watch set now tells the client that this part of the tree has appeared;
 * those above it were told by the host store's nodes. */
static void link_up(XsLink *link, gpointer user_data)
{
    XsServer *server = user_data;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, server->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        XsWatch *watch = value;
        g_autoptr(XsMessage) request = NULL;

        if (!xs_watch_concerns(watch, server, link))
            continue;
        if (xs_route(watch->path).kind == XS_ROUTE_ABOVE)
            g_hash_table_add(watch->expecting, link);
        request = xs_watch_request(watch, XS_WATCH);
        xs_link_post(link, XS_WATCH, 0, request->payload, request->len);
    }
}

static void link_down(XsLink *link, gpointer user_data)
{
    XsServer *server = user_data;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, server->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_hash_table_remove(((XsWatch *)value)->expecting, link);
}

/* The watches inside a part of the tree that is going, which the host store does not know to have
 * existed. */
static void tell_part_gone(XsServer *server, XsLink *link)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, server->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        XsWatch *watch = value;

        if (xs_watch_concerns(watch, server, link) &&
            xs_route(watch->path).kind != XS_ROUTE_ABOVE &&
            !host_store_exists(server->store, watch->path))
            xs_session_send_event(watch->session, watch->path, watch->token);
    }
}

/* ---- domains ---- */

static const XsLinkFuncs link_funcs = { link_event, link_up, link_down };

/* No event when nothing changed. */
static void write_node(XsServer *server, const char *dir, const char *key, const char *value)
{
    g_autofree char *path = g_strdup_printf("%s/%s", dir, key);
    g_autofree char *old = host_store_read(server->store, path);

    if (g_strcmp0(old, value) != 0)
        host_store_write(server->store, path, value);
}

static void write_number(XsServer *server, const char *dir, const char *key, guint64 value)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    write_node(server, dir, key, text);
}

/* All there is of a domain without a store; of one with a store, what is shown while it cannot
 * answer. */
static void write_domain(XsServer *server, const XsDomainInfo *info)
{
    g_autofree char *home = g_strdup_printf("/local/domain/%d", info->domid);
    g_autofree char *vm = g_strdup_printf("/vm/%s", info->uuid);

    write_node(server, home, "vm", vm);
    write_node(server, home, "name", info->name);
    write_number(server, home, "domid", (guint64)info->domid);
    write_number(server, home, "memory/static-max", info->max_memory_kb);
    write_number(server, home, "memory/target", info->memory_kb);
    write_node(server, vm, "name", info->name);
    write_node(server, vm, "uuid", info->uuid);
}

void xs_server_set_domain(XsServer *server, const XsDomainInfo *info)
{
    Domain *domain = find_domain(server, info->domid);

    if (domain != NULL) {
        write_domain(server, info);
        if (domain->link != NULL)
            xs_link_set_paused(domain->link, info->paused);
        return;
    }
    domain = g_new0(Domain, 1);
    domain->domid = info->domid;
    domain->uuid = g_strdup(info->uuid);
    g_hash_table_insert(server->domains, GINT_TO_POINTER(info->domid), domain);
    write_domain(server, info);
    if (info->socket_path != NULL) {
        domain->link = xs_link_new(server->context, info->domid, info->uuid, info->socket_path,
                                   &link_funcs, server);
        xs_link_set_paused(domain->link, info->paused);
    }
    host_store_introduce(server->store);
}

void xs_server_remove_domain(XsServer *server, int domid)
{
    Domain *domain = find_domain(server, domid);
    g_autofree char *home = g_strdup_printf("/local/domain/%d", domid);
    g_autofree char *vm = NULL;

    if (domain == NULL)
        return;
    vm = g_strdup_printf("/vm/%s", domain->uuid);
    if (domain->link != NULL) {
        tell_part_gone(server, domain->link);
        link_down(domain->link, server);
    }
    g_hash_table_remove(server->domains, GINT_TO_POINTER(domid));
    host_store_remove(server->store, home);
    host_store_remove(server->store, vm);
    host_store_release(server->store);
}
