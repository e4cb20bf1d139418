/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's ring and the host's ports: bytes in, bytes out, and what garbage does. */
#include "backend.h"
#include "evtchn.h"
#include "kanzen-abi.h"
#include "virtio-console.h"
#include "xs-client.h"
#include <string.h>

#define RING_PORT 3

/* ---- the event channel and the ports that hv would have ---- */

static struct {
    evtchn_handler_fn *handler;
    void *opaque;
    guint notified;
} channel;

int evtchn_bind_hv(struct domain *d, uint32_t port, evtchn_handler_fn *handler, void *opaque)
{
    g_assert_cmpuint(port, ==, RING_PORT);
    channel.handler = handler;
    channel.opaque = opaque;
    handler(opaque);
    return 0;
}

void evtchn_notify_guest(struct domain *d, uint32_t port)
{
    g_assert_cmpuint(port, ==, RING_PORT);
    channel.notified++;
}

struct vcon_port {
    const char *name;
    const struct vcon_ops *ops;
    void *opaque;
    XsClient client; /* only out, room and events are used */
    gboolean resumed;
};

static struct vcon_port vports[2];
static gboolean no_device;

struct vcon_port *vcon_claim(const char *name, const struct vcon_ops *ops, void *opaque)
{
    struct vcon_port *p = &vports[strcmp(name, KZ_PORT_STORE_OPS) ? 1 : 0];

    *p = (struct vcon_port){ name, ops, opaque, .client = { .room = G_MAXSIZE } };
    return no_device ? NULL : p;
}

size_t vcon_write(struct vcon_port *p, const void *data, size_t len)
{
    size_t n = MIN(len, p->client.room);

    g_byte_array_append(p->client.out, data, n);
    p->client.room -= n;
    return n;
}

void vcon_resume_input(struct vcon_port *p)
{
    p->resumed = TRUE;
}

/* ---- the guest's driver ---- */

typedef struct {
    XsWorld *w;
    struct xenstore_domain_interface *page;
    XsClient in; /* what came out of the ring */
} Guest;

static Guest *guest_new(void)
{
    Guest *g = g_new0(Guest, 1);

    channel.notified = 0;
    g->w = xs_world_new();
    g->page = harness_page(5);
    g->in = (XsClient){ .name = 'R', .out = g_byte_array_new(), .events = g_string_new(NULL) };
    g_assert_cmpint(store_ring_init(g->w->d, g->page, RING_PORT), ==, 0);
    harness_run_softirqs();
    return g;
}

static void guest_free(Guest *g)
{
    g_byte_array_unref(g->in.out);
    g_string_free(g->in.events, TRUE);
    /* The ring lives as long as hv does: the domain's end takes it along. */
    xs_client_free(g->w->dom0);
    xs_client_free(g->w->dom0b);
    xs_client_free(g->w->guest);
    xs_free(g->w->xs);
    harness_domain_free(g->w->d);
    g_free(g->w);
    g_free(g);
}

static void guest_event(Guest *g)
{
    channel.handler(channel.opaque);
    harness_run_softirqs();
}

static void guest_read(Guest *g)
{
    while (g->page->rsp_cons != g->page->rsp_prod) {
        g_byte_array_append(g->in.out,
                            (guint8 *)&g->page->rsp[MASK_XENSTORE_IDX(g->page->rsp_cons++)], 1);
    }
}

/* Sends as a driver does, at most `chunk` bytes at a time, reading when told. Returns the reply. */
static char *guest_call(Guest *g, guint32 type, const char *payload, guint chunk)
{
    g_autoptr(GByteArray) rq = xs_request(type, 0, payload);
    char *reply = NULL;
    guint pos = 0;

    for (guint idle = 0; !reply && idle < 10000; idle++) {
        for (guint i = 0; i < chunk && pos < rq->len &&
                          g->page->req_prod - g->page->req_cons < XENSTORE_RING_SIZE;
             i++)
            g->page->req[MASK_XENSTORE_IDX(g->page->req_prod++)] = (char)rq->data[pos++];
        guest_event(g);
        guest_read(g);
        reply = xs_client_take(&g->in);
    }
    return reply;
}

