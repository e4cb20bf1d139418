/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Back end "vfb" (io/fbif.h): a guest's framebuffer on the machine's virtio-gpu. Frames come by
 * number, not by grant, and stay the guest's: each is checked when the device is told of it, the
 * shared page each time hv touches it.
 */
#include "fbback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "evtchn.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>
#include <xen/io/fbif.h>
#include <xen/io/protocols.h>

/* Where the page directory starts, which is an array of the front end's longs: after struct
 * xenfb_page's depth. */
#define PD_OFFSET_64 40U
#define PD_OFFSET_32 36U
#define PD_ENTRIES   256U

_Static_assert(offsetof(struct xenfb_page, pd) == PD_OFFSET_64, "io/fbif.h");
_Static_assert(offsetof(struct xenfb_page, depth) == 32, "io/fbif.h");

/* The shared page, or NULL when its frame is not the guest's any more. */
static struct xenfb_page *shared(const struct fbback *fb)
{
    return mfn_is_guest_writable(fb->domain, fb->page) ? mfn_to_virt(fb->page) : NULL;
}

/* ---- the framebuffer's frames ---- */

static mfn_t read_long(const struct fbback *fb, const void *array, unsigned int index)
{
    return fb->is_32bit ? READ_ONCE(((const uint32_t *)array)[index])
                        : READ_ONCE(((const uint64_t *)array)[index]);
}

/* Frame i of the framebuffer by the two-level directory, MFN_INVALID when it is not the guest's. */
static mfn_t find_frame(const struct fbback *fb, const struct xenfb_page *page, uint32_t i)
{
    unsigned int per_page = PAGE_SIZE / (fb->is_32bit ? 4 : 8);
    const char *pd = (const char *)page + (fb->is_32bit ? PD_OFFSET_32 : PD_OFFSET_64);
    mfn_t directory, mfn;

    if (i / per_page >= PD_ENTRIES)
        return MFN_INVALID;
    directory = read_long(fb, pd, i / per_page);
    if (!mfn_is_guest_ram(fb->domain, directory))
        return MFN_INVALID;
    mfn = read_long(fb, mfn_to_virt(directory), i % per_page);
    return mfn_is_guest_ram(fb->domain, mfn) ? mfn : MFN_INVALID;
}

/* All of them as the device wants them, neighbours joined. */
static struct virtio_gpu_entry *list_frames(struct fbback *fb, const struct xenfb_page *page,
                                            uint32_t *ret_nr)
{
    uint32_t nr_frames = (uint32_t)(ROUND_UP((uint64_t)fb->mem_bytes, PAGE_SIZE) >> PAGE_SHIFT),
             nr = 0;
    struct virtio_gpu_entry *entries = kmalloc(nr_frames * sizeof(*entries));

    if (!entries) {
        backend_error(fb->dev, -XEN_ENOMEM, "no memory for a framebuffer of %u bytes",
                      fb->mem_bytes);
        return NULL;
    }
    for (uint32_t i = 0; i < nr_frames; i++) {
        mfn_t mfn = find_frame(fb, page, i);
        uint64_t addr = (uint64_t)mfn << PAGE_SHIFT;

        if (mfn == MFN_INVALID) {
            backend_error(fb->dev, -XEN_EINVAL, "page %u of the framebuffer is not the guest's", i);
            kfree(entries);
            return NULL;
        }
        if (nr > 0 && entries[nr - 1].addr + entries[nr - 1].length == addr)
            entries[nr - 1].length += PAGE_SIZE;
        else
            entries[nr++] = (struct virtio_gpu_entry){ .addr = addr, .length = PAGE_SIZE };
    }
    *ret_nr = nr;
    return entries;
}

/* ---- the mode ---- */

static int check_mode(const struct fbback *fb, const struct fb_mode *m, int depth)
{
    uint64_t end = m->offset + (uint64_t)m->stride * m->height;

    if (depth != 32)
        return backend_error(fb->dev, -XEN_EOPNOTSUPP, "pixels of %d bits: only 32 are supported",
                             depth);
    if (m->width == 0 || m->height == 0 || m->stride % 4 || m->stride / 4 < m->width ||
        end > fb->mem_bytes)
        return backend_error(fb->dev, -XEN_EINVAL,
                             "%ux%u with rows of %u bytes at %u does not fit into %u bytes",
                             m->width, m->height, m->stride, m->offset, fb->mem_bytes);
    return 0;
}

