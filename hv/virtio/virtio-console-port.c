/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data of the virtio-console ports: queues 0 and 1, and 4 + 2n and 5 + 2n (virtio 1.2 5.3.2). */
#include "vcon.h"

#include "alloc.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

static void post_rx(struct vcon_channel *ch, uint8_t *buf)
{
    struct virtio_sg sg = { .addr = virt_to_paddr(buf), .len = VCON_BUF_SIZE };

    /* Cannot be full: the queue has as many entries as there are buffers. */
    virtq_add(ch->rx, NULL, 0, &sg, 1, buf);
}

void vcon_channel_deliver(struct vcon_channel *ch)
{
    struct vcon_port *port = ch->port;

    if (!port || !ch->rx_page)
        return;
    for (;;) {
        size_t taken;

        if (!ch->rx_buf) {
            ch->rx_off = 0;
            ch->rx_buf = virtq_pop(ch->rx, &ch->rx_len);
            if (!ch->rx_buf)
                break;
            ch->rx_len = MIN(ch->rx_len, (uint32_t)VCON_BUF_SIZE);
        }
        /* Data can overtake the message that the port was opened: it is in another queue. */
        if (!port->told_open && ch->rx_len > 0) {
            ch->host_open = true;
            vcon_channel_tell_state(ch);
        }
        taken = ch->rx_len - ch->rx_off;
        if (port->ops->input)
            taken = port->ops->input(port->opaque, ch->rx_buf + ch->rx_off, taken);
        ch->rx_off += taken;
        ASSERT(ch->rx_off <= ch->rx_len);
        if (ch->rx_off < ch->rx_len)
            break;
        post_rx(ch, ch->rx_buf);
        ch->rx_buf = NULL;
    }
    virtq_kick(ch->rx);
}

void vcon_channel_drop_input(struct vcon_channel *ch)
{
    uint8_t *buf = ch->rx_buf;
    uint32_t len;

    if (!ch->rx_page)
        return;
    ch->rx_buf = NULL;
    for (; buf || (buf = virtq_pop(ch->rx, &len)); buf = NULL)
        post_rx(ch, buf);
    virtq_kick(ch->rx);
}

void vcon_channel_tell_state(struct vcon_channel *ch)
{
    struct vcon_port *port = ch->port;

    if (!port || port->told_open == ch->host_open)
        return;
    port->told_open = ch->host_open;
    if (ch->host_open && port->ops->opened)
        port->ops->opened(port->opaque);
    if (!ch->host_open && port->ops->closed)
        port->ops->closed(port->opaque);
}

static void reclaim_tx(struct vcon_channel *ch)
{
    uint8_t *buf;
    uint32_t len;

    while ((buf = virtq_pop(ch->tx, &len)))
        ch->tx_free[ch->nr_tx_free++] = buf;
}

static void rx_used(void *opaque)
{
    struct vcon_channel *ch = opaque;

    /* What broke concerns all channels: virtio-console.c closes them. */
    if (vcon_is_broken(ch->vc))
        vcon_schedule(ch->vc);
    else
        vcon_channel_deliver(ch);
}

static void tx_used(void *opaque)
{
    struct vcon_channel *ch = opaque;
    struct vcon_port *port = ch->port;

    if (vcon_is_broken(ch->vc))
        return;
    reclaim_tx(ch);
    if (port && port->want_writable && ch->host_open && ch->nr_tx_free > 0) {
        port->want_writable = false;
        if (port->ops->writable)
            port->ops->writable(port->opaque);
    }
}

int vcon_channel_init_queues(struct vcon_channel *ch, struct virtio_dev *vd)
{
    unsigned int first = ch->nr == 0 ? 0 : 2 + 2 * ch->nr;

    ch->rx = virtio_queue(vd, first, VCON_NR_BUFS, rx_used, ch);
    ch->tx = virtio_queue(vd, first + 1, VCON_NR_BUFS, tx_used, ch);
    return ch->rx && ch->tx ? 0 : -XEN_ENOMEM;
}

bool vcon_channel_start(struct vcon_channel *ch)
{
    unsigned int nr_rx = virtq_size(ch->rx), nr_tx = virtq_size(ch->tx);

    if (ch->rx_page)
        return true; /* the device still has them from before the port went */
    ch->rx_page = alloc_pages(0);
    ch->tx_page = alloc_pages(0);
    if (!ch->rx_page || !ch->tx_page) {
        if (ch->rx_page)
            free_pages(ch->rx_page, 0);
        if (ch->tx_page)
            free_pages(ch->tx_page, 0);
        ch->rx_page = ch->tx_page = NULL;
        return false;
    }
    for (unsigned int i = 0; i < nr_rx; i++)
        post_rx(ch, ch->rx_page + i * VCON_BUF_SIZE);
    for (unsigned int i = 0; i < nr_tx; i++)
        ch->tx_free[ch->nr_tx_free++] = ch->tx_page + i * VCON_BUF_SIZE;
    virtq_kick(ch->rx);
    return true;
}

size_t vcon_write(struct vcon_port *port, const void *data, size_t len)
{
    struct vcon_channel *ch = port->channel;
    const uint8_t *bytes = data;
    size_t done = 0;

    if (!ch || !ch->host_open || !ch->tx_page || vcon_is_broken(ch->vc))
        return 0;
    if (ch->nr_tx_free < virtq_size(ch->tx))
        reclaim_tx(ch);
    while (done < len && ch->nr_tx_free > 0) {
        uint8_t *buf = ch->tx_free[--ch->nr_tx_free];
        struct virtio_sg sg = { .addr = virt_to_paddr(buf), .len = MIN(len - done, VCON_BUF_SIZE) };

        memcpy(buf, bytes + done, sg.len);
        virtq_add(ch->tx, &sg, 1, NULL, 0, buf);
        done += sg.len;
    }
    virtq_kick(ch->tx);
    if (done < len)
        port->want_writable = true;
    return done;
}

void vcon_resume_input(struct vcon_port *port)
{
    if (port->channel)
        vcon_schedule(port->channel->vc);
}
