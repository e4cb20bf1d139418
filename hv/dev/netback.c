/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back end "vif": netfront's nodes and rings (io/netif.h) on a virtio-net device of the machine. */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "evtchn.h"
#include "printk.h"
#include "queue-dir.h"
#include "string.h"
#include <xen/errno.h>

#define TX_FEATURES  (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)
#define LRO_FEATURES (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)

/* ---- queues ---- */

static void run(void *opaque)
{
    struct net_queue *q = opaque;

    if (!q->bound || READ_ONCE(q->nb->trouble))
        return;
    if (virtio_broken(q->nb->vd)) {
        net_give_up(q, "the machine's network device failed");
        return;
    }
    if (q->lro ? net_lro_run(q) : net_rx_run(q))
        net_tx_run(q);
}

void net_notify(struct net_queue *q, uint32_t port)
{
    q->counted.events_out++;
    evtchn_notify_guest(q->nb->domain, port);
}

void net_give_up(struct net_queue *q, const char *why)
{
    WRITE_ONCE(q->nb->trouble, why);
    softirq_raise(&q->nb->trouble_work);
}

static void see_to_trouble(void *opaque)
{
    struct netback *nb = opaque;

    backend_fail(nb->dev, "%s", nb->trouble);
}

static int make_queues(struct netback *nb, unsigned int nr)
{
    while (nb->nr_queues < nr) {
        struct net_queue *q = kmalloc(sizeof(*q));

        if (!q)
            return backend_error(nb->dev, -XEN_ENOMEM, "no memory for %u queues", nr);
        q->nb = nb;
        q->work = (struct softirq){ .fn = run, .opaque = q, .parallel = true };
        net_tx_init(q);
        net_rx_init(q);
        nb->queue[nb->nr_queues++] = q;
    }
    return 0;
}

/* The device must have been reset, and with it what the queues are run by. */
static void free_queues(struct netback *nb)
{
    while (nb->nr_queues > 0) {
        struct net_queue *q = nb->queue[--nb->nr_queues];

        softirq_cancel(&q->work);
        net_lro_stop(q);
        net_rx_stop(q);
        net_tx_stop(q);
        backring_unmap(&q->rx.ring);
        backring_unmap(&q->tx.ring);
        kfree(q);
    }
}

/* ---- the machine's device ---- */

/* What the device may send depends on what the front end takes. */
static uint64_t wanted_features(struct netback *nb)
{
    uint64_t no_csum = 0, csum6 = 0, sg = 0, gso4 = 0, gso6 = 0;
    uint64_t wanted = TX_FEATURES | VIRTIO_NET_F_STATUS | net_ctrl_features(nb);

    backend_read_frontend_u64(nb->dev, "feature-no-csum-offload", &no_csum);
    backend_read_frontend_u64(nb->dev, "feature-ipv6-csum-offload", &csum6);
    backend_read_frontend_u64(nb->dev, "feature-sg", &sg);
    backend_read_frontend_u64(nb->dev, "feature-gso-tcpv4", &gso4);
    backend_read_frontend_u64(nb->dev, "feature-gso-tcpv6", &gso6);
    /* virtio has one switch for both protocols, netif.h has two. */
    if (!no_csum && csum6)
        wanted |= VIRTIO_NET_F_GUEST_CSUM;
    if (sg)
        wanted |= VIRTIO_NET_F_MRG_RXBUF;
    /* 5.1.3.1: each needs the checksum feature; and each needs several pages */
    if ((wanted & VIRTIO_NET_F_GUEST_CSUM) && sg)
        wanted |= (gso4 ? VIRTIO_NET_F_GUEST_TSO4 : 0) | (gso6 ? VIRTIO_NET_F_GUEST_TSO6 : 0);
    if (!(virtio_features(nb->vd) & VIRTIO_NET_F_MRG_RXBUF))
        wanted &= ~LRO_FEATURES;
    return wanted;
}