static int show(struct fbback *fb, const struct xenfb_page *page, const struct fb_mode *mode)
{
    uint32_t nr = 0;
    struct virtio_gpu_entry *frames = list_frames(fb, page, &nr);
    int err;

    if (!frames)
        return -XEN_EINVAL;
    fb->mode = *mode;
    err = fb_gpu_show(fb, frames, nr);
    if (err)
        return backend_error(fb->dev, err, "cannot show %ux%u", mode->width, mode->height);
    printk(LOG_DEBUG, "vfb/%u: %ux%u in %u pieces", fb->dev->devid, mode->width, mode->height, nr);
    kbdback_set_screen(mode->width, mode->height);
    return 0;
}

/* ---- the front end's events ---- */

/* Clips to the picture; false: nothing of it is in there. */
static bool clip(const struct fb_mode *mode, const struct xenfb_update *u,
                 struct virtio_gpu_rect *ret)
{
    int64_t left = MAX(u->x, 0), top = MAX(u->y, 0);
    int64_t right = MIN((int64_t)u->x + u->width, (int64_t)mode->width);
    int64_t bottom = MIN((int64_t)u->y + u->height, (int64_t)mode->height);

    if (right <= left || bottom <= top)
        return false;
    *ret = (struct virtio_gpu_rect){ (uint32_t)left, (uint32_t)top, (uint32_t)(right - left),
                                     (uint32_t)(bottom - top) };
    return true;
}

static void resize(struct fbback *fb, const struct xenfb_page *page, const struct xenfb_resize *r)
{
    const struct fb_mode mode = { (uint32_t)r->width, (uint32_t)r->height, (uint32_t)r->stride,
                                  (uint32_t)r->offset };

    /* A mode that is nonsense is not shown; the one before stays. */
    if (check_mode(fb, &mode, r->depth) == 0 && show(fb, page, &mode))
        backend_fail(fb->dev, "cannot go on after a resize");
}

static void take_event(struct fbback *fb, const struct xenfb_page *page,
                       const union xenfb_out_event *event)
{
    struct virtio_gpu_rect rect;

    switch (event->type) {
    case XENFB_TYPE_UPDATE:
        if (clip(&fb->mode, &event->update, &rect))
            fb_gpu_update(fb, &rect);
        break;
    case XENFB_TYPE_RESIZE:
        resize(fb, page, &event->resize);
        break;
    default: /* fbif.h: events that are not known are ignored */
        break;
    }
}

static void work(void *opaque)
{
    struct fbback *fb = opaque;
    struct xenfb_page *page = shared(fb);
    uint32_t cons, prod;

    if (!page) {
        backend_fail(fb->dev, "the shared page is not the guest's any more");
        return;
    }
    cons = READ_ONCE(page->out_cons);
    prod = READ_ONCE(page->out_prod);
    if (prod - cons > XENFB_OUT_RING_LEN) {
        backend_fail(fb->dev, "bad ring indices %u and %u", prod, cons);
        return;
    }
    rmb(); /* out_prod before the events it covers */
    while (cons != prod) {
        union xenfb_out_event event;

        memcpy(&event, &XENFB_OUT_RING_REF(page, cons), sizeof(event));
        cons++;
        take_event(fb, page, &event);
    }
    mb(); /* the events are read before the front end sees that it may overwrite them */
    WRITE_ONCE(page->out_cons, cons);
}

static void guest_event(void *opaque)
{
    struct fbback *fb = opaque;

    softirq_raise(&fb->work);
}

/* ---- connecting ---- */

