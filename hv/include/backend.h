/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Split-driver back ends: one row per device type; xenbus/backend.c finds the devices in the store
 * and runs their state machine (io/xenbus.h), the rows do what is particular to the type.
 */
#pragma once

#include "types.h"

struct domain;
struct backend_type;

/* Called once all of hv is up and the store is loaded, before the guest runs. Watches
 * /local/domain/0/backend and drives each device through XenbusState. */
int backend_init(struct domain *d);

/* The guest's first console: ring frame and port are start_info's. */
int console_backend_init(struct domain *d, void *ring_page, uint32_t port);
/* Before the machine stops: the guest's last words, which it need not have waited for. With the big
 * lock. */
void console_flush(void);

/* Store ports of the virtio-serial device (KZ_PORT_STORE_*) and the guest's own ring. */
int store_ports_init(struct domain *d);
int store_ring_init(struct domain *d, void *ring_page, uint32_t port);

#define BACKEND_NO_BDF 0xffff

/* One device, /local/domain/0/backend/<type>/<domid>/<devid>. All but priv is backend.c's. */
struct backend_dev {
    struct domain *domain;
    const struct backend_type *type;
    uint32_t devid;
    uint16_t bdf;                /* from KZ_BACKEND_PCI_KEY, or BACKEND_NO_BDF */
    char *path;                  /* the back end's directory */
    char *frontend;              /* the front end's directory */
    void *priv;                  /* the type's */
    struct backend_state *state; /* backend.c's */
};

/* What a type's rings have had to do since the front end connected, all queues of a device
 * together. */
struct ring_counters {
    uint64_t requests;   /* taken from the ring: of a vif packets sent */
    uint64_t segments;   /* pieces of memory in them */
    uint64_t received;   /* packets of a vif */
    uint64_t events_in;  /* the front end said that there is something */
    uint64_t events_out; /* the front end was told */
    uint64_t kicks;      /* the machine's device was told */
    uint64_t interrupts; /* it said that something is done */
};

static inline void backend_add_counters(struct ring_counters *sum, const struct ring_counters *more)
{
    sum->requests += more->requests;
    sum->segments += more->segments;
    sum->received += more->received;
    sum->events_in += more->events_in;
    sum->events_out += more->events_out;
    sum->kicks += more->kicks;
    sum->interrupts += more->interrupts;
}

struct backend_node {
    const char *key, *value;
};

/* A type of device. Functions run from softirqs, interrupts off. They return 0 or -XEN_E*, having
 * said why with backend_error(); after an error nothing of what they did is left. */
struct backend_type {
    const char *name; /* "vbd": the directory's name */
    /* Constant nodes, ended by a NULL key; written before InitWait. */
    const struct backend_node *features;

    /* Opens the machine's device, sets priv, writes the nodes that depend on it. Once. */
    int (*probe)(struct backend_dev *dev);
    /* The front end is Initialised or Connected: reads its rings, ports and features, starts
     * serving. Then, unless it failed, backend.c goes to Connected. */
    int (*connect)(struct backend_dev *dev);
    /* Stops serving: unbinds the ports, waits for nothing the front end must do. true: no page of
     * the guest is in use any more. false: the device still works on some; the type calls
     * backend_disconnected() when it has finished, and is neither connected nor removed before
     * that. Not called unless connect() succeeded. */
    bool (*disconnect)(struct backend_dev *dev);
    /* Undoes probe(). Never called while connected. */
    void (*remove)(struct backend_dev *dev);
    /* A node of the front end's or the back end's directory other than state changed while
     * connected (a rate, a medium, request-* of the vkbd); key is relative, e.g. "params". May be
     * NULL. */
    void (*changed)(struct backend_dev *dev, bool in_frontend, const char *key);
    /* Adds to *ret while connected; the rings go on meanwhile. May be NULL. */
    void (*count)(const struct backend_dev *dev, struct ring_counters *ret);
};

/* The counters of each connected device that has some. */
void backend_for_each_counted(void (*fn)(const struct backend_dev *dev,
                                         const struct ring_counters *counters, void *opaque),
                              void *opaque);

void backend_disconnected(struct backend_dev *dev);

/* The rows: one array, ended by NULL (xenbus/types.c). */
extern const struct backend_type *const backend_types[];
extern const struct backend_type blkback_type; /* dev/blkback.c */
extern const struct backend_type netback_type; /* dev/netback.c */
extern const struct backend_type fbback_type;  /* dev/fbback.c */
extern const struct backend_type kbdback_type; /* dev/kbdback.c */
extern const struct backend_type consback_type; /* dev/consback-dev.c */

/* The size of the picture, for pointers that are to point at its pixels. 0: fbback has none now. */
void kbdback_set_screen(uint32_t width, uint32_t height);

/* Nodes of the front end's directory, key relative ("ring-ref", "queue-0/event-channel-tx"). */
bool backend_read_frontend_u64(struct backend_dev *dev, const char *key, uint64_t *ret);
char *backend_read_frontend(struct backend_dev *dev, const char *key); /* kfree it; NULL: absent */
/* ... and of the back end's. backend_write returns 0 or -XEN_E*. */
bool backend_read_u64(struct backend_dev *dev, const char *key, uint64_t *ret);
char *backend_read(struct backend_dev *dev, const char *key);
/* A node of the back end's in KZ_BACKEND_PCI_KEY's form. 0; -XEN_ENOENT: absent; -XEN_EINVAL:
 * garbage, and it was said. */
int backend_read_bdf(struct backend_dev *dev, const char *key, uint16_t *ret);
int backend_write(struct backend_dev *dev, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what went wrong, once per device and text: in hv's log and, as xenbus_dev_error() does,
 * under /local/domain/0/error/. Returns err (-XEN_E*), for "return backend_error(...)". */
int backend_error(struct backend_dev *dev, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A connected device cannot go on (garbage in its ring, the machine's device broke): says why as
 * backend_error() does and later, never from inside this call, runs disconnect() and closes the
 * back end. May be repeated. */
void backend_fail(struct backend_dev *dev, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A node that the front end reads again while Connected changed (the disk's size): writes state
 * anew so that its watch fires. */
void backend_touch_state(struct backend_dev *dev);