static int start_queue(struct net_queue *q, unsigned int i)
{
    struct netback *nb = q->nb;
    const struct vcpu *v = nb->domain->vcpu[i % nb->domain->max_vcpus];

    q->rx.vq = virtio_queue_parallel(nb->vd, VIRTIO_NET_QUEUE_RX(i), NET_RING_ENTRIES, &q->work, v);
    q->tx.vq = virtio_queue_parallel(nb->vd, VIRTIO_NET_QUEUE_TX(i), NET_RING_ENTRIES, &q->work, v);
    if (!q->rx.vq || !q->tx.vq)
        return backend_error(nb->dev, -XEN_ENOMEM, "no memory for the network device's queues");
    if (virtq_size(q->tx.vq) < NET_MAX_FRAGS + 1)
        return backend_error(nb->dev, -XEN_ENODEV, "the network device's queue has only %u entries",
                             virtq_size(q->tx.vq));
    return 0;
}

static int start_device(struct netback *nb)
{
    int err = 0;

    nb->features = virtio_negotiate(nb->vd, wanted_features(nb));
    if (nb->features == 0)
        return backend_error(nb->dev, -XEN_ENODEV,
                             "the machine's network device refuses the driver");
    for (unsigned int i = 0; !err && i < nb->nr_queues; i++)
        err = start_queue(nb->queue[i], i);
    if (err)
        return err;
    if (!net_ctrl_init(nb))
        return backend_error(nb->dev, -XEN_ENOMEM,
                             "no memory for the network device's control queue");
    virtio_start(nb->vd);
    for (unsigned int i = 0; (nb->features & LRO_FEATURES) && i < nb->nr_queues; i++)
        if (net_lro_init(nb->queue[i]))
            return backend_error(nb->dev, -XEN_ENOMEM, "no memory for receive buffers");
    net_ctrl_start(nb);
    return 0;
}

/* How many queues front ends may ask for: one for each vCPU, as Linux's back end has it, as far as
 * the device goes. */
static void read_limits(struct netback *nb)
{
    uint64_t offered = virtio_features(nb->vd);
    uint16_t pairs = 1;

    if ((offered & VIRTIO_NET_F_MQ) && (offered & VIRTIO_NET_F_CTRL_VQ))
        virtio_read_config(nb->vd, VIRTIO_NET_CFG_MAX_PAIRS, &pairs, sizeof(pairs));
    nb->device_pairs = MAX(pairs, 1);
    nb->max_queues = MIN(MIN(nb->device_pairs, nb->domain->max_vcpus), NET_MAX_QUEUES);
    nb->can_filter = (offered & NET_FILTER_FEATURES) == NET_FILTER_FEATURES;
}

/* ---- nodes ---- */

static bool link_is_up(struct netback *nb)
{
    uint16_t status = 0;

    if (!(virtio_features(nb->vd) & VIRTIO_NET_F_STATUS))
        return true;
    virtio_read_config(nb->vd, VIRTIO_NET_CFG_STATUS, &status, sizeof(status));
    return status & VIRTIO_NET_S_LINK_UP;
}

static int write_carrier(struct netback *nb)
{
    return backend_write(nb->dev, "carrier", "%u", link_is_up(nb));
}

static void config_changed(void *opaque)
{
    write_carrier(opaque);
}

static int write_features(struct netback *nb)
{
    uint64_t offered = virtio_features(nb->vd);
    bool csum = offered & VIRTIO_NET_F_CSUM;
    bool tso4 = csum && (offered & VIRTIO_NET_F_HOST_TSO4);
    bool tso6 = csum && (offered & VIRTIO_NET_F_HOST_TSO6);
    const struct {
        const char *key;
        unsigned int value;
    } nodes[] = {
        { "feature-gso-tcpv4", tso4 },
        { "feature-gso-tcpv6", tso6 },
        { "feature-multicast-control", nb->can_filter },
        { "feature-dynamic-multicast-control", nb->can_filter },
        { "multi-queue-max-queues", nb->max_queues },
    };
    int err = write_carrier(nb);

    for (unsigned int i = 0; !err && i < ARRAY_SIZE(nodes); i++)
        err = backend_write(nb->dev, nodes[i].key, "%u", nodes[i].value);
    return err ? backend_error(nb->dev, err, "cannot write the features") : 0;
}

