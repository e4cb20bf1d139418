/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of the framebuffer back end: fbback.c is the front end's side, fbback-gpu.c the machine's
 * graphics device. */
#pragma once

#include "irq.h"
#include "virtio/virtio-gpu.h"

struct backend_dev;
struct domain;
struct fb_command;

/* 4096 x 2160 at 32 bits, and a second one behind it. More than any front end asks for without
 * being told to. */
#define FB_MAX_BYTES (72U << 20)

/* How the picture lies in the front end's memory. Sizes in pixels, stride and offset in bytes. */
struct fb_mode {
    uint32_t width, height, stride, offset;
};

struct fbback {
    struct backend_dev *dev;
    struct domain *domain;
    struct virtio_dev *vd;

    /* While connected. */
    uint32_t port;
    mfn_t page; /* struct xenfb_page; it may stop being the guest's at any time */
    struct softirq work;
    bool is_32bit;      /* layout of the page directory */
    uint32_t mem_bytes; /* of the framebuffer */
    struct fb_mode mode;

    /* fbback-gpu.c's */
    struct virtq *vq;
    struct fb_command *in_flight; /* all that the device has */
    uint32_t resource;            /* number of the picture shown, 0: none */
    struct virtio_gpu_rect dirty; /* changed and not sent yet; width 0: nothing */
    unsigned int nr_updates;      /* commands of an update in flight */
};

/* Starts the device, with nothing to show. 0 or -XEN_E*. */
int fb_gpu_start(struct fbback *fb);
/* Shows fb->mode. pages: the framebuffer's frames as the device is to read them, a kmalloc()ed
 * array that this takes in any case. 0 or -XEN_E*; what was shown before is gone then, too. */
int fb_gpu_show(struct fbback *fb, struct virtio_gpu_entry *pages, uint32_t nr_pages);
/* A part of the picture changed; it lies within the mode. */
void fb_gpu_update(struct fbback *fb, const struct virtio_gpu_rect *rect);
/* Resets the device: from here on it reads no page of the guest. */
void fb_gpu_stop(struct fbback *fb);
