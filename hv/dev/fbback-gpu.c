/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The framebuffer on a virtio-gpu device. The device copies from the guest's own pages, only what
 * changed, and while it does so further changes are gathered into one rectangle, so a guest cannot
 * ask for more than the display takes.
 */
#include "fbback.h"

#include "alloc.h"
#include "backend.h"
#include "string.h"
#include <xen/errno.h>

#define QUEUE_SIZE 64U
#define SCANOUT    0U

/* A request with its answer, read and written by the device. */
struct fb_command {
    union {
        struct virtio_gpu_header header;
        struct virtio_gpu_create_2d create;
        struct virtio_gpu_unref unref;
        struct virtio_gpu_set_scanout scanout;
        struct virtio_gpu_flush flush;
        struct virtio_gpu_transfer transfer;
        struct virtio_gpu_attach attach;
    } request;
    struct virtio_gpu_header answer;
    struct virtio_gpu_entry *entries; /* behind an attach */
    bool is_update;
    struct fb_command *next;
};

static void command_free(struct fb_command *c)
{
    kfree(c->entries);
    kfree(c);
}

static struct fb_command *command_new(uint32_t type)
{
    struct fb_command *c = kmalloc(sizeof(*c));

    if (c)
        c->request.header.type = type;
    return c;
}

/* Queues c, size bytes of its request; takes it. */
static int submit(struct fbback *fb, struct fb_command *c, size_t size)
{
    struct virtio_sg out[2] = { { virt_to_paddr(&c->request), (uint32_t)size } };
    struct virtio_sg in = { virt_to_paddr(&c->answer), sizeof(c->answer) };
    unsigned int nr_out = 1;
    int err;

    if (c->entries)
        out[nr_out++] =
            (struct virtio_sg){ virt_to_paddr(c->entries),
                                c->request.attach.nr_entries * (uint32_t)sizeof(*c->entries) };
    err = virtq_add(fb->vq, out, nr_out, &in, 1, c);
    if (err) {
        command_free(c);
        return err;
    }
    c->next = fb->in_flight;
    fb->in_flight = c;
    fb->nr_updates += c->is_update;
    return 0;
}

#define SUBMIT(fb, c, member) submit(fb, c, sizeof((c)->request.member))

static void forget(struct fbback *fb, struct fb_command *c)
{
    struct fb_command **at = &fb->in_flight;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    fb->nr_updates -= c->is_update;
    command_free(c);
}

/* ---- commands ---- */

static int create(struct fbback *fb)
{
    struct fb_command *c = command_new(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D);

    if (!c)
        return -XEN_ENOMEM;
    c->request.create.resource_id = fb->resource;
    c->request.create.format = VIRTIO_GPU_FORMAT_B8G8R8X8;
    c->request.create.width = fb->mode.stride / 4; /* the device knows no other stride */
    c->request.create.height = fb->mode.height;
    return SUBMIT(fb, c, create);
}

static int attach(struct fbback *fb, struct virtio_gpu_entry *pages, uint32_t nr_pages)
{
    struct fb_command *c = command_new(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING);

    if (!c) {
        kfree(pages);
        return -XEN_ENOMEM;
    }
    c->entries = pages;
    c->request.attach.resource_id = fb->resource;
    c->request.attach.nr_entries = nr_pages;
    return SUBMIT(fb, c, attach);
}

static int set_scanout(struct fbback *fb)
{
    struct fb_command *c = command_new(VIRTIO_GPU_CMD_SET_SCANOUT);

    if (!c)
        return -XEN_ENOMEM;
    c->request.scanout.rect.width = fb->mode.width;
    c->request.scanout.rect.height = fb->mode.height;
    c->request.scanout.scanout_id = SCANOUT;
    c->request.scanout.resource_id = fb->resource;
    return SUBMIT(fb, c, scanout);
}

static int unref(struct fbback *fb, uint32_t resource)
{
    struct fb_command *c = command_new(VIRTIO_GPU_CMD_RESOURCE_UNREF);

    if (!c)
        return -XEN_ENOMEM;
    c->request.unref.resource_id = resource;
    return SUBMIT(fb, c, unref);
}

