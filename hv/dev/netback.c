/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back end "vif": netfront's nodes and rings (io/netif.h) on a virtio-net device of the machine. */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "evtchn.h"
#include "printk.h"
#include <xen/errno.h>

#define TX_FEATURES  (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)
#define LRO_FEATURES (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)

/* ---- the machine's device ---- */

static void run(void *opaque)
{
    struct netback *nb = opaque;

    if (!nb->connected)
        return;
    if (virtio_broken(nb->vd)) {
        backend_fail(nb->dev, "the machine's network device failed");
        return;
    }
    if (nb->lro ? net_lro_run(nb) : net_rx_run(nb))
        net_tx_run(nb);
}

/* What the device may send depends on what the front end takes. */
static uint64_t wanted_features(struct netback *nb)
{
    uint64_t no_csum = 0, csum6 = 0, sg = 0, gso4 = 0, gso6 = 0;
    uint64_t wanted = TX_FEATURES | VIRTIO_NET_F_STATUS;

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

static int start_device(struct netback *nb)
{
    nb->features = virtio_negotiate(nb->vd, wanted_features(nb));
    if (nb->features == 0)
        return backend_error(nb->dev, -XEN_ENODEV, "the machine's network device refuses the driver");
    nb->rx.vq = virtio_queue(nb->vd, VIRTIO_NET_QUEUE_RX, NET_RING_ENTRIES, run, nb);
    nb->tx.vq = virtio_queue(nb->vd, VIRTIO_NET_QUEUE_TX, NET_RING_ENTRIES, run, nb);
    if (!nb->rx.vq || !nb->tx.vq)
        return backend_error(nb->dev, -XEN_ENOMEM, "no memory for the network device's queues");
    if (virtq_size(nb->tx.vq) < NET_MAX_FRAGS + 1)
        return backend_error(nb->dev, -XEN_ENODEV, "the network device's queue has only %u entries",
                             virtq_size(nb->tx.vq));
    virtio_start(nb->vd);
    if ((nb->features & LRO_FEATURES) && net_lro_init(nb))
        return backend_error(nb->dev, -XEN_ENOMEM, "no memory for receive buffers");
    return 0;
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
    int err = backend_write(nb->dev, "feature-gso-tcpv4", "%u", tso4);

    err = err ? err : backend_write(nb->dev, "feature-gso-tcpv6", "%u", tso6);
    err = err ? err : write_carrier(nb);
    return err ? backend_error(nb->dev, err, "cannot write the features") : 0;
}

/* ---- the front end ---- */

static void guest_event(void *opaque)
{
    struct netback *nb = opaque;

    softirq_raise(&nb->work);
}

static int map_ring(struct netback *nb, struct backring *ring, const char *key, uint32_t entry_size)
{
    uint64_t value;
    uint32_t ref;
    int err;

    if (!backend_read_frontend_u64(nb->dev, key, &value))
        return backend_error(nb->dev, -XEN_EINVAL, "no %s", key);
    ref = (uint32_t)value;
    err = backring_map(ring, nb->domain, &ref, 1, entry_size);
    if (err)
        return backend_error(nb->dev, err, "cannot map %s %u", key, ref);
    ASSERT(ring->nr_entries == NET_RING_ENTRIES);
    return 0;
}

static int read_ports(struct netback *nb)
{
    uint64_t tx, rx;

    if (backend_read_frontend_u64(nb->dev, "event-channel-tx", &tx)) {
        if (!backend_read_frontend_u64(nb->dev, "event-channel-rx", &rx))
            return backend_error(nb->dev, -XEN_EINVAL, "no event-channel-rx");
    } else if (backend_read_frontend_u64(nb->dev, "event-channel", &tx)) {
        rx = tx;
    } else {
        return backend_error(nb->dev, -XEN_EINVAL, "no event-channel");
    }
    nb->tx_port = (uint32_t)tx;
    nb->rx_port = (uint32_t)rx;
    return 0;
}

static int bind_port(struct netback *nb, uint32_t port)
{
    int err = evtchn_bind_hv(nb->domain, port, guest_event, nb);

    return err ? backend_error(nb->dev, err, "cannot bind event channel %u", port) : 0;
}

static int bind_ports(struct netback *nb)
{
    int err = read_ports(nb);

    err = err ? err : bind_port(nb, nb->tx_port);
    if (!err && nb->rx_port != nb->tx_port) {
        err = bind_port(nb, nb->rx_port);
        if (err)
            evtchn_unbind_hv(nb->domain, nb->tx_port, guest_event, nb);
    }
    return err;
}

static void unbind_ports(struct netback *nb)
{
    evtchn_unbind_hv(nb->domain, nb->tx_port, guest_event, nb);
    if (nb->rx_port != nb->tx_port)
        evtchn_unbind_hv(nb->domain, nb->rx_port, guest_event, nb);
}

/* Also undoes half a connect: all of it is harmless when there is nothing to undo. */
static void release(struct netback *nb)
{
    nb->connected = false;
    softirq_cancel(&nb->work);
    virtio_reset(nb->vd); /* from here on the device touches no page of the guest */
    nb->rx.vq = nb->tx.vq = NULL;
    net_lro_stop(nb);
    net_rx_stop(nb);
    net_tx_stop(nb);
    backring_unmap(&nb->rx.ring);
    backring_unmap(&nb->tx.ring);
}

static int netback_connect(struct backend_dev *dev)
{
    struct netback *nb = dev->priv;
    uint64_t copy = 0;
    int err;

    /* Page flipping went out with Xen 4.0; netif.h has no other way left. */
    backend_read_frontend_u64(dev, "request-rx-copy", &copy);
    if (!copy)
        return backend_error(dev, -XEN_EOPNOTSUPP, "the front end does not set request-rx-copy");
    net_tx_init(nb);
    net_rx_init(nb);
    err = start_device(nb);
    err = err ? err : map_ring(nb, &nb->tx.ring, "tx-ring-ref", sizeof(union netif_tx_sring_entry));
    err = err ? err : map_ring(nb, &nb->rx.ring, "rx-ring-ref", sizeof(union netif_rx_sring_entry));
    err = err ? err : bind_ports(nb);
    if (err) {
        release(nb);
        return err;
    }
    nb->connected = true;
    softirq_raise(&nb->work); /* the guest filled its receive ring before */
    return 0;
}

static bool netback_disconnect(struct backend_dev *dev)
{
    struct netback *nb = dev->priv;

    unbind_ports(nb);
    release(nb);
    return true;
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
    nb->work = (struct softirq){ .fn = run, .opaque = nb };
    err = virtio_open(dev->bdf, VIRTIO_ID_NET, &nb->vd);
    if (err) {
        kfree(nb);
        return backend_error(dev, err, "no virtio network device at the machine's PCI address");
    }
    dev->priv = nb;
    virtio_on_config(nb->vd, config_changed, nb);
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
};
