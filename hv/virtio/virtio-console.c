/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtio-console device (virtio 1.2 5.3): finding it, its control queues, and who owns which
 * port. */
#include "vcon.h"

#include "alloc.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

#define F_MULTIPORT          VIRTIO_BIT(1)
#define CONFIG_MAX_NR_PORTS  4
#define QUEUE_CONTROL_RX     2
#define QUEUE_CONTROL_TX     3

/* 5.3.6.2 */
struct control {
    uint32_t id;
    uint16_t event;
    uint16_t value;
};
_Static_assert(sizeof(struct control) == 8, "5.3.6.2");

enum control_event {
    DEVICE_READY,
    DEVICE_ADD,
    DEVICE_REMOVE,
    PORT_READY,
    CONSOLE_PORT,
    RESIZE,
    PORT_OPEN,
    PORT_NAME,
};

/* Control messages a channel owes the device; kept as bits so that none is lost when the queue is
 * full. */
enum {
    OWE_READY = 1 << 0,
    OWE_OPEN = 1 << 1,
};

#define NR_CONTROL       8
#define CONTROL_BUF_SIZE (sizeof(struct control) + VCON_NAME_MAX)

struct vcon {
    struct virtio_dev *vd;
    struct virtq *control_rx, *control_tx;
    uint8_t *rx_bufs;        /* NR_CONTROL of CONTROL_BUF_SIZE */
    struct control *tx_msgs; /* NR_CONTROL */
    uint8_t tx_busy;         /* bit i: tx_msgs[i] is with the device */
    unsigned int nr_channels;
    struct vcon_channel channel[VCON_MAX_CHANNELS];
    struct vcon_port *ports;
    struct softirq work;
};

bool vcon_is_broken(const struct vcon *vc)
{
    return virtio_broken(vc->vd);
}

void vcon_schedule(struct vcon *vc)
{
    softirq_raise(&vc->work);
}

/* ---- to the device ---- */

/* False: all messages are under way; control_tx_used() tries again. */
static bool send_control(struct vcon *vc, uint32_t id, uint16_t event, uint16_t value)
{
    struct virtio_sg sg = { .len = sizeof(struct control) };
    unsigned int i = 0;

    while (i < virtq_size(vc->control_tx) && (vc->tx_busy & 1U << i))
        i++;
    if (i == virtq_size(vc->control_tx))
        return false;
    vc->tx_msgs[i] = (struct control){ .id = id, .event = event, .value = value };
    vc->tx_busy |= 1U << i;
    sg.addr = virt_to_paddr(&vc->tx_msgs[i]);
    virtq_add(vc->control_tx, &sg, 1, NULL, 0, &vc->tx_msgs[i]);
    return true;
}

static void pay_owed(struct vcon *vc)
{
    for (unsigned int i = 0; i < vc->nr_channels; i++) {
        struct vcon_channel *ch = &vc->channel[i];

        if ((ch->owed & OWE_READY) && send_control(vc, i, PORT_READY, 1))
            ch->owed &= ~OWE_READY;
        /* Only after READY: the device knows of no open port that is not ready. */
        if (ch->owed == OWE_OPEN && send_control(vc, i, PORT_OPEN, 1))
            ch->owed = 0;
    }
    virtq_kick(vc->control_tx);
}

static void control_tx_used(void *opaque)
{
    struct vcon *vc = opaque;
    struct control *msg;
    uint32_t len;

    while ((msg = virtq_pop(vc->control_tx, &len)))
        vc->tx_busy &= ~(1U << (msg - vc->tx_msgs));
    pay_owed(vc);
}

/* ---- joining channels and ports ---- */

static bool port_matches(const struct vcon_port *port, const struct vcon_channel *ch)
{
    if (!port->name)
        return ch->is_console && ch->nr == 0;
    return ch->name[0] != '\0' && strcmp(port->name, ch->name) == 0;
}

static void join(struct vcon_channel *ch)
{
    struct vcon_port *port;

    if (!ch->present || ch->port)
        return;
    for (port = ch->vc->ports; port; port = port->next)
        if (!port->channel && port_matches(port, ch))
            break;
    if (!port)
        return;
    if (!vcon_channel_start(ch)) {
        printk(LOG_ERROR, "virtio-console: no memory for port %u", ch->nr);
        return;
    }
    ch->port = port;
    port->channel = ch;
    ch->owed |= OWE_OPEN;
}

static void part(struct vcon_channel *ch)
{
    ch->host_open = false;
    vcon_channel_tell_state(ch);
    if (ch->port)
        ch->port->channel = NULL;
    ch->port = NULL;
}

/* ---- from the device ---- */

static void channel_open(struct vcon_channel *ch, bool open)
{
    if (!open && ch->host_open) {
        /* What the host wrote before it closed is in another queue and may not have been looked
         * at. */
        vcon_channel_deliver(ch);
        vcon_channel_drop_input(ch);
    }
    ch->host_open = open;
    vcon_channel_tell_state(ch);
}

static void channel_remove(struct vcon_channel *ch)
{
    channel_open(ch, false);
    part(ch);
    ch->present = ch->is_console = false;
    ch->name[0] = '\0';
    ch->owed = 0;
}