static void test_ring(void)
{
    static const guint chunks[] = { 1, 7, 16, 100, 1024 };
    Guest *g = guest_new();
    g_autofree char *big = g_strnfill(1900, 'v');
    g_autofree char *write = g_strdup_printf("data/big|%s", big);

    g_assert_cmpuint(g->page->server_features, ==,
                     XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
    for (guint i = 0; i < G_N_ELEMENTS(chunks); i++) {
        g_autofree char *name = guest_call(g, XS_READ, "name|", chunks[i]);
        g_autofree char *ok = guest_call(g, XS_WRITE, write, chunks[i]);
        g_autofree char *back =
            guest_call(g, XS_READ, "data/big|", chunks[i]); /* more than the ring */

        g_assert_cmpstr(name, ==, "guest");
        g_assert_cmpstr(ok, ==, "OK|");
        g_assert_cmpstr(back, ==, big);
    }
    g_assert_cmpuint(channel.notified, >, 0);
    guest_free(g);
}

static void test_ring_events(void)
{
    Guest *g = guest_new();

    g_free(guest_call(g, XS_WATCH, "data|t|", 1024));
    g_string_truncate(g->in.events, 0);
    channel.notified = 0;
    xs_write_string(g->w->xs, "/local/domain/7/data/k", "1");
    g_assert_cmpuint(channel.notified, ==, 1);
    guest_read(g);
    g_assert_null(xs_client_take(&g->in));
    g_assert_cmpstr(g->in.events->str, ==, "R:data/k:t ");
    guest_free(g);
}

/* Each kind of garbage ends the connection, with its code, and a reconnection brings it back. */
static void test_ring_garbage(void)
{
    static const struct {
        guint32 req_prod, req_cons, rsp_prod, rsp_cons, len, error;
    } rows[] = {
        { 1025, 0, 0, 0, 0, XENSTORE_ERROR_RINGIDX },
        { 0, 1, 0, 0, 0, XENSTORE_ERROR_RINGIDX },
        { 0x80000000, 0, 0, 0, 0, XENSTORE_ERROR_RINGIDX },
        { 24, 0, 2000, 0, 0, XENSTORE_ERROR_RINGIDX },
        { 24, 0, 0, 1, 0, XENSTORE_ERROR_RINGIDX },
        { 24, 0, 0, 0, 4097, XENSTORE_ERROR_PROTO },
        { 24, 0, 0, 0, 0xffffffff, XENSTORE_ERROR_PROTO },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Guest *g = guest_new();
        struct xsd_sockmsg hdr = { XS_GET_DOMAIN_PATH, 1, 0, rows[i].len ? rows[i].len : 8 };
        g_autofree char *name = NULL;

        g_test_message("row %u", i);
        g_free(guest_call(g, XS_WATCH, "data|t|", 1024));
        memcpy(g->page->req, &hdr, sizeof(hdr));
        memcpy(g->page->req + sizeof(hdr), "0000007", 8);
        g->page->req_prod = rows[i].req_prod;
        g->page->req_cons = rows[i].req_cons;
        g->page->rsp_prod = rows[i].rsp_prod;
        g->page->rsp_cons = rows[i].rsp_cons;
        guest_event(g);
        g_assert_cmpuint(g->page->error, ==, rows[i].error);
        guest_event(g);
        xs_write_string(g->w->xs, "/local/domain/7/data/k", "1"); /* an event for the dead */
        g_assert_false(harness.crashed);

        g->page->connection = XENSTORE_RECONNECT;
        guest_event(g);
        g_assert_cmpuint(g->page->connection, ==, XENSTORE_CONNECTED);
        g_assert_cmpuint(g->page->error, ==, XENSTORE_ERROR_NONE);
        g_assert_cmpuint(g->page->req_prod | g->page->rsp_prod, ==, 0);
        g_byte_array_set_size(g->in.out, 0);
        g_string_truncate(g->in.events, 0);
        name = guest_call(g, XS_READ, "name|", 1024);
        g_assert_cmpstr(name, ==, "guest");
        g_assert_cmpstr(g->in.events->str, ==, ""); /* its watches are gone */
        guest_free(g);
    }
}

/* Half a request, then a reconnection: the other half is not waited for. */
static void test_ring_reconnect(void)
{
    Guest *g = guest_new();
    g_autofree char *name = NULL;

    g->page->req_prod = 10;
    guest_event(g);
    g_assert_cmpuint(g->page->req_cons, ==, 10);
    g->page->connection = XENSTORE_RECONNECT;
    guest_event(g);
    name = guest_call(g, XS_READ, "name|", 1024);
    g_assert_cmpstr(name, ==, "guest");
    guest_free(g);
}

static void test_ring_released(void)
{
    Guest *g = guest_new();
    g_autofree char *released = xs_call(g->w->dom0, XS_RELEASE, 0, "7|");
    g_autofree char *name = NULL, *introduced = NULL;

    g_assert_cmpstr(released, ==, "OK|");
    name = guest_call(g, XS_READ, "name|", 1024);
    g_assert_null(name);
    introduced = xs_call(g->w->dom0, XS_INTRODUCE, 0, "7|0|3|");
    g_assert_cmpstr(introduced, ==, "OK|");
    guest_event(g); /* the request still waits there */
    guest_read(g);
    name = xs_client_take(&g->in);
    g_assert_cmpstr(name, ==, "guest");
    guest_free(g);
}

/* ---- the host's ports ---- */

static void port_client(struct vcon_port *p)
{
    p->client = (XsClient){
        .name = 'P', .out = g_byte_array_new(), .room = G_MAXSIZE, .events = g_string_new(NULL)
    };
}

static gsize port_send(struct vcon_port *p, guint32 type, const char *payload)
{
    g_autoptr(GByteArray) rq = xs_request(type, 0, payload);

    return p->ops->input(p->opaque, rq->data, rq->len);
}

static void test_ports(void)
{
    XsWorld *w = xs_world_new();
    struct xsd_sockmsg garbage = { XS_READ, 0, 0, 0xffffffff };
    g_autofree char *reply = NULL;

    g_assert_cmpint(store_ports_init(w->d), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(vports); i++)
        port_client(&vports[i]);
    g_assert_cmpuint(port_send(vports, XS_READ, "/local/domain/7/name|"), >,
                     0); /* not open: dropped */
    g_assert_cmpuint(vports[0].client.out->len, ==, 0);

    for (guint round = 0; round < 2; round++) {
        vports[0].ops->opened(vports[0].opaque);
        port_send(vports, XS_WATCH, "/local/domain/7/name|t|");
        reply = xs_client_take(&vports[0].client);
        g_assert_cmpstr(reply, ==, "OK|");
        g_clear_pointer(&reply, g_free);
        xs_write_string(w->xs, "/local/domain/7/name", "other");
        g_assert_null(xs_client_take(&vports[0].client));
        g_assert_cmpstr(vports[0].client.events->str, ==,
                        "P:/local/domain/7/name:t P:/local/domain/7/name:t ");
        g_string_truncate(vports[0].client.events, 0);
        vports[0].ops->closed(vports[0].opaque);
        xs_write_string(w->xs, "/local/domain/7/name", "guest");
        g_assert_cmpuint(vports[0].client.out->len, ==, 0);
    }

    /* A slow host: the next request waits until the reply is out. */
    vports[1].ops->opened(vports[1].opaque);
    vports[1].client.room = 4;
    g_assert_cmpuint(port_send(&vports[1], XS_READ, "/local/domain/7/name|"), >, 0);
    g_assert_cmpuint(port_send(&vports[1], XS_READ, "/local/domain/7/name|"), ==, 0);
    vports[1].client.room = G_MAXSIZE;
    vports[1].ops->writable(vports[1].opaque);
    g_assert_true(vports[1].resumed);
    reply = xs_client_take(&vports[1].client);
    g_assert_cmpstr(reply, ==, "guest");

    /* Garbage: dropped until it is opened again. */
    g_assert_cmpuint(vports[1].ops->input(vports[1].opaque, &garbage, sizeof(garbage)), ==,
                     sizeof(garbage));
    g_assert_cmpuint(port_send(&vports[1], XS_READ, "/local/domain/7/name|"), >, 0);
    g_assert_cmpuint(vports[1].client.out->len, ==, 0);
    vports[1].ops->closed(vports[1].opaque);

    for (guint i = 0; i < G_N_ELEMENTS(vports); i++) {
        g_byte_array_unref(vports[i].client.out);
        g_string_free(vports[i].client.events, TRUE);
    }
    no_device = TRUE;
    g_assert_cmpint(store_ports_init(w->d), ==, -XEN_ENODEV);
    xs_world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xenstore-ring/requests", test_ring);
    g_test_add_func("/xenstore-ring/events", test_ring_events);
    g_test_add_func("/xenstore-ring/garbage", test_ring_garbage);
    g_test_add_func("/xenstore-ring/reconnect", test_ring_reconnect);
    g_test_add_func("/xenstore-ring/released", test_ring_released);
    g_test_add_func("/xenstore-ring/ports", test_ports);
    return g_test_run();
}
