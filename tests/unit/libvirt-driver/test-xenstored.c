/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The joined XenStore: a server, domains whose stores are stood in for by host stores behind
 * sockets, and clients, all in one main loop. In payloads and replies '|' stands for a NUL byte.
 */
#include <gio/gio.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "rpc/fd-source.h"
#include "xenstore/host-store.h"
#include "xenstore/route.h"
#include "xenstore/server.h"
#include "xenstore/stream.h"

#define UUID5 "00000000-0000-0000-0000-000000000005"
#define UUID6 "00000000-0000-0000-0000-000000000006"

typedef struct World World;

/* A PV domain's store. */
typedef struct {
    World *world;
    int domid, fd;
    char *path;
    const char *uuid;
    GSource *source;
    HostStore *store;
    HostStoreConn *conn;
    XsStream *stream; /* of the daemon port's one client */
    GByteArray *out;
    gboolean silent; /* what it says is kept back */
} FakeDomain;

typedef struct {
    World *world;
    XsStream *stream;
    char *reply;
    GString *events;
    gboolean closed;
} Client;

struct World {
    GMainContext *context;
    char *dir, *path;
    XsServer *server;
    GPtrArray *clients, *domains;
};

/* ---- domains ---- */

static void domain_output(const void *data, gsize len, gpointer user_data)
{
    FakeDomain *d = user_data;
    XsMessage *message;
    gboolean bad;

    g_byte_array_append(d->out, data, (guint)len);
    while (!d->silent && (message = xs_message_take(d->out, &bad)) != NULL) {
        if (d->stream != NULL)
            xs_stream_send(d->stream, message);
        xs_message_free(message);
    }
}

static void domain_set_silent(FakeDomain *d, gboolean silent)
{
    d->silent = silent;
    domain_output("", 0, d);
}

static void domain_message(XsMessage *message, gpointer user_data)
{
    FakeDomain *d = user_data;
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    xs_message_write(message, bytes);
    xs_message_free(message);
    host_store_request(d->conn, bytes->data, bytes->len);
}

/* As hv does when the host side of the port closes. */
static void domain_hang_up(FakeDomain *d)
{
    g_clear_pointer(&d->stream, xs_stream_free);
    g_clear_pointer(&d->conn, host_store_disconnect);
}

static void domain_closed(const char *why, gpointer user_data)
{
    domain_hang_up(user_data);
}

static const XsStreamFuncs domain_funcs = { domain_message, domain_closed };

static void domain_accept(GIOCondition ready, gpointer user_data)
{
    FakeDomain *d = user_data;
    int fd = accept(d->fd, NULL, NULL);

    domain_hang_up(d);
    d->conn = host_store_connect(d->store, domain_output, d);
    d->stream = xs_stream_new(d->world->context, fd, G_MAXINT, &domain_funcs, d);
}

static void domain_announce(FakeDomain *d, gboolean paused)
{
    g_autofree char *name = g_strdup_printf("guest%d", d->domid);
    XsDomainInfo info = { d->domid, name, d->uuid, d->path, 131072, 262144, paused };

    xs_server_set_domain(d->world->server, &info);
}

static void domain_put(FakeDomain *d, const char *path, const char *value)
{
    host_store_write(d->store, path, value);
}

