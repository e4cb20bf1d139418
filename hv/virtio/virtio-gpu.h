/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The graphics device's 2D commands (virtio 1.2 5.7), as far as hv gives them. */
#pragma once

#include "virtio.h"

#define VIRTIO_GPU_QUEUE_CONTROL 0 /* 5.7.2 */

/* 5.7.6.7 */
enum virtio_gpu_type {
    VIRTIO_GPU_CMD_RESOURCE_CREATE_2D = 0x0101,
    VIRTIO_GPU_CMD_RESOURCE_UNREF = 0x0102,
    VIRTIO_GPU_CMD_SET_SCANOUT = 0x0103,
    VIRTIO_GPU_CMD_RESOURCE_FLUSH = 0x0104,
    VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D = 0x0105,
    VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING = 0x0106,
    VIRTIO_GPU_RESP_OK_NODATA = 0x1100,
};

#define VIRTIO_GPU_FORMAT_B8G8R8X8 2 /* 5.7.6.8: blue in the lowest byte */

struct virtio_gpu_header {
    uint32_t type;
    uint32_t flags;
    uint64_t fence_id;
    uint32_t ctx_id;
    uint8_t ring_idx;
    uint8_t padding[3];
};

struct virtio_gpu_rect {
    uint32_t x, y, width, height;
};

struct virtio_gpu_create_2d {
    struct virtio_gpu_header header;
    uint32_t resource_id;
    uint32_t format;
    uint32_t width, height;
};

struct virtio_gpu_unref {
    struct virtio_gpu_header header;
    uint32_t resource_id;
    uint32_t padding;
};

struct virtio_gpu_set_scanout {
    struct virtio_gpu_header header;
    struct virtio_gpu_rect rect;
    uint32_t scanout_id;
    uint32_t resource_id;
};

struct virtio_gpu_flush {
    struct virtio_gpu_header header;
    struct virtio_gpu_rect rect;
    uint32_t resource_id;
    uint32_t padding;
};

struct virtio_gpu_transfer {
    struct virtio_gpu_header header;
    struct virtio_gpu_rect rect;
    uint64_t offset;
    uint32_t resource_id;
    uint32_t padding;
};

/* Followed by nr_entries of the next. */
struct virtio_gpu_attach {
    struct virtio_gpu_header header;
    uint32_t resource_id;
    uint32_t nr_entries;
};

struct virtio_gpu_entry {
    uint64_t addr;
    uint32_t length;
    uint32_t padding;
};

_Static_assert(sizeof(struct virtio_gpu_header) == 24, "5.7.6.7");
_Static_assert(sizeof(struct virtio_gpu_create_2d) == 40, "5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_set_scanout) == 48, "5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_transfer) == 56, "5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_entry) == 16, "5.7.6.8");
