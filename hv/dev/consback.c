/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Consoles, see consback.h, and the one that start_info gives the guest. */
#include "consback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "evtchn.h"
#include "printk.h"
#include "string.h"
#include "time.h"
#include "virtio-console.h"
#include <xen/errno.h>
#include <xen/io/console.h>

/* What is between two indices of a ring of that size; SIZE_MAX when the guest put nonsense
 * there. */
static size_t ring_fill(struct consback *cb, uint32_t prod, uint32_t cons, size_t size)
{
    uint32_t fill = prod - cons;

    if (fill <= size)
        return fill;
    if (!cb->garbage)
        printk_guest(LOG_WARNING, "console: bad ring indices %u and %u: ignoring the ring", prod,
                     cons);
    cb->garbage = true;
    return SIZE_MAX;
}

static size_t send(struct consback *cb, const char *data, size_t len)
{
    return cb->host ? vcon_write(cb->host, data, len) : len;
}

/* ---- pace ---- */

/*
 * QEMU's virtconsole, which the first console's port is, has no flow control: what its terminal
 * does not take at once QEMU 7.2 drops, and tells nobody. That terminal is a Linux pty, which holds
 * 11 to 20 KB, by the size of the writes, until its reader comes to run. So output goes out in
 * bursts of at most PACE_BURST, and at PACE_NS_PER_BYTE on the long run: 50 KB/s, where a serial
 * line has 11. A reader may be late by 100 ms at the worst, 200 ms with what a kernel writes. What
 * has to wait stays in the ring, whose fill the guest sees; hv's own timer goes on with it,
 * whatever the guest does. A Linux boot, 14 KB, never waits. xenconsoled, too, reads a ring only so
 * often.
 */
#define PACE_BURST       6144U
#define PACE_NS_PER_BYTE 20000U
#define PACE_BURST_NS    ((uint64_t)PACE_BURST * PACE_NS_PER_BYTE)
#define PACE_STEP        512U /* what waits goes on in pieces no smaller, if it is not less
                                 itself */

/* How far sending is ahead of the reader, in time. Never more than a burst: console_flush() keeps
 * no pace. */
static uint64_t pace_ahead_ns(const struct consback *cb, uint64_t now)
{
    return cb->read_ns > now ? MIN(cb->read_ns - now, PACE_BURST_NS) : 0;
}

/* How many of so many bytes may go now. 0: the timer is set for when some may. */
static size_t pace_allow(struct consback *cb, size_t len)
{
    size_t room, step = MIN(len, (size_t)PACE_STEP);
    uint64_t now = now_ns();

    if (!cb->is_paced)
        return len;
    room = (PACE_BURST_NS - pace_ahead_ns(cb, now)) / PACE_NS_PER_BYTE;
    if (room >= step)
        return MIN(room, len);
    hv_timer_set(&cb->resume, now + (step - room) * PACE_NS_PER_BYTE);
    return 0;
}

static void pace_note_sent(struct consback *cb, size_t len)
{
    uint64_t now = now_ns();

    cb->read_ns = now + pace_ahead_ns(cb, now) + len * PACE_NS_PER_BYTE;
}

/* Guest to host, all of it or what the pace allows. Returns whether the guest has room again. */
static bool drain_output(struct consback *cb, bool all)
{
    struct xencons_interface *ring = cb->ring;
    uint32_t cons = READ_ONCE(ring->out_cons), prod = READ_ONCE(ring->out_prod);
    size_t fill = ring_fill(cb, prod, cons, sizeof(ring->out));
    bool progress = false;

    if (fill == SIZE_MAX)
        return false;
    mb(); /* out_prod before the bytes it covers; pairs with the front end's barrier before it */
    while (fill > 0) {
        size_t start = MASK_XENCONS_IDX(cons, ring->out);
        size_t len = MIN(fill, sizeof(ring->out) - start), sent;

        if (!all)
            len = pace_allow(cb, len);
        if (len == 0)
            break; /* cb->resume goes on */
        sent = send(cb, ring->out + start, len);
        pace_note_sent(cb, sent);
        cons += sent;
        fill -= sent;
        progress |= sent > 0;
        if (sent < len)
            break; /* writable() goes on */
    }
    mb(); /* the bytes are read before the guest sees that it may overwrite them */
    WRITE_ONCE(ring->out_cons, cons);
    return progress;
}