static int transfer(struct fbback *fb)
{
    struct fb_command *c = command_new(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D);

    if (!c)
        return -XEN_ENOMEM;
    c->is_update = true;
    c->request.transfer.rect = fb->dirty;
    c->request.transfer.offset =
        fb->mode.offset + (uint64_t)fb->dirty.y * fb->mode.stride + fb->dirty.x * 4ULL;
    c->request.transfer.resource_id = fb->resource;
    return SUBMIT(fb, c, transfer);
}

static int flush(struct fbback *fb)
{
    struct fb_command *c = command_new(VIRTIO_GPU_CMD_RESOURCE_FLUSH);

    if (!c)
        return -XEN_ENOMEM;
    c->is_update = true;
    c->request.flush.rect = fb->dirty;
    c->request.flush.resource_id = fb->resource;
    return SUBMIT(fb, c, flush);
}

/* ---- updates ---- */

static void send_dirty(struct fbback *fb)
{
    int err;

    if (fb->dirty.width == 0 || fb->nr_updates > 0 || fb->resource == 0)
        return;
    err = transfer(fb);
    err = err ? err : flush(fb);
    virtq_kick(fb->vq);
    if (err)
        return; /* no room or memory now: it stays dirty until the next update */
    fb->dirty.width = 0;
}

void fb_gpu_update(struct fbback *fb, const struct virtio_gpu_rect *rect)
{
    struct virtio_gpu_rect *d = &fb->dirty;

    if (d->width == 0) {
        *d = *rect;
    } else {
        uint32_t right = MAX(d->x + d->width, rect->x + rect->width);
        uint32_t bottom = MAX(d->y + d->height, rect->y + rect->height);

        d->x = MIN(d->x, rect->x);
        d->y = MIN(d->y, rect->y);
        d->width = right - d->x;
        d->height = bottom - d->y;
    }
    send_dirty(fb);
}

static void used(void *opaque)
{
    struct fbback *fb = opaque;
    struct fb_command *c;
    uint32_t len;

    if (virtio_broken(fb->vd)) {
        backend_fail(fb->dev, "the machine's graphics device broke");
        return;
    }
    while ((c = virtq_pop(fb->vq, &len)) != NULL) {
        if (c->answer.type != VIRTIO_GPU_RESP_OK_NODATA)
            backend_fail(fb->dev, "the machine's graphics device answers command %#x with %#x",
                         c->request.header.type, c->answer.type);
        forget(fb, c);
    }
    send_dirty(fb);
}

/* ---- start, show, stop ---- */

int fb_gpu_show(struct fbback *fb, struct virtio_gpu_entry *pages, uint32_t nr_pages)
{
    const struct virtio_gpu_rect all = { .width = fb->mode.width, .height = fb->mode.height };
    uint32_t old = fb->resource;
    int err;

    fb->resource++;
    err = create(fb);
    if (err)
        kfree(pages);
    else
        err = attach(fb, pages, nr_pages);
    err = err ? err : set_scanout(fb);
    if (!err && old)
        err = unref(fb, old);
    virtq_kick(fb->vq);
    if (err) {
        fb->resource = 0;
        return err;
    }
    fb->dirty.width = 0;
    fb_gpu_update(fb, &all);
    return 0;
}

int fb_gpu_start(struct fbback *fb)
{
    fb->resource = 0;
    fb->dirty.width = 0;
    if (virtio_negotiate(fb->vd, 0) == 0)
        return backend_error(fb->dev, -XEN_ENODEV,
                             "the machine's graphics device refuses the driver");
    fb->vq = virtio_queue(fb->vd, VIRTIO_GPU_QUEUE_CONTROL, QUEUE_SIZE, used, fb);
    if (!fb->vq)
        return backend_error(fb->dev, -XEN_ENOMEM, "no memory for the graphics device's queue");
    virtio_start(fb->vd);
    return 0;
}

void fb_gpu_stop(struct fbback *fb)
{
    virtio_reset(fb->vd);
    fb->vq = NULL;
    while (fb->in_flight) {
        struct fb_command *c = fb->in_flight;

        fb->in_flight = c->next;
        command_free(c);
    }
    fb->nr_updates = 0;
    fb->resource = 0;
}