/* ---- the front end ---- */

static void guest_event(void *opaque)
{
    struct net_queue *q = opaque;

    q->counted.events_in++;
    softirq_raise(&q->work);
}

static int map_ring(struct net_queue *q, struct backring *ring, const struct queue_dir *dir,
                    const char *name, uint32_t entry_size)
{
    struct netback *nb = q->nb;
    uint64_t value;
    uint32_t ref;
    int err;

    if (!queue_dir_read_u64(dir, name, &value))
        return backend_error(nb->dev, -XEN_EINVAL, "no %s%s", dir->prefix, name);
    ref = (uint32_t)value;
    err = backring_map(ring, nb->domain, &ref, 1, entry_size);
    if (err)
        return backend_error(nb->dev, err, "cannot map %s%s %u", dir->prefix, name, ref);
    ASSERT(ring->nr_entries == NET_RING_ENTRIES);
    return 0;
}

static int map_rings(struct net_queue *q, const struct queue_dir *dir)
{
    int err = map_ring(q, &q->tx.ring, dir, "tx-ring-ref", sizeof(union netif_tx_sring_entry));

    return err ? err
               : map_ring(q, &q->rx.ring, dir, "rx-ring-ref", sizeof(union netif_rx_sring_entry));
}

static int read_ports(struct net_queue *q, const struct queue_dir *dir)
{
    struct netback *nb = q->nb;
    uint64_t tx, rx;

    if (queue_dir_read_u64(dir, "event-channel-tx", &tx)) {
        if (!queue_dir_read_u64(dir, "event-channel-rx", &rx))
            return backend_error(nb->dev, -XEN_EINVAL, "no %sevent-channel-rx", dir->prefix);
    } else if (queue_dir_read_u64(dir, "event-channel", &tx)) {
        rx = tx;
    } else {
        return backend_error(nb->dev, -XEN_EINVAL, "no %sevent-channel", dir->prefix);
    }
    q->tx_port = (uint32_t)tx;
    q->rx_port = (uint32_t)rx;
    return 0;
}

static int bind_port(struct net_queue *q, uint32_t port)
{
    int err = evtchn_bind_hv(q->nb->domain, port, guest_event, q);

    return err ? backend_error(q->nb->dev, err, "cannot bind event channel %u", port) : 0;
}

static void unbind_ports(struct net_queue *q)
{
    if (!q->bound)
        return;
    q->bound = false;
    evtchn_unbind_hv(q->nb->domain, q->tx_port, guest_event, q);
    if (q->rx_port != q->tx_port)
        evtchn_unbind_hv(q->nb->domain, q->rx_port, guest_event, q);
}

/* The queue may run before this returns; what it finds is complete. */
static int bind_ports(struct net_queue *q, const struct queue_dir *dir)
{
    int err = read_ports(q, dir);

    if (err)
        return err;
    q->bound = true;
    err = bind_port(q, q->tx_port);
    if (err) {
        q->bound = false;
        return err;
    }
    err = q->rx_port != q->tx_port ? bind_port(q, q->rx_port) : 0;
    if (err)
        unbind_ports(q);
    return err;
}

static int connect_queues(struct netback *nb)
{
    int err = 0;

    for (unsigned int i = 0; !err && i < nb->nr_queues; i++) {
        struct queue_dir dir = queue_dir(nb->dev, i, nb->nr_queues);

        err = map_rings(nb->queue[i], &dir);
    }
    for (unsigned int i = 0; !err && i < nb->nr_queues; i++) {
        struct queue_dir dir = queue_dir(nb->dev, i, nb->nr_queues);

        err = bind_ports(nb->queue[i], &dir);
    }
    return err;
}