static void work(void *opaque)
{
    struct consback *cb = opaque;

    if (!cb->ring)
        return;
    if (drain_output(cb, false))
        evtchn_notify_guest(cb->domain, cb->port);
    if (cb->input_waits && cb->host) {
        cb->input_waits = false;
        vcon_resume_input(cb->host);
    }
}

/* ---- the guest's event: it wrote, or read ---- */

static void guest_event(void *opaque)
{
    struct consback *cb = opaque;

    softirq_raise(&cb->work);
}

/* ---- the host's port ---- */

static void host_ready(void *opaque)
{
    work(opaque);
}

static size_t host_input(void *opaque, const void *data, size_t len)
{
    struct consback *cb = opaque;
    struct xencons_interface *ring = cb->ring;
    const char *bytes = data;
    uint32_t cons, prod;
    size_t fill, n;

    cb->input_waits = !ring;
    if (!ring)
        return 0;
    cons = READ_ONCE(ring->in_cons);
    prod = READ_ONCE(ring->in_prod);
    fill = ring_fill(cb, prod, cons, sizeof(ring->in));
    if (fill == SIZE_MAX)
        return len; /* nobody will ever read it */
    n = MIN(len, sizeof(ring->in) - fill);
    mb(); /* in_cons is read before the bytes it gives back are overwritten */
    for (size_t i = 0; i < n; i++)
        ring->in[MASK_XENCONS_IDX(prod + i, ring->in)] = bytes[i];
    wmb(); /* the bytes before the index that shows them */
    WRITE_ONCE(ring->in_prod, (uint32_t)(prod + n));
    if (n > 0)
        evtchn_notify_guest(cb->domain, cb->port);
    cb->input_waits = n < len;
    return n;
}

static const struct vcon_ops host_ops = {
    .opened = host_ready,
    .writable = host_ready,
    .input = host_input,
};

void consback_init(struct consback *cb, struct domain *d, const char *name)
{
    *cb = (struct consback){
        .domain = d,
        .work = { .fn = work, .opaque = cb },
        .resume = { .fn = work, .opaque = cb },
        .is_paced = !name, /* the others' ports have flow control, and QEMU's sockets and files need
                              none */
    };
    cb->host = vcon_claim(name, &host_ops, cb);
    if (!cb->host)
        printk(LOG_WARNING, "console: the machine has no port '%s': output is dropped",
               name ? name : "console");
}

int consback_connect(struct consback *cb, struct xencons_interface *ring, uint32_t port)
{
    int err;

    cb->ring = ring;
    cb->port = port;
    cb->garbage = false;
    err = evtchn_bind_hv(cb->domain, port, guest_event, cb);
    if (err) {
        cb->ring = NULL;
        softirq_cancel(&cb->work);
    }
    return err;
}

void consback_disconnect(struct consback *cb)
{
    evtchn_unbind_hv(cb->domain, cb->port, guest_event, cb);
    softirq_cancel(&cb->work);
    hv_timer_cancel(&cb->resume);
    cb->ring = NULL;
}

static struct consback *first_console;

/* QEMU takes what it is given at once, unless it is busy or has no such port. */
#define FLUSH_MAX_NS 100000000ULL

void console_flush(void)
{
    struct consback *cb = first_console;
    uint64_t deadline = now_ns() + FLUSH_MAX_NS;

    if (!cb)
        return;
    do
        drain_output(cb, true);
    while (READ_ONCE(cb->ring->out_cons) != READ_ONCE(cb->ring->out_prod) && !cb->garbage &&
           now_ns() < deadline);
}

int console_backend_init(struct domain *d, void *ring_page, uint32_t port)
{
    struct consback *cb = kmalloc(sizeof(*cb));
    int err;

    if (!cb)
        return -XEN_ENOMEM;
    consback_init(cb, d, NULL);
    err = consback_connect(cb, ring_page, port);
    if (err)
        printk(LOG_ERROR, "console: cannot bind port %u: error %d", port, err);
    else
        first_console = cb;
    return err; /* cb stays: the claim cannot be undone, and hv does not go on without a console */
}