static void handle_control(struct vcon *vc, const struct control *msg, const char *rest, size_t len)
{
    struct vcon_channel *ch;

    if (msg->id >= vc->nr_channels) {
        printk(LOG_WARNING, "virtio-console: port %u is beyond what hv uses: ignoring", msg->id);
        return;
    }
    ch = &vc->channel[msg->id];
    switch (msg->event) {
    case DEVICE_ADD:
        ch->present = true;
        ch->owed |= OWE_READY;
        break;
    case DEVICE_REMOVE:
        channel_remove(ch);
        break;
    case CONSOLE_PORT:
        ch->is_console = msg->value;
        join(ch);
        break;
    case PORT_OPEN:
        channel_open(ch, msg->value);
        break;
    case PORT_NAME:
        len = strnlen(rest, MIN(len, sizeof(ch->name) - 1));
        memcpy(ch->name, rest, len);
        ch->name[len] = '\0';
        join(ch);
        break;
    default: /* RESIZE: the PV console has no size */
        break;
    }
}

static void post_control_rx(struct vcon *vc, uint8_t *buf)
{
    struct virtio_sg sg = { .addr = virt_to_paddr(buf), .len = CONTROL_BUF_SIZE };

    virtq_add(vc->control_rx, NULL, 0, &sg, 1, buf);
}

static void control_rx_used(void *opaque)
{
    struct vcon *vc = opaque;
    struct control msg;
    uint32_t len;
    uint8_t *buf;

    while ((buf = virtq_pop(vc->control_rx, &len))) {
        len = MIN(len, (uint32_t)CONTROL_BUF_SIZE);
        if (len >= sizeof(msg)) {
            memcpy(&msg, buf, sizeof(msg));
            handle_control(vc, &msg, (const char *)buf + sizeof(msg), len - sizeof(msg));
        }
        post_control_rx(vc, buf);
    }
    virtq_kick(vc->control_rx);
    if (vcon_is_broken(vc))
        vcon_schedule(vc);
    else
        pay_owed(vc);
}

/* What the functions of the interface put off, since they may not call back. */
static void work(void *opaque)
{
    struct vcon *vc = opaque;

    for (unsigned int i = 0; i < vc->nr_channels; i++) {
        struct vcon_channel *ch = &vc->channel[i];

        if (vcon_is_broken(vc)) {
            part(ch);
            continue;
        }
        join(ch);
        vcon_channel_tell_state(ch);
        vcon_channel_deliver(ch);
    }
    if (!vcon_is_broken(vc))
        pay_owed(vc);
}

/* ---- starting ---- */

static bool init_queues(struct vcon *vc)
{
    uint32_t max_ports;

    virtio_read_config(vc->vd, CONFIG_MAX_NR_PORTS, &max_ports, sizeof(max_ports));
    vc->nr_channels = MIN(max_ports, (uint32_t)VCON_MAX_CHANNELS);
    for (unsigned int i = 0; i < vc->nr_channels; i++) {
        vc->channel[i].vc = vc;
        vc->channel[i].nr = i;
        if (vcon_channel_init_queues(&vc->channel[i], vc->vd))
            return false;
    }
    vc->control_rx = virtio_queue(vc->vd, QUEUE_CONTROL_RX, NR_CONTROL, control_rx_used, vc);
    vc->control_tx = virtio_queue(vc->vd, QUEUE_CONTROL_TX, NR_CONTROL, control_tx_used, vc);
    vc->rx_bufs = kmalloc(NR_CONTROL * CONTROL_BUF_SIZE);
    vc->tx_msgs = kmalloc(NR_CONTROL * sizeof(struct control));
    return vc->control_rx && vc->control_tx && vc->rx_bufs && vc->tx_msgs;
}

static void vcon_free(struct vcon *vc)
{
    virtio_close(vc->vd);
    kfree(vc->rx_bufs);
    kfree(vc->tx_msgs);
    kfree(vc);
}

static struct vcon *vcon_new(void)
{
    struct vcon *vc = kmalloc(sizeof(*vc));

    if (!vc)
        return NULL;
    vc->work = (struct softirq){ .fn = work, .opaque = vc };
    if (virtio_open_first(VIRTIO_ID_CONSOLE, &vc->vd)) {
        printk(LOG_ERROR, "virtio-console: the machine has no virtio-serial device");
        kfree(vc);
        return NULL;
    }
    if (!(virtio_negotiate(vc->vd, F_MULTIPORT) & F_MULTIPORT) || !init_queues(vc)) {
        printk(LOG_ERROR, "virtio-console: no multiport support, or no memory");
        vcon_free(vc);
        return NULL;
    }
    for (unsigned int i = 0; i < virtq_size(vc->control_rx); i++)
        post_control_rx(vc, vc->rx_bufs + i * CONTROL_BUF_SIZE);
    virtio_start(vc->vd);
    virtq_kick(vc->control_rx);
    send_control(vc, 0, DEVICE_READY, 1);
    virtq_kick(vc->control_tx);
    return vc;
}

/* The machine has exactly one (kanzen-abi.h), so it is not passed around. */
static struct vcon *the_device(void)
{
    static struct vcon *vc;
    static bool tried;

    if (!tried) {
        tried = true;
        vc = vcon_new();
    }
    return vc;
}

static bool same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

struct vcon_port *vcon_claim(const char *name, const struct vcon_ops *ops, void *opaque)
{
    struct vcon *vc = the_device();
    struct vcon_port *port;

    if (!vc)
        return NULL;
    for (port = vc->ports; port; port = port->next)
        if (same_name(port->name, name))
            return NULL;
    port = kmalloc(sizeof(*port));
    if (!port)
        return NULL;
    *port = (struct vcon_port){ .next = vc->ports, .name = name, .ops = ops, .opaque = opaque };
    vc->ports = port;
    vcon_schedule(vc);
    return port;
}
