/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Back end "vkbd" (io/kbdif.h): the machine's virtio keyboard and tablet for a guest's keyboard and
 * pointer. Key codes are the same on both sides. The tablet's coordinates are scaled to the
 * picture's pixels, as front ends expect; one that does not ask for absolute positions gets the
 * differences.
 */
#include "backend.h"

#include "alloc.h"
#include "domain.h"
#include "evtchn.h"
#include "grant.h"
#include "kanzen-abi.h"
#include "printk.h"
#include "string.h"
#include "virtio/virtio-input.h"
#include <xen/errno.h>
#include <xen/io/kbdif.h>

#define NR_EVENTS 64U /* buffers the device fills */

/* What front ends take the screen to be without a picture (fbif.h). */
#define DEFAULT_WIDTH  800U
#define DEFAULT_HEIGHT 600U

/* A keyboard or a tablet of the machine. */
struct input_device {
    struct kbdback *owner;
    struct virtio_dev *vd; /* NULL: the machine has none */
    struct virtq *vq;
    struct virtio_input_event event[NR_EVENTS]; /* written by the device */
};

struct kbdback {
    struct backend_dev *dev;
    struct domain *domain;
    struct input_device keyboard, tablet;
    struct kbdback *next;

    /* While connected. */
    bool connected;
    uint32_t port;
    uint32_t gref; /* in use while has_grant */
    bool has_grant;
    mfn_t page; /* struct xenkbd_page */
    bool wants_absolute;

    /* The pointer, since the device's last SYN. */
    uint32_t raw_x, raw_y;
    int32_t x, y, wheel; /* x, y: as last told, in pixels */
    bool moved;
};

static struct kbdback *kbdbacks;
static uint32_t screen_width = DEFAULT_WIDTH, screen_height = DEFAULT_HEIGHT;

/* ---- to the front end ---- */

static struct xenkbd_page *shared(const struct kbdback *kb)
{
    return mfn_is_guest_writable(kb->domain, kb->page) ? mfn_to_virt(kb->page) : NULL;
}

/* What does not fit is lost, as keys are when nobody reads them. */
static void send(struct kbdback *kb, const union xenkbd_in_event *event)
{
    struct xenkbd_page *page = kb->connected ? shared(kb) : NULL;
    uint32_t prod;

    if (!page)
        return;
    prod = READ_ONCE(page->in_prod);
    if (prod - READ_ONCE(page->in_cons) >= XENKBD_IN_RING_LEN)
        return;
    mb(); /* in_cons is read before what it gives back is overwritten */
    memcpy(&XENKBD_IN_RING_REF(page, prod), event, sizeof(*event));
    wmb(); /* the event before the index that shows it */
    WRITE_ONCE(page->in_prod, prod + 1);
    evtchn_notify_guest(kb->domain, kb->port);
}

static void send_key(struct kbdback *kb, uint16_t code, bool pressed)
{
    union xenkbd_in_event event = {
        .key = { .type = XENKBD_TYPE_KEY, .pressed = pressed, .keycode = code }
    };

    send(kb, &event);
}

static int32_t scale(uint32_t raw, uint32_t size)
{
    return (int32_t)((uint64_t)MIN(raw, VIRTIO_INPUT_ABS_MAX) * (size - 1) / VIRTIO_INPUT_ABS_MAX);
}

static void send_position(struct kbdback *kb)
{
    int32_t x = scale(kb->raw_x, screen_width), y = scale(kb->raw_y, screen_height);
    union xenkbd_in_event event = { 0 };

    if (!kb->moved)
        return;
    if (kb->wants_absolute)
        event.pos = (struct xenkbd_position){
            .type = XENKBD_TYPE_POS, .abs_x = x, .abs_y = y, .rel_z = kb->wheel
        };
    else
        event.motion = (struct xenkbd_motion){
            .type = XENKBD_TYPE_MOTION, .rel_x = x - kb->x, .rel_y = y - kb->y, .rel_z = kb->wheel
        };
    send(kb, &event);
    kb->x = x;
    kb->y = y;
    kb->wheel = 0;
    kb->moved = false;
}

/* ---- from the machine ---- */

