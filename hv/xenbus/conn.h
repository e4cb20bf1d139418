/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection: framing of requests, one reply at a time, queued watch events, flow control. */
#pragma once

#include "path.h"
#include "xenstore.h"
#include <xen/io/xs_wire.h>

struct xs_tx;
struct xs_watch;

/* A message on its way out. */
struct xs_event {
    struct xs_event *next;
    uint64_t seq;
    uint32_t len;
    struct xsd_sockmsg hdr; /* the payload follows it */
    char payload[];
};

struct xs_conn {
    struct xs_conn *next;
    struct xenstore *xs;
    uint32_t domid;
    xs_output_fn *output;
    void *opaque;
    bool dead;
    bool in_request; /* output waits for its end */
    bool lost;       /* some watch is marked lost */
    char home[XS_HOME_MAX];

    struct xs_watch *watches, **watches_tail;
    uint32_t nr_watches;
    struct xs_tx *txs;
    uint32_t nr_txs, last_tx_id;

    /* Reply and events go out in the order of their seq. */
    uint64_t next_seq, reply_seq;
    struct xs_event *events, **events_tail;
    size_t event_bytes;
    uint32_t sent; /* bytes of the message being sent */
    enum { XS_SENDING_NONE, XS_SENDING_REPLY, XS_SENDING_EVENT } sending;
    uint32_t reply_len; /* with header; 0: none waits */

    uint32_t in_len; /* bytes of the request so far */
    struct {
        struct xsd_sockmsg hdr;
        char payload[XENSTORE_PAYLOAD_MAX];
    } in, reply;
    char path[XENSTORE_ABS_PATH_MAX + 1]; /* the request's path when it was relative */
};

/* Sets the reply to the request in c->in. */
void xs_conn_reply(struct xs_conn *c, uint32_t type, const void *data, size_t len);
/* Queues a watch event. false: no memory or too much waits already. */
bool xs_conn_queue_event(struct xs_conn *c, const char *path, const char *token);
/* Sends what can be sent. */
void xs_conn_flush(struct xs_conn *c);
/* Drops watches, transactions and whatever was half read or half sent. */
void xs_conn_reset(struct xs_conn *c);

/* request.c: serves the whole request in c->in by one reply. */
void xs_serve(struct xs_conn *c);
