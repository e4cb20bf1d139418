/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back end "console": the consoles of a guest after its first, which it finds by xenbus
 * (io/console.h). */
#include "consback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "grant.h"
#include "kanzen-abi.h"
#include "printk.h"
#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/io/console.h>

struct console {
    struct console *next;
    struct consback cb;
    uint32_t devid;
    uint32_t ref;
    char name[sizeof(KZ_PORT_CONSOLE_PREFIX) + 10];
};

/* A host's port that was taken stays taken: a console that comes again finds it here. */
static struct console *consoles;

static struct console *console_find(const struct backend_dev *dev)
{
    struct console *c = consoles;

    while (c && (c->devid != dev->devid || c->cb.domain != dev->domain))
        c = c->next;
    return c;
}

static int console_probe(struct backend_dev *dev)
{
    struct console *c = console_find(dev);

    if (!c) {
        c = kmalloc(sizeof(*c));
        if (!c)
            return backend_error(dev, -XEN_ENOMEM, "no memory");
        c->devid = dev->devid;
        snprintk(c->name, sizeof(c->name), KZ_PORT_CONSOLE_PREFIX "%u", dev->devid);
        consback_init(&c->cb, dev->domain, c->name);
        c->next = consoles;
        consoles = c;
    }
    dev->priv = c;
    return 0;
}

/* The ring's page stays granted while it is used. */
static int map_ring(struct backend_dev *dev, struct console *c, struct xencons_interface **ret)
{
    struct grant_frame frame;
    uint64_t ref;

    if (!backend_read_frontend_u64(dev, "ring-ref", &ref) || ref > UINT32_MAX)
        return backend_error(dev, -XEN_EINVAL, "no ring-ref");
    if (grant_begin(dev->domain, (uint32_t)ref, true, &frame))
        return backend_error(dev, -XEN_EINVAL, "cannot map ring-ref %llu", (unsigned long long)ref);
    c->ref = (uint32_t)ref;
    if (frame.length == PAGE_SIZE) {
        *ret = mfn_to_virt(frame.mfn);
        return 0;
    }
    grant_end(dev->domain, c->ref, true);
    return backend_error(dev, -XEN_EINVAL, "ring-ref %u is not a whole page", c->ref);
}

static int console_connect(struct backend_dev *dev)
{
    struct console *c = dev->priv;
    struct xencons_interface *ring = NULL;
    uint64_t port;
    int err;

    if (!backend_read_frontend_u64(dev, "port", &port) || port > UINT32_MAX)
        return backend_error(dev, -XEN_EINVAL, "no port");
    err = map_ring(dev, c, &ring);
    if (err)
        return err;
    err = consback_connect(&c->cb, ring, (uint32_t)port);
    if (!err)
        return 0;
    grant_end(dev->domain, c->ref, true);
    return backend_error(dev, err, "cannot bind event channel %u", (uint32_t)port);
}

static bool console_disconnect(struct backend_dev *dev)
{
    struct console *c = dev->priv;

    consback_disconnect(&c->cb);
    grant_end(dev->domain, c->ref, true);
    return true;
}

static void console_remove(struct backend_dev *dev)
{
    dev->priv = NULL;
}

const struct backend_type consback_type = {
    .name = "console",
    .probe = console_probe,
    .connect = console_connect,
    .disconnect = console_disconnect,
    .remove = console_remove,
};