static FakeDomain *domain_new(World *w, int domid, const char *uuid)
{
    FakeDomain *d = g_new0(FakeDomain, 1);
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    g_autofree char *home = g_strdup_printf("/local/domain/%d/name", domid);
    g_autofree char *back = g_strdup_printf("/local/domain/0/backend/vif/%d/0/state", domid);
    g_autofree char *vm = g_strdup_printf("/vm/%s/image", uuid);

    d->world = w;
    d->domid = domid;
    d->uuid = uuid;
    d->path = g_strdup_printf("%s/%d", w->dir, domid);
    d->store = host_store_new();
    d->out = g_byte_array_new();
    domain_put(d, home, "its own");
    domain_put(d, back, "4");
    domain_put(d, vm, "linux");
    strcpy(addr.sun_path, d->path);
    d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(bind(d->fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
    g_assert_cmpint(listen(d->fd, 5), ==, 0);
    d->source = fd_source_new(w->context, d->fd, G_IO_IN, domain_accept, d);
    g_ptr_array_add(w->domains, d);
    return d;
}

static void domain_free(gpointer data)
{
    FakeDomain *d = data;

    domain_hang_up(d);
    fd_source_free(d->source);
    close(d->fd);
    unlink(d->path);
    g_free(d->path);
    host_store_free(d->store);
    g_byte_array_unref(d->out);
    g_free(d);
}

/* ---- clients ---- */

static char *readable(const XsMessage *message)
{
    char *text = g_memdup2(message->payload, message->len + 1);

    for (gsize i = 0; i < message->len; i++)
        text[i] = text[i] ? text[i] : '|';
    return text;
}

static void client_message(XsMessage *message, gpointer user_data)
{
    Client *c = user_data;
    g_autofree char *text = readable(message);

    if (message->type == XS_WATCH_EVENT) {
        g_string_append_printf(c->events, "%s ", text);
    } else {
        g_free(c->reply);
        c->reply = xs_message_is_error(message)
                       ? g_strdup_printf("!%.*s", (int)strlen(text) - 1, text)
                       : g_steal_pointer(&text);
    }
    xs_message_free(message);
}

static void client_closed(const char *why, gpointer user_data)
{
    ((Client *)user_data)->closed = TRUE;
}

static const XsStreamFuncs client_funcs = { client_message, client_closed };

static Client *client_new(World *w)
{
    Client *c = g_new0(Client, 1);
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(addr.sun_path, w->path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
    c->world = w;
    c->events = g_string_new(NULL);
    c->stream = xs_stream_new(w->context, fd, G_MAXINT, &client_funcs, c);
    g_ptr_array_add(w->clients, c);
    return c;
}

static void client_free(gpointer data)
{
    Client *c = data;

    xs_stream_free(c->stream);
    g_string_free(c->events, TRUE);
    g_free(c->reply);
    g_free(c);
}

static void client_send(Client *c, guint32 type, guint32 tx, const char *payload)
{
    g_autofree char *bytes = g_strdup(payload);
    g_autoptr(XsMessage) message = NULL;

    g_strdelimit(bytes, "|", '\0');
    message = xs_message_new(type, 7, tx, bytes, strlen(payload));
    xs_stream_send(c->stream, message);
}

static char *call_tx(Client *c, guint32 type, guint32 tx, const char *payload)
{
    client_send(c, type, tx, payload);
    while (c->reply == NULL && !c->closed)
        g_main_context_iteration(c->world->context, TRUE);
    return g_steal_pointer(&c->reply);
}

static void expect_tx(Client *c, guint32 type, guint32 tx, const char *payload,
                      const char *expected)
{
    g_autofree char *reply = call_tx(c, type, tx, payload);

    if (g_strcmp0(reply, expected) != 0)
        g_error("type %u '%s': '%s', expected '%s'", type, payload, reply, expected);
}

static void expect(Client *c, guint32 type, const char *payload, const char *expected)
{
    expect_tx(c, type, 0, payload, expected);
}

static guint32 begin(Client *c)
{
    g_autofree char *id = call_tx(c, XS_TRANSACTION_START, 0, "|");

    return (guint32)g_ascii_strtoull(id, NULL, 10);
}

/* Lets everything that is on its way arrive. */
static void settle(World *w)
{
    for (guint idle = 0; idle < 20; idle++) {
        while (g_main_context_iteration(w->context, FALSE))
            idle = 0;
        g_usleep(500);
    }
}

static void expect_events(Client *c, const char *expected)
{
    settle(c->world);
    g_assert_cmpstr(c->events->str, ==, expected);
    g_string_truncate(c->events, 0);
}

/* ---- the world ---- */

static World *world_new(void)
{
    static const XsDomainInfo dom0 = { 0,    "Domain-0", "00000000-0000-0000-0000-000000000000",
                                       NULL, 1000,       1000,
                                       FALSE };
    static const XsDomainInfo hvm = { 4,    "hvm",  "00000000-0000-0000-0000-000000000004",
                                      NULL, 524288, 524288,
                                      FALSE };
    World *w = g_new0(World, 1);
    g_autoptr(GError) error = NULL;

    w->context = g_main_context_default();
    w->dir = g_dir_make_tmp("xenstored-XXXXXX", NULL);
    w->path = g_build_filename(w->dir, "run", "socket", NULL);
    w->server = xs_server_new(w->context, w->path, &error);
    g_assert_no_error(error);
    w->clients = g_ptr_array_new_with_free_func(client_free);
    w->domains = g_ptr_array_new_with_free_func(domain_free);
    xs_server_set_domain(w->server, &dom0);
    xs_server_set_domain(w->server, &hvm);
    return w;
}

static void world_free(World *w)
{
    g_autofree char *run = g_path_get_dirname(w->path);

    xs_server_free(w->server);
    g_ptr_array_unref(w->clients);
    g_ptr_array_unref(w->domains);
    g_assert_cmpint(rmdir(run), ==, 0);
    g_assert_cmpint(rmdir(w->dir), ==, 0);
    g_free(w->dir);
    g_free(w->path);
    g_free(w);
}

static FakeDomain *world_add(World *w, int domid, const char *uuid)
{
    FakeDomain *d = domain_new(w, domid, uuid);

    domain_announce(d, FALSE);
    settle(w);
    g_assert_nonnull(d->stream);
    return d;
}

/* ---- tests ---- */

static void test_route(void)
{
    static const struct {
        const char *path;
        XsRouteKind kind;
        int domid;
    } rows[] = {
        { "/", XS_ROUTE_ABOVE },
        { "/local", XS_ROUTE_ABOVE },
        { "/local/domain", XS_ROUTE_ABOVE },
        { "/vm", XS_ROUTE_ABOVE },
        { "/tool", XS_ROUTE_HOST },
        { "/local/domains", XS_ROUTE_HOST },
        { "/local/domain/5", XS_ROUTE_DOMAIN, 5 },
        { "/local/domain/5/device/vbd", XS_ROUTE_DOMAIN, 5 },
        { "/local/domain/65535/a", XS_ROUTE_DOMAIN, 65535 },
        { "/local/domain/5x", XS_ROUTE_HOST },
        { "/local/domain/123456", XS_ROUTE_HOST },
        { "/local/domain/0", XS_ROUTE_SHARED },
        { "/local/domain/0/name", XS_ROUTE_HOST },
        { "/local/domain/0/backend", XS_ROUTE_SHARED },
        { "/local/domain/0/backend/vbd", XS_ROUTE_SHARED },
        { "/local/domain/0/backend/vbd/7", XS_ROUTE_DOMAIN, 7 },
        { "/local/domain/0/backend/vbd/7/51712/state", XS_ROUTE_DOMAIN, 7 },
        { "/local/domain/0/backend/vbd/x", XS_ROUTE_HOST },
        { "/local/domain/0/error/backend/vif/9/0/error", XS_ROUTE_DOMAIN, 9 },
        { "/vm/" UUID5, XS_ROUTE_VM },
        { "/vm/" UUID5 "/name", XS_ROUTE_VM },
        { "/vm/" UUID5 "0", XS_ROUTE_HOST },
        { "/vm/not-a-uuid", XS_ROUTE_HOST },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        XsRoute route = xs_route(rows[i].path);

        g_test_message("%s", rows[i].path);
        g_assert_cmpint(route.kind, ==, rows[i].kind);
        if (route.kind == XS_ROUTE_DOMAIN)
            g_assert_cmpint(route.domid, ==, rows[i].domid);
    }
}

typedef struct {
    guint32 type;
    const char *payload, *reply;
} Row;

static void expect_rows(Client *c, const Row *rows)
{
    for (; rows->payload != NULL; rows++)
        expect(c, rows->type, rows->payload, rows->reply);
}

static void test_host(void)
{
    static const Row rows[] = {
        { XS_DIRECTORY, "/|", "tool|local|vm|" },
        { XS_DIRECTORY, "/local/domain|", "0|4|" },
        { XS_DIRECTORY, "/vm|",
          "00000000-0000-0000-0000-000000000000|00000000-0000-0000-0000-000000000004|" },
        { XS_READ, "/local/domain/0/name|", "Domain-0" },
        { XS_READ, "/local/domain/4/name|", "hvm" },
        { XS_READ, "/local/domain/4/domid|", "4" },
        { XS_READ, "/local/domain/4/memory/target|", "524288" },
        { XS_READ, "/local/domain/4/vm|", "/vm/00000000-0000-0000-0000-000000000004" },
        { XS_READ, "/vm/00000000-0000-0000-0000-000000000004/name|", "hvm" },
        { XS_READ, "/local/domain/9|", "!ENOENT" },
        { XS_WRITE, "/own/key|value", "OK|" },
        { XS_READ, "/own/key|", "value" },
        { XS_MKDIR, "/own/dir|", "OK|" },
        { XS_DIRECTORY, "/own|", "key|dir|" },
        { XS_RM, "/own|", "OK|" },
        { XS_READ, "/own/key|", "!ENOENT" },
        { XS_READ, "own/key|", "!EINVAL" },
        { XS_READ, "/own", "!EINVAL" },
        { XS_WATCH, "own|token|", "!EINVAL" },
        { XS_WATCH, "/own|", "!EINVAL" },
        { XS_GET_DOMAIN_PATH, "5|", "/local/domain/5|" },
        { XS_IS_DOMAIN_INTRODUCED, "4|", "T|" },
        { XS_IS_DOMAIN_INTRODUCED, "0|", "T|" },
        { XS_IS_DOMAIN_INTRODUCED, "5|", "F|" },
        { XS_IS_DOMAIN_INTRODUCED, "x|", "!EINVAL" },
        { XS_INTRODUCE, "5|1|1|", "!EINVAL" },
        { XS_RELEASE, "5|", "!ENOENT" },
        { XS_TYPE_COUNT, "|", "!ENOSYS" },
        { XS_WATCH_EVENT, "/|x|", "!ENOSYS" },
        { 0 },
    };
    World *w = world_new();

    expect_rows(client_new(w), rows);
    world_free(w);
}

static void test_domains(void)
{
    static const Row rows[] = {
        { XS_DIRECTORY, "/local/domain|", "0|4|5|6|" },
        { XS_READ, "/local/domain/5/name|", "its own" },
        { XS_WRITE, "/local/domain/5/name|new", "OK|" },
        { XS_READ, "/local/domain/5/name|", "new" },
        { XS_READ, "/local/domain/6/name|", "its own" },
        { XS_READ, "/local/domain/5/none|", "!ENOENT" },
        { XS_SET_PERMS, "/local/domain/5/name|n5|r0|", "OK|" },
        { XS_GET_PERMS, "/local/domain/5/name|", "n5|r0|" },
        { XS_DIRECTORY, "/local/domain/5|", "name|" },
        { XS_DIRECTORY, "/vm/" UUID5 "|", "image|" },
        { XS_READ, "/vm/" UUID6 "/image|", "linux" },
        { XS_DIRECTORY, "/local/domain/0|", "vm|name|domid|memory|backend|" },
        { XS_DIRECTORY, "/local/domain/0/backend|", "vif|" },
        { XS_DIRECTORY, "/local/domain/0/backend/vif|", "5|6|" },
        { XS_DIRECTORY, "/local/domain/0/backend/vbd|", "!ENOENT" },
        { XS_READ, "/local/domain/0/backend/vif|", "" },
        { XS_READ, "/local/domain/0/backend/vbd|", "!ENOENT" },
        { XS_READ, "/local/domain/0/backend/vif/6/0/state|", "4" },
        { XS_WRITE, "/local/domain/0/backend/vif/6/0/online|0", "OK|" },
        { XS_DIRECTORY, "/local/domain/0/backend/vif/6/0|", "state|online|" },
        { XS_DIRECTORY, "/local/domain/0/backend/vif/5/0|", "state|" },
        { XS_IS_DOMAIN_INTRODUCED, "5|", "T|" },
        { XS_DIRECTORY_PART, "/local/domain/0/backend/vif|x|", "!EINVAL" },
        { 0 },
    };
    World *w = world_new();
    Client *c = client_new(w);
    FakeDomain *d5 = world_add(w, 5, UUID5);
    g_autofree char *part = NULL, *rest = NULL, *end = NULL;

    world_add(w, 6, UUID6);
    expect_rows(c, rows);
    part = call_tx(c, XS_DIRECTORY_PART, 0, "/local/domain/0/backend/vif|0|");
    g_assert_true(g_str_has_suffix(part, "|5|6||"));
    rest = call_tx(c, XS_DIRECTORY_PART, 0, "/local/domain/0/backend/vif|2|");
    g_assert_true(g_str_has_suffix(rest, "|6||"));
    g_assert_cmpint(strcspn(part, "|"), ==, strcspn(rest, "|"));
    end = call_tx(c, XS_DIRECTORY_PART, 0, "/local/domain/0/backend/vif|4|");
    g_assert_true(g_str_has_suffix(end, "||"));

    xs_server_remove_domain(w->server, d5->domid);
    expect(c, XS_DIRECTORY, "/local/domain|", "0|4|6|");
    expect(c, XS_READ, "/local/domain/5/name|", "!ENOENT");
    expect(c, XS_DIRECTORY, "/local/domain/0/backend/vif|", "6|");
    world_free(w);
}

static void test_transactions(void)
{
    World *w = world_new();
    Client *c = client_new(w), *other = client_new(w);
    FakeDomain *d5 = world_add(w, 5, UUID5);
    guint32 tx;

    world_add(w, 6, UUID6);
    /* over the host and two domains */
    tx = begin(c);
    expect_tx(c, XS_WRITE, tx, "/local/domain/5/a|1", "OK|");
    expect_tx(c, XS_WRITE, tx, "/local/domain/6/a|1", "OK|");
    expect_tx(c, XS_WRITE, tx, "/h|1", "OK|");
    expect_tx(c, XS_READ, tx, "/local/domain/5/a|", "1");
    expect(other, XS_READ, "/local/domain/5/a|", "!ENOENT");
    expect(other, XS_READ, "/h|", "!ENOENT");
    expect_tx(other, XS_READ, tx, "/local/domain/5/a|", "!ENOENT"); /* not its transaction */
    expect_tx(c, XS_TRANSACTION_END, tx, "T|", "OK|");
    expect(other, XS_READ, "/local/domain/5/a|", "1");
    expect(other, XS_READ, "/local/domain/6/a|", "1");
    expect(other, XS_READ, "/h|", "1");
    expect_tx(c, XS_TRANSACTION_END, tx, "T|", "!ENOENT");
    expect_tx(c, XS_READ, tx, "/local/domain/5/a|", "!ENOENT");
    /* a conflict in a domain; a directory of all domains is in it too */
    tx = begin(c);
    expect_tx(c, XS_DIRECTORY, tx, "/local/domain/0/backend/vif|", "5|6|");
    expect_tx(c, XS_READ, tx, "/local/domain/5/a|", "1");
    expect_tx(c, XS_WRITE, tx, "/local/domain/5/b|1", "OK|");
    expect_tx(c, XS_WRITE, tx, "/h|2", "OK|");
    expect(other, XS_WRITE, "/local/domain/5/a|2", "OK|");
    expect_tx(c, XS_TRANSACTION_END, tx, "T|", "!EAGAIN");
    expect(other, XS_READ, "/local/domain/5/b|", "!ENOENT");
    expect(other, XS_READ, "/h|", "1");
    /* given up */
    tx = begin(c);
    expect_tx(c, XS_WRITE, tx, "/local/domain/5/b|1", "OK|");
    expect_tx(c, XS_TRANSACTION_END, tx, "X|", "!EINVAL");
    expect_tx(c, XS_TRANSACTION_END, tx, "F|", "OK|");
    expect(other, XS_READ, "/local/domain/5/b|", "!ENOENT");
    /* its domain's store goes in the middle */
    tx = begin(c);
    expect_tx(c, XS_WRITE, tx, "/local/domain/5/b|1", "OK|");
    domain_hang_up(d5);
    settle(w);
    expect_tx(c, XS_TRANSACTION_END, tx, "T|", "!EAGAIN");
    tx = begin(c);
    expect_tx(c, XS_WRITE, tx, "/local/domain/6/b|1", "OK|");
    xs_server_remove_domain(w->server, 6);
    expect_tx(c, XS_TRANSACTION_END, tx, "T|", "!EAGAIN");
    /* a client that goes leaves nothing open */
    tx = begin(c);
    expect_tx(c, XS_WRITE, tx, "/h|3", "OK|");
    g_ptr_array_remove(w->clients, c);
    settle(w);
    expect(other, XS_READ, "/h|", "1");
    world_free(w);
}

static void test_watches(void)
{
    World *w = world_new();
    Client *c = client_new(w);
    FakeDomain *d5 = world_add(w, 5, UUID5), *d6;

    expect(c, XS_WATCH, "/|all|", "OK|");
    expect(c, XS_WATCH, "/local/domain/5/data|data|", "OK|");
    expect(c, XS_WATCH, "/local/domain/5/data|data|", "!EEXIST");
    expect_events(c, "/|all| /local/domain/5/data|data| ");
    domain_put(d5, "/local/domain/5/data/k", "v");
    expect_events(c, "/local/domain/5/data/k|all| /local/domain/5/data/k|data| ");
    domain_put(d5, "/tool/own", "v"); /* not part of the joined tree */
    expect_events(c, "");
    expect(c, XS_WRITE, "/h|1", "OK|");
    expect_events(c, "/h|all| ");
    expect(c, XS_UNWATCH, "/|all|", "OK|");
    expect(c, XS_UNWATCH, "/|all|", "!ENOENT");
    domain_put(d5, "/local/domain/5/data", "v");
    expect_events(c, "/local/domain/5/data|data| ");

    /* before there is such a domain, and after it is gone */
    expect(c, XS_WATCH, "/local/domain/6/name|six|", "OK|");
    expect(c, XS_WATCH, "/local/domain/6/device|dev|", "OK|");
    expect(c, XS_WATCH, "/local/domain/0/backend|back|", "OK|");
    expect_events(
        c, "/local/domain/6/name|six| /local/domain/6/device|dev| /local/domain/0/backend|back| ");
    d6 = world_add(w, 6, UUID6);
    settle(w);
    g_assert_nonnull(strstr(c->events->str, "/local/domain/6/name|six| "));
    g_assert_nonnull(strstr(c->events->str, "/local/domain/6/device|dev| "));
    g_assert_nonnull(strstr(c->events->str, "/local/domain/0/backend|back| "));
    g_string_truncate(c->events, 0);
    domain_put(d6, "/local/domain/6/device/vif", "1");
    domain_put(d6, "/local/domain/0/backend/vif/6/0/state", "5");
    expect_events(c,
                  "/local/domain/6/device/vif|dev| /local/domain/0/backend/vif/6/0/state|back| ");
    xs_server_remove_domain(w->server, 6);
    settle(w);
    g_assert_nonnull(strstr(c->events->str, "/local/domain/6/name|six| "));
    g_assert_nonnull(strstr(c->events->str, "/local/domain/6/device|dev| "));
    g_string_truncate(c->events, 0);

    /* the store's connection is lost and made again */
    domain_hang_up(d5);
    settle(w);
    for (guint i = 0; i < 1000 && d5->stream == NULL; i++) {
        g_usleep(1000);
        settle(w);
    }
    g_string_truncate(c->events, 0);
    domain_put(d5, "/local/domain/5/data/again", "v");
    expect_events(c, "/local/domain/5/data/again|data| ");

    expect(c, XS_RESET_WATCHES, "|", "OK|");
    domain_put(d5, "/local/domain/5/data/k", "w");
    expect_events(c, "");
    world_free(w);
}

static void test_special_watches(void)
{
    World *w = world_new();
    Client *c = client_new(w);

    expect(c, XS_WATCH, "@introduceDomain|i|", "OK|");
    expect(c, XS_WATCH, "@releaseDomain|r|", "OK|");
    expect(c, XS_WATCH, "/local/domain/5|home|", "OK|");
    expect_events(c, "@introduceDomain|i| @releaseDomain|r| /local/domain/5|home| ");
    world_add(w, 5, UUID5);
    settle(w);
    g_assert_nonnull(strstr(c->events->str, "@introduceDomain|i| "));
    g_assert_null(strstr(c->events->str, "@releaseDomain|r| "));
    g_string_truncate(c->events, 0);
    xs_server_remove_domain(w->server, 5);
    expect_events(c, "/local/domain/5|home| @releaseDomain|r| ");
    world_free(w);
}

/* What cannot answer does not stop anybody. */
static void test_paused(void)
{
    World *w = world_new();
    Client *c = client_new(w), *other = client_new(w);
    FakeDomain *d5 = world_add(w, 5, UUID5);

    domain_announce(d5, TRUE);
    domain_set_silent(d5, TRUE);
    expect(c, XS_READ, "/local/domain/5/name|", "guest5"); /* the host's word */
    expect(c, XS_DIRECTORY, "/local/domain/5|", "vm|name|domid|memory|");
    expect(c, XS_WRITE, "/local/domain/5/name|x", "!EBUSY");
    expect(c, XS_DIRECTORY, "/local/domain/0/backend|", "!ENOENT");
    expect(c, XS_WATCH, "/local/domain/5/data|t|", "OK|");
    expect_events(c, "/local/domain/5/data|t| ");
    domain_set_silent(d5, FALSE);
    domain_announce(d5, FALSE);
    expect(c, XS_READ, "/local/domain/5/name|", "its own");
    domain_put(d5, "/local/domain/5/data", "1");
    expect_events(c, "/local/domain/5/data|t| ");

    /* not known to be paused: the time-out says it, once, and only to the one who asked */
    domain_set_silent(d5, TRUE);
    client_send(c, XS_READ, 0, "/local/domain/5/name|");
    expect(other, XS_READ, "/local/domain/4/name|", "hvm");
    g_assert_null(c->reply);
    while (c->reply == NULL)
        g_main_context_iteration(w->context, TRUE);
    g_assert_cmpstr(c->reply, ==, "guest5");
    g_clear_pointer(&c->reply, g_free);
    expect(other, XS_READ, "/local/domain/5/name|", "guest5");
    domain_set_silent(d5, FALSE);
    domain_put(d5, "/local/domain/5/data", "2"); /* a sign of life */
    expect_events(c, "/local/domain/5/data|t| ");
    expect(other, XS_READ, "/local/domain/5/name|", "its own");
    world_free(w);
}

/* Garbage, half a message, and a client that does not read. */
static void test_bad_clients(void)
{
    World *w = world_new();
    Client *garbage = client_new(w), *slow = client_new(w), *c = client_new(w);
    g_autoptr(XsMessage) big = xs_message_new(XS_READ, 1, 0, NULL, 0);
    g_autofree char *value = g_strnfill(4000, 'v');
    g_autofree char *write = g_strdup_printf("/k|%s", value);

    big->payload = g_realloc(big->payload, 5000);
    memset(big->payload, 'x', 5000);
    big->len = 5000;
    xs_stream_send(garbage->stream, big);
    settle(w);
    g_assert_true(garbage->closed);

    expect(c, XS_WRITE, write, "OK|");
    xs_stream_set_paused(slow->stream, TRUE);
    for (guint i = 0; i < 2000; i++)
        client_send(slow, XS_READ, 0, "/k|");
    expect(c, XS_READ, "/k|", value);
    for (guint i = 0; i < 100; i++)
        settle(w);
    expect(c, XS_READ, "/k|", value);
    world_free(w);
}

static void test_socket(void)
{
    World *w = world_new();
    g_autoptr(GError) error = NULL;
    XsServer *second = xs_server_new(w->context, w->path, &error);

    g_assert_null(second);
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_assert_nonnull(strstr(error->message, w->path));
    g_assert_true(g_file_test(w->path, G_FILE_TEST_EXISTS));
    world_free(w);
}

/* ---- Debian's own tools ---- */

static void tool_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static char *run_tool(World *w, const char *command)
{
    g_auto(GStrv) argv = g_strsplit(command, " ", -1);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autoptr(GSubprocess) tool = NULL;
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    char *out = NULL;

    g_subprocess_launcher_setenv(launcher, "XENSTORED_PATH", w->path, TRUE);
    tool = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv, &error);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8_async(tool, NULL, NULL, tool_done, &result);
    while (result == NULL)
        g_main_context_iteration(w->context, TRUE);
    g_subprocess_communicate_utf8_finish(tool, result, &out, NULL, &error);
    g_assert_no_error(error);
    return out;
}

static void test_tools(void)
{
    static const struct {
        const char *command, *output;
    } rows[] = {
        { "xenstore-read /local/domain/5/name", "its own\n" },
        { "xenstore-write /local/domain/5/data/k v1 /h v2", "" },
        { "xenstore-read -p /local/domain/5/data/k /h", "/local/domain/5/data/k: v1\n/h: v2\n" },
        { "xenstore-list /local/domain", "0\n4\n5\n" },
        { "xenstore-list -p /local/domain/0/backend", "/local/domain/0/backend/vif\n" },
        { "xenstore-chmod /local/domain/5/data/k n5 r0", "" },
        { "xenstore-ls /local/domain/5/data", "k = \"v1\"\n" },
        { "xenstore-exists /local/domain/5/data/k", "" },
        { "xenstore-rm /local/domain/5/data", "" },
        { "xenstore-ls /local/domain/5", "name = \"its own\"\n" },
        { "xenstore-ls -f /vm/" UUID5, "/vm/" UUID5 "/image = \"linux\"\n" },
        { "xenstore-read /local/domain/5/data/k",
          "xenstore-read: couldn't read path /local/domain/5/data/k\n" },
        { "xenstore-watch -n 1 /local/domain/5", "/local/domain/5\n" },
    };
    g_autofree char *program = g_find_program_in_path("xenstore-ls");
    World *w;

    if (program == NULL) {
        g_test_skip("xenstore-utils are not installed");
        return;
    }
    w = world_new();
    world_add(w, 5, UUID5);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *out = run_tool(w, rows[i].command);

        g_test_message("%s", rows[i].command);
        g_assert_cmpstr(out, ==, rows[i].output);
    }
    world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/xenstored/route", test_route);
    g_test_add_func("/xenstored/host", test_host);
    g_test_add_func("/xenstored/domains", test_domains);
    g_test_add_func("/xenstored/transactions", test_transactions);
    g_test_add_func("/xenstored/watches", test_watches);
    g_test_add_func("/xenstored/special-watches", test_special_watches);
    g_test_add_func("/xenstored/paused", test_paused);
    g_test_add_func("/xenstored/bad-clients", test_bad_clients);
    g_test_add_func("/xenstored/socket", test_socket);
    g_test_add_func("/xenstored/tools", test_tools);
    return g_test_run();
}