static void take_event(struct kbdback *kb, const struct virtio_input_event *e)
{
    switch (e->type) {
    case INPUT_EV_KEY:
        send_position(kb); /* a button is pressed where the pointer is by now */
        if (e->value <= 1) /* 2: repeated, which the front end does by itself */
            send_key(kb, e->code, e->value);
        break;
    case INPUT_EV_ABS:
        if (e->code == INPUT_ABS_X)
            kb->raw_x = e->value;
        else if (e->code == INPUT_ABS_Y)
            kb->raw_y = e->value;
        kb->moved = true;
        break;
    case INPUT_EV_REL:
        if (e->code != INPUT_REL_WHEEL)
            break;
        kb->wheel -= (int32_t)e->value; /* counted towards the user here: Linux' front end turns it
                                           round */
        kb->moved = true;
        break;
    case INPUT_EV_SYN:
        send_position(kb);
        break;
    default: /* lights and the like */
        break;
    }
}

static int give_buffer(struct input_device *d, struct virtio_input_event *e)
{
    const struct virtio_sg in = { virt_to_paddr(e), sizeof(*e) };

    return virtq_add(d->vq, NULL, 0, &in, 1, e);
}

static void used(void *opaque)
{
    struct input_device *d = opaque;
    struct virtio_input_event *e;
    uint32_t len;

    if (virtio_broken(d->vd)) {
        backend_fail(d->owner->dev, "the machine's input device broke");
        return;
    }
    while ((e = virtq_pop(d->vq, &len)) != NULL) {
        if (len == sizeof(*e))
            take_event(d->owner, e);
        give_buffer(d, e); /* there is room: it has just come back */
    }
    virtq_kick(d->vq);
}

static int start_device(struct input_device *d)
{
    if (!d->vd)
        return 0;
    if (virtio_negotiate(d->vd, 0) == 0)
        return backend_error(d->owner->dev, -XEN_ENODEV,
                             "the machine's input device refuses the driver");
    d->vq = virtio_queue(d->vd, VIRTIO_INPUT_QUEUE_EVENT, NR_EVENTS, used, d);
    if (!d->vq)
        return backend_error(d->owner->dev, -XEN_ENOMEM, "no memory for an input device's queue");
    for (unsigned int i = 0; i < NR_EVENTS && give_buffer(d, &d->event[i]) == 0; i++)
        ;
    virtio_start(d->vd);
    virtq_kick(d->vq);
    return 0;
}

static void stop_device(struct input_device *d)
{
    if (d->vd)
        virtio_reset(d->vd);
    d->vq = NULL;
}

/* ---- the screen ---- */

static int write_size(struct kbdback *kb)
{
    int err = backend_write(kb->dev, XENKBD_FIELD_WIDTH, "%u", screen_width);

    return err ? err : backend_write(kb->dev, XENKBD_FIELD_HEIGHT, "%u", screen_height);
}

void kbdback_set_screen(uint32_t width, uint32_t height)
{
    width = width ? width : DEFAULT_WIDTH;
    height = height ? height : DEFAULT_HEIGHT;
    if (width == screen_width && height == screen_height)
        return;
    screen_width = width;
    screen_height = height;
    for (struct kbdback *kb = kbdbacks; kb; kb = kb->next)
        if (write_size(kb) == 0 && kb->connected)
            backend_touch_state(kb->dev);
}

/* ---- connecting ---- */

static void guest_event(void *opaque)
{
    /* The front end read; nothing waits for that, and no event is defined the other way. */
}

/* The page by its grant; by its number where the front end is older than that (kbdif.h). */
static int find_page(struct kbdback *kb)
{
    uint64_t value;
    struct grant_frame frame;

    if (backend_read_frontend_u64(kb->dev, XENKBD_FIELD_RING_GREF, &value)) {
        kb->gref = (uint32_t)value;
        if (grant_begin(kb->domain, kb->gref, true, &frame) < 0)
            return backend_error(kb->dev, -XEN_EINVAL, "cannot map " XENKBD_FIELD_RING_GREF " %u",
                                 kb->gref);
        kb->has_grant = true;
        kb->page = frame.mfn;
        if (frame.length != PAGE_SIZE)
            return backend_error(kb->dev, -XEN_EINVAL,
                                 XENKBD_FIELD_RING_GREF " %u is not a whole page", kb->gref);
        return 0;
    }
    if (!backend_read_frontend_u64(kb->dev, XENKBD_FIELD_RING_REF, &value))
        return backend_error(kb->dev, -XEN_EINVAL, "no " XENKBD_FIELD_RING_GREF);
    kb->page = value;
    return shared(kb) ? 0
                      : backend_error(kb->dev, -XEN_EINVAL,
                                      XENKBD_FIELD_RING_REF " %#llx is not the guest's",
                                      (unsigned long long)value);
}

