/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection: framing of requests, one reply at a time, queued watch events, flow control. */
#include "conn.h"
#include "alloc.h"
#include "printk.h"
#include "store.h"
#include "string.h"
#include "transaction.h"
#include "watch.h"
#include <xen/errno.h>

struct xs_conn *xs_conn_new(struct xenstore *xs, uint32_t domid, xs_output_fn *output, void *opaque)
{
    struct xs_conn *c = kmalloc(sizeof(*c));

    if (!c)
        return NULL;
    c->xs = xs;
    c->domid = domid;
    c->output = output;
    c->opaque = opaque;
    c->watches_tail = &c->watches;
    c->events_tail = &c->events;
    snprintk(c->home, sizeof(c->home), "/local/domain/%u", domid);
    c->next = xs->conns;
    xs->conns = c;
    return c;
}

static void drop_first_event(struct xs_conn *c)
{
    struct xs_event *ev = c->events;

    c->events = ev->next;
    if (!c->events)
        c->events_tail = &c->events;
    c->event_bytes -= ev->len;
    kfree(ev);
}

void xs_conn_reset(struct xs_conn *c)
{
    xs_tx_end_all(c);
    xs_conn_unwatch_all(c);
    while (c->events)
        drop_first_event(c);
    c->dead = false;
    c->lost = false;
    c->sending = XS_SENDING_NONE;
    c->sent = 0;
    c->reply_len = 0;
    c->in_len = 0;
}

void xs_conn_free(struct xs_conn *c)
{
    struct xs_conn **link;

    if (!c)
        return;
    xs_conn_reset(c);
    for (link = &c->xs->conns; *link != c; link = &(*link)->next)
        ;
    *link = c->next;
    kfree(c);
}

void xs_conn_reply(struct xs_conn *c, uint32_t type, const void *data, size_t len)
{
    c->reply.hdr = (struct xsd_sockmsg){ type, c->in.hdr.req_id, c->in.hdr.tx_id, (uint32_t)len };
    if (len) /* data may be the reply's own buffer, filled in place */
        memmove(c->reply.payload, data, len);
    c->reply_len = (uint32_t)(sizeof(c->reply.hdr) + len);
    c->reply_seq = c->next_seq++;
}

/* The same event, not begun to be sent, says it all: a slow reader is not owed it twice. */
static bool event_waits(const struct xs_conn *c, const char *payload, size_t len)
{
    const struct xs_event *ev = c->events;

    if (ev && c->sending == XS_SENDING_EVENT)
        ev = ev->next;
    for (; ev; ev = ev->next) {
        if (ev->hdr.len == len && memcmp(ev->payload, payload, len) == 0)
            return true;
    }
    return false;
}

bool xs_conn_queue_event(struct xs_conn *c, const char *path, const char *token)
{
    size_t path_len = strlen(path) + 1, token_len = strlen(token) + 1;
    size_t len = path_len + token_len;
    struct xs_event *ev;

    if (c->event_bytes + len > (c->domid ? XS_QUOTA_EVENT_BYTES : XS_EVENT_BYTES))
        return false;
    ev = kmalloc(sizeof(*ev) + len);
    if (!ev)
        return false;
    memcpy(ev->payload, path, path_len);
    memcpy(ev->payload + path_len, token, token_len);
    if (c->domid && event_waits(c, ev->payload, len)) {
        kfree(ev);
        return true;
    }
    ev->hdr = (struct xsd_sockmsg){ XS_WATCH_EVENT, 0, 0, (uint32_t)len };
    ev->len = (uint32_t)(sizeof(ev->hdr) + len);
    ev->seq = c->next_seq++;
    *c->events_tail = ev;
    c->events_tail = &ev->next;
    c->event_bytes += ev->len;
    return true;
}

/* Chooses what is sent next. false: nothing waits. */
static bool pick_message(struct xs_conn *c)
{
    if (!c->events && c->lost)
        xs_conn_recover_lost(c);
    if (c->reply_len && !(c->events && c->events->seq < c->reply_seq))
        c->sending = XS_SENDING_REPLY;
    else if (c->events)
        c->sending = XS_SENDING_EVENT;
    else
        return false;
    c->sent = 0;
    return true;
}

void xs_conn_flush(struct xs_conn *c)
{
    if (c->in_request || c->dead)
        return;
    while (c->sending != XS_SENDING_NONE || pick_message(c)) {
        bool is_reply = c->sending == XS_SENDING_REPLY;
        const char *data = is_reply ? (const char *)&c->reply : (const char *)&c->events->hdr;
        uint32_t len = is_reply ? c->reply_len : c->events->len;

        c->sent += (uint32_t)c->output(c->opaque, data + c->sent, len - c->sent);
        if (c->sent < len)
            return;
        c->sending = XS_SENDING_NONE;
        if (is_reply)
            c->reply_len = 0;
        else
            drop_first_event(c);
    }
}

void xs_conn_resume(struct xs_conn *c)
{
    xs_conn_flush(c);
}

/* Takes what is still missing of the request up to want bytes of it. */
static size_t fill(struct xs_conn *c, const void *data, size_t len, size_t want)
{
    size_t n = MIN(len, want - c->in_len);

    memcpy((char *)&c->in + c->in_len, data, n);
    c->in_len += (uint32_t)n;
    return n;
}

int64_t xs_conn_input(struct xs_conn *c, const void *data, size_t len)
{
    const char *bytes = data;
    size_t taken = 0;

    /* A request of no payload is whole with its header: go on while one is. */
    while (!c->dead && !c->reply_len) {
        if (c->in_len < sizeof(c->in.hdr))
            taken += fill(c, bytes + taken, len - taken, sizeof(c->in.hdr));
        if (c->in_len < sizeof(c->in.hdr))
            break;
        if (c->in.hdr.len > XENSTORE_PAYLOAD_MAX) {
            c->dead = true;
            break;
        }
        taken += fill(c, bytes + taken, len - taken, sizeof(c->in.hdr) + c->in.hdr.len);
        if (c->in_len < sizeof(c->in.hdr) + c->in.hdr.len)
            break;
        c->in_len = 0;
        c->in_request = true;
        xs_serve(c);
        c->in_request = false;
        xs_conn_flush(c);
    }
    return c->dead ? -XEN_EINVAL : (int64_t)taken;
}
