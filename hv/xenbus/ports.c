/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who talks to the store: the guest by its ring and event channel, the host by two virtio-serial
 * ports. */
#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "evtchn.h"
#include "irq.h"
#include "kanzen-abi.h"
#include "printk.h"
#include "virtio-console.h"
#include "xenstore.h"
#include <xen/errno.h>

struct guest_ring {
    struct domain *domain;
    struct xs_ring *ring;
    uint32_t port;
    struct softirq work;
};

static void ring_event(void *opaque)
{
    struct guest_ring *g = opaque;

    softirq_raise(&g->work);
}

static void ring_work(void *opaque)
{
    struct guest_ring *g = opaque;

    xs_ring_kick(g->ring);
}

static void ring_notify(void *opaque)
{
    struct guest_ring *g = opaque;

    evtchn_notify_guest(g->domain, g->port);
}

int store_ring_init(struct domain *d, void *ring_page, uint32_t port)
{
    struct guest_ring *g = kmalloc(sizeof(*g));

    if (!g)
        return -XEN_ENOMEM;
    g->domain = d;
    g->port = port;
    g->work = (struct softirq){ .fn = ring_work, .opaque = g };
    g->ring = xs_ring_new(d->store, ring_page, d->domid, ring_notify, g);
    if (!g->ring) {
        kfree(g);
        return -XEN_ENOMEM;
    }
    return evtchn_bind_hv(d, port, ring_event, g);
}

struct host_port {
    const char *name;
    struct xenstore *store;
    struct vcon_port *port;
    struct xs_conn *conn; /* while the host side is open */
};

static size_t port_output(void *opaque, const void *data, size_t len)
{
    struct host_port *p = opaque;

    return vcon_write(p->port, data, len);
}

static void port_opened(void *opaque)
{
    struct host_port *p = opaque;

    p->conn = xs_conn_new(p->store, 0, port_output, p);
    if (!p->conn)
        printk(LOG_ERROR, "xenstore: no memory for port '%s'", p->name);
}

static void port_closed(void *opaque)
{
    struct host_port *p = opaque;

    xs_conn_free(p->conn);
    p->conn = NULL;
}

/* Without a connection, or after garbage, the host's bytes go nowhere until it opens the port
 * again. */
static size_t port_input(void *opaque, const void *data, size_t len)
{
    struct host_port *p = opaque;
    int64_t taken = p->conn ? xs_conn_input(p->conn, data, len) : (int64_t)len;

    if (taken >= 0)
        return (size_t)taken;
    printk(LOG_WARNING, "xenstore: malformed request on port '%s', closing the connection",
           p->name);
    xs_conn_free(p->conn);
    p->conn = NULL;
    return len;
}

static void port_writable(void *opaque)
{
    struct host_port *p = opaque;

    if (p->conn)
        xs_conn_resume(p->conn);
    vcon_resume_input(p->port);
}

static const struct vcon_ops port_ops = {
    .opened = port_opened,
    .closed = port_closed,
    .input = port_input,
    .writable = port_writable,
};

int store_ports_init(struct domain *d)
{
    static struct host_port ports[] = {
        { .name = KZ_PORT_STORE_OPS },
        { .name = KZ_PORT_STORE_DAEMON },
    };

    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        ports[i].store = d->store;
        ports[i].port = vcon_claim(ports[i].name, &port_ops, &ports[i]);
        if (!ports[i].port)
            return -XEN_ENODEV;
    }
    return 0;
}