/* Also undoes half a connect: all of it is harmless when there is nothing to undo. */
static void release(struct netback *nb)
{
    nb->connected = false;
    for (unsigned int i = 0; i < nb->nr_queues; i++)
        unbind_ports(nb->queue[i]);
    virtio_reset(nb->vd); /* from here on the device touches no page of the guest, and no queue
                             runs */
    free_queues(nb);
    softirq_cancel(&nb->trouble_work);
    nb->trouble = NULL;
    softirq_cancel(&nb->mcast.work);
    nb->ctrl = (struct net_ctrl){ 0 };
    nb->mcast.nr = 0;
    nb->mcast.chosen = false;
}

static void read_mcast_choice(struct netback *nb)
{
    uint64_t chosen = 0;

    backend_read_frontend_u64(nb->dev, "request-multicast-control", &chosen);
    net_mcast_choose(nb, chosen);
}

static int netback_connect(struct backend_dev *dev)
{
    struct netback *nb = dev->priv;
    unsigned int nr_queues = 1;
    uint64_t copy = 0;
    int err;

    /* Page flipping went out with Xen 4.0; netif.h has no other way left. */
    backend_read_frontend_u64(dev, "request-rx-copy", &copy);
    if (!copy)
        return backend_error(dev, -XEN_EOPNOTSUPP, "the front end does not set request-rx-copy");
    err = queue_dir_count(nb->dev, nb->max_queues, &nr_queues);
    err = err ? err : make_queues(nb, nr_queues);
    err = err ? err : start_device(nb);
    err = err ? err : connect_queues(nb);
    if (err) {
        release(nb);
        return err;
    }
    nb->connected = true;
    read_mcast_choice(nb);
    for (unsigned int i = 0; i < nb->nr_queues; i++)
        softirq_raise(&nb->queue[i]->work); /* the guest filled its receive ring before */
    return 0;
}

static bool netback_disconnect(struct backend_dev *dev)
{
    release(dev->priv);
    return true;
}

static void netback_count(const struct backend_dev *dev, struct ring_counters *ret)
{
    const struct netback *nb = dev->priv;

    for (unsigned int i = 0; i < nb->nr_queues; i++) {
        const struct net_queue *q = nb->queue[i];

        backend_add_counters(ret, &q->counted);
        ret->kicks += virtq_kicks(q->tx.vq) + virtq_kicks(q->rx.vq);
        ret->interrupts += q->work.nr_interrupts;
    }
}

/* netif.h: it may change its mind. */
static void netback_changed(struct backend_dev *dev, bool in_frontend, const char *key)
{
    if (in_frontend && strcmp(key, "request-multicast-control") == 0)
        read_mcast_choice(dev->priv);
}

static void netback_remove(struct backend_dev *dev)
{
    struct netback *nb = dev->priv;

    virtio_close(nb->vd);
    kfree(nb);
    dev->priv = NULL;
}

static int netback_probe(struct backend_dev *dev)
{
    struct netback *nb = kmalloc(sizeof(*nb));
    int err;

    if (!nb)
        return backend_error(dev, -XEN_ENOMEM, "no memory");
    nb->dev = dev;
    nb->domain = dev->domain;
    nb->trouble_work = (struct softirq){ .fn = see_to_trouble, .opaque = nb };
    nb->mcast.work = (struct softirq){ .fn = net_mcast_changed, .opaque = nb };
    err = virtio_open(dev->bdf, VIRTIO_ID_NET, &nb->vd);
    if (err) {
        kfree(nb);
        return backend_error(dev, err, "no virtio network device at the machine's PCI address");
    }
    dev->priv = nb;
    virtio_on_config(nb->vd, config_changed, nb);
    read_limits(nb);
    err = write_features(nb);
    if (err)
        netback_remove(dev);
    return err;
}

static const struct backend_node netback_features[] = {
    { "feature-rx-copy", "1" },
    { "feature-rx-flip", "0" },
    { "feature-sg", "1" },
    { "feature-ipv6-csum-offload", "1" },
    { "feature-split-event-channels", "1" },
    { NULL, NULL },
};

const struct backend_type netback_type = {
    .name = "vif",
    .features = netback_features,
    .probe = netback_probe,
    .connect = netback_connect,
    .disconnect = netback_disconnect,
    .remove = netback_remove,
    .changed = netback_changed,
    .count = netback_count,
};