static int bind_port(struct kbdback *kb)
{
    uint64_t port;
    int err;

    if (!backend_read_frontend_u64(kb->dev, XENKBD_FIELD_EVT_CHANNEL, &port))
        return backend_error(kb->dev, -XEN_EINVAL, "no " XENKBD_FIELD_EVT_CHANNEL);
    kb->port = (uint32_t)port;
    err = evtchn_bind_hv(kb->domain, kb->port, guest_event, kb);
    return err ? backend_error(kb->dev, err, "cannot bind event channel %u", kb->port) : 0;
}

static void release(struct kbdback *kb)
{
    kb->connected = false;
    stop_device(&kb->keyboard);
    stop_device(&kb->tablet);
    if (kb->has_grant)
        grant_end(kb->domain, kb->gref, true);
    kb->has_grant = false;
}

static int kbdback_connect(struct backend_dev *dev)
{
    struct kbdback *kb = dev->priv;
    uint64_t absolute = 0;
    int err = find_page(kb);

    backend_read_frontend_u64(dev, XENKBD_FIELD_REQ_ABS_POINTER, &absolute);
    kb->wants_absolute = absolute;
    kb->wheel = 0;
    kb->moved = false;
    err = err ? err : start_device(&kb->keyboard);
    err = err ? err : start_device(&kb->tablet);
    err = err ? err : bind_port(kb);
    if (err)
        release(kb);
    else
        kb->connected = true;
    return err;
}

static bool kbdback_disconnect(struct backend_dev *dev)
{
    struct kbdback *kb = dev->priv;

    evtchn_unbind_hv(kb->domain, kb->port, guest_event, kb);
    release(kb);
    return true;
}

static void kbdback_remove(struct backend_dev *dev)
{
    struct kbdback *kb = dev->priv, **at = &kbdbacks;

    while (*at && *at != kb)
        at = &(*at)->next;
    if (*at)
        *at = kb->next;
    virtio_close(kb->keyboard.vd);
    virtio_close(kb->tablet.vd);
    kfree(kb);
    dev->priv = NULL;
}

static int open_devices(struct kbdback *kb)
{
    uint16_t bdf;
    int err = virtio_open(kb->dev->bdf, VIRTIO_ID_INPUT, &kb->keyboard.vd);

    if (err)
        return backend_error(kb->dev, err, "no virtio keyboard at the machine's PCI address");
    err = backend_read_bdf(kb->dev, KZ_BACKEND_POINTER_KEY, &bdf);
    if (err)
        return err == -XEN_ENOENT ? 0 : err;
    err = virtio_open(bdf, VIRTIO_ID_INPUT, &kb->tablet.vd);
    return err ? backend_error(kb->dev, err, "no virtio tablet at the machine's PCI address") : 0;
}

static int kbdback_probe(struct backend_dev *dev)
{
    struct kbdback *kb = kmalloc(sizeof(*kb));
    int err;

    if (!kb)
        return backend_error(dev, -XEN_ENOMEM, "no memory");
    kb->dev = dev;
    kb->domain = dev->domain;
    kb->keyboard.owner = kb->tablet.owner = kb;
    dev->priv = kb;
    err = open_devices(kb);
    err = err ? err : write_size(kb);
    err =
        err ? err : backend_write(dev, XENKBD_FIELD_FEAT_ABS_POINTER, "%u", kb->tablet.vd != NULL);
    if (err) {
        kbdback_remove(dev);
        return err;
    }
    kb->next = kbdbacks;
    kbdbacks = kb;
    return 0;
}

static const struct backend_node kbdback_features[] = {
    { NULL, NULL }, /* they depend on the devices */
};

const struct backend_type kbdback_type = {
    .name = XENKBD_DRIVER_NAME,
    .features = kbdback_features,
    .probe = kbdback_probe,
    .connect = kbdback_connect,
    .disconnect = kbdback_disconnect,
    .remove = kbdback_remove,
};