static int read_layout(struct fbback *fb)
{
    char *protocol = backend_read_frontend(fb->dev, "protocol");
    int err = 0;

    fb->is_32bit = protocol ? strcmp(protocol, XEN_IO_PROTO_ABI_X86_32) == 0 : fb->domain->is_32bit;
    if (protocol && !fb->is_32bit && strcmp(protocol, XEN_IO_PROTO_ABI_X86_64) != 0)
        err = backend_error(fb->dev, -XEN_EINVAL, "unknown protocol '%s'", protocol);
    kfree(protocol);
    return err;
}

static int read_nodes(struct fbback *fb)
{
    uint64_t page, port, update = 0;

    if (!backend_read_frontend_u64(fb->dev, "page-ref", &page))
        return backend_error(fb->dev, -XEN_EINVAL, "no page-ref");
    if (!backend_read_frontend_u64(fb->dev, "event-channel", &port))
        return backend_error(fb->dev, -XEN_EINVAL, "no event-channel");
    backend_read_frontend_u64(fb->dev, "feature-update", &update);
    if (!update)
        return backend_error(fb->dev, -XEN_EOPNOTSUPP,
                             "the front end does not tell what it draws (feature-update)");
    fb->page = page;
    fb->port = (uint32_t)port;
    if (!shared(fb))
        return backend_error(fb->dev, -XEN_EINVAL, "page-ref %#llx is not the guest's",
                             (unsigned long long)page);
    return read_layout(fb);
}

static int show_first(struct fbback *fb)
{
    const struct xenfb_page *page = shared(fb);
    const struct fb_mode mode = { (uint32_t)READ_ONCE(page->width),
                                  (uint32_t)READ_ONCE(page->height), READ_ONCE(page->line_length),
                                  0 };
    int err;

    fb->mem_bytes = READ_ONCE(page->mem_length);
    if (fb->mem_bytes > FB_MAX_BYTES)
        return backend_error(fb->dev, -XEN_E2BIG, "a framebuffer of %u bytes is more than %u",
                             fb->mem_bytes, FB_MAX_BYTES);
    err = check_mode(fb, &mode, READ_ONCE(page->depth));
    return err ? err : show(fb, page, &mode);
}

static int bind_port(struct fbback *fb)
{
    int err = evtchn_bind_hv(fb->domain, fb->port, guest_event, fb);

    return err ? backend_error(fb->dev, err, "cannot bind event channel %u", fb->port) : 0;
}

static int fbback_connect(struct backend_dev *dev)
{
    struct fbback *fb = dev->priv;
    int err = read_nodes(fb);

    err = err ? err : fb_gpu_start(fb);
    err = err ? err : show_first(fb);
    err = err ? err : bind_port(fb);
    if (err) {
        fb_gpu_stop(fb);
        softirq_cancel(&fb->work);
    }
    return err;
}

static bool fbback_disconnect(struct backend_dev *dev)
{
    struct fbback *fb = dev->priv;

    evtchn_unbind_hv(fb->domain, fb->port, guest_event, fb);
    softirq_cancel(&fb->work);
    fb_gpu_stop(fb);
    kbdback_set_screen(0, 0);
    return true;
}

static void fbback_remove(struct backend_dev *dev)
{
    struct fbback *fb = dev->priv;

    virtio_close(fb->vd);
    kfree(fb);
    dev->priv = NULL;
}

static int fbback_probe(struct backend_dev *dev)
{
    struct fbback *fb = kmalloc(sizeof(*fb));
    int err;

    if (!fb)
        return backend_error(dev, -XEN_ENOMEM, "no memory");
    fb->dev = dev;
    fb->domain = dev->domain;
    fb->work = (struct softirq){ .fn = work, .opaque = fb };
    err = virtio_open(dev->bdf, VIRTIO_ID_GPU, &fb->vd);
    if (err) {
        kfree(fb);
        return backend_error(dev, err, "no virtio graphics device at the machine's PCI address");
    }
    dev->priv = fb;
    return 0;
}

static const struct backend_node fbback_features[] = {
    { "feature-resize", "1" },
    { "request-update", "1" },
    { NULL, NULL },
};

const struct backend_type fbback_type = {
    .name = "vfb",
    .features = fbback_features,
    .probe = fbback_probe,
    .connect = fbback_connect,
    .disconnect = fbback_disconnect,
    .remove = fbback_remove,
};
