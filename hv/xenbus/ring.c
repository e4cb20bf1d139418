/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's connection by shared ring (io/xs_wire.h struct xenstore_domain_interface). Whatever
 * the guest puts into the page costs it the connection at most; it gets a new one by
 * XENSTORE_RECONNECT.
 */
#include "alloc.h"
#include "conn.h"
#include "printk.h"
#include "store.h"
#include "string.h"
#include <xen/errno.h>

typedef volatile struct xenstore_domain_interface ring_page;

struct xs_ring {
    struct xenstore *xs;
    struct xs_conn *conn;
    ring_page *page;
    void (*notify)(void *opaque);
    void *opaque;
    bool broken; /* until the guest reconnects */
    bool moved;  /* an index of the page changed: the guest is to be told */
};

static void ring_break(struct xs_ring *r, uint32_t error, const char *why)
{
    printk_guest(LOG_WARNING, "xenstore: guest's ring: %s, closing the connection", why);
    r->broken = true;
    r->moved = true;
    r->page->error = error;
}

static size_t ring_output(void *opaque, const void *data, size_t len)
{
    struct xs_ring *r = opaque;
    uint32_t cons = r->page->rsp_cons, prod = r->page->rsp_prod;
    uint32_t room = XENSTORE_RING_SIZE - (prod - cons);
    size_t done = 0;

    if (r->broken)
        return 0;
    if (prod - cons > XENSTORE_RING_SIZE) {
        ring_break(r, XENSTORE_ERROR_RINGIDX, "bad response index");
        return 0;
    }
    mb(); /* the guest has read what it says it has before it is overwritten */
    len = MIN(len, room);
    while (done < len) {
        uint32_t at = MASK_XENSTORE_IDX(prod + (uint32_t)done);
        size_t n = MIN(len - done, XENSTORE_RING_SIZE - at);

        memcpy((char *)r->page->rsp + at, (const char *)data + done, n);
        done += n;
    }
    wmb(); /* bytes before the index that shows them */
    r->page->rsp_prod = prod + (uint32_t)len;
    r->moved |= len > 0;
    return len;
}

/* Takes one contiguous stretch of requests. false: nothing was taken. */
static bool ring_input(struct xs_ring *r)
{
    uint32_t cons = r->page->req_cons, prod = r->page->req_prod;
    uint32_t at = MASK_XENSTORE_IDX(cons);
    int64_t taken;

    if (prod - cons > XENSTORE_RING_SIZE) {
        ring_break(r, XENSTORE_ERROR_RINGIDX, "bad request index");
        return false;
    }
    if (prod == cons)
        return false;
    rmb(); /* the index before the bytes it shows */
    taken = xs_conn_input(r->conn, (const char *)r->page->req + at,
                          MIN(prod - cons, XENSTORE_RING_SIZE - at));
    if (taken < 0) {
        ring_break(r, XENSTORE_ERROR_PROTO, "malformed request");
        return false;
    }
    mb(); /* the bytes are read before the guest may overwrite them */
    r->page->req_cons = cons + (uint32_t)taken;
    r->moved |= taken > 0;
    return taken > 0;
}

/* docs/misc/xenstore-ring.txt of Xen: everything of the old connection goes, then the indices, then
 * the state. */
static void ring_reconnect(struct xs_ring *r)
{
    xs_conn_reset(r->conn);
    r->broken = false;
    r->page->req_cons = r->page->req_prod = 0;
    r->page->rsp_cons = r->page->rsp_prod = 0;
    r->page->error = XENSTORE_ERROR_NONE;
    wmb();
    r->page->connection = XENSTORE_CONNECTED;
    r->moved = true;
}

/* Tells the guest at most once for all that was done. */
static void ring_notify(struct xs_ring *r)
{
    if (!r->moved)
        return;
    r->moved = false;
    r->notify(r->opaque);
}

/* Output that comes of somebody else's request. */
static size_t ring_output_notify(void *opaque, const void *data, size_t len)
{
    size_t n = ring_output(opaque, data, len);

    ring_notify(opaque);
    return n;
}

struct xs_ring *xs_ring_new(struct xenstore *xs, void *page, uint32_t domid,
                            void (*notify)(void *opaque), void *opaque)
{
    struct xs_ring *r = kmalloc(sizeof(*r));

    if (!r)
        return NULL;
    r->xs = xs;
    r->page = page;
    r->notify = notify;
    r->opaque = opaque;
    r->conn = xs_conn_new(xs, domid, ring_output_notify, r);
    if (!r->conn) {
        kfree(r);
        return NULL;
    }
    r->page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR;
    return r;
}

void xs_ring_kick(struct xs_ring *r)
{
    if (!r->xs->guest_introduced)
        return;
    if (r->page->connection == XENSTORE_RECONNECT)
        ring_reconnect(r);
    if (!r->broken) {
        xs_conn_resume(r->conn);
        while (!r->broken && ring_input(r))
            ;
    }
    ring_notify(r);
}

void xs_ring_free(struct xs_ring *r)
{
    xs_conn_free(r->conn);
    kfree(r);
}
