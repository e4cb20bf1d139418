/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block device's layout (virtio 1.2 5.2). Its unit of position is always 512 bytes (5.2.6). */
#pragma once

#include "virtio.h"

#define VIRTIO_BLK_SECTOR_SHIFT 9

/* 5.2.3 */
#define VIRTIO_BLK_F_SEG_MAX  VIRTIO_BIT(2)
#define VIRTIO_BLK_F_RO       VIRTIO_BIT(5)
#define VIRTIO_BLK_F_BLK_SIZE VIRTIO_BIT(6)
#define VIRTIO_BLK_F_FLUSH    VIRTIO_BIT(9)
#define VIRTIO_BLK_F_TOPOLOGY VIRTIO_BIT(10)
#define VIRTIO_BLK_F_MQ       VIRTIO_BIT(12)
#define VIRTIO_BLK_F_DISCARD  VIRTIO_BIT(13)

/* 5.2.4 struct virtio_blk_config: offsets of the fields hv reads */
#define VIRTIO_BLK_CFG_CAPACITY            0  /* 64 bit */
#define VIRTIO_BLK_CFG_SEG_MAX             12
#define VIRTIO_BLK_CFG_BLK_SIZE            20
#define VIRTIO_BLK_CFG_PHYSICAL_BLOCK_EXP  24 /* 8 bit */
#define VIRTIO_BLK_CFG_NUM_QUEUES          34 /* 16 bit */
#define VIRTIO_BLK_CFG_MAX_DISCARD_SECTORS 36
#define VIRTIO_BLK_CFG_DISCARD_ALIGNMENT   44

/* 5.2.6 */
struct virtio_blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};
_Static_assert(sizeof(struct virtio_blk_header) == 16, "5.2.6");

#define VIRTIO_BLK_T_IN      0
#define VIRTIO_BLK_T_OUT     1
#define VIRTIO_BLK_T_FLUSH   4
#define VIRTIO_BLK_T_DISCARD 11

struct virtio_blk_discard {
    uint64_t sector;
    uint32_t num_sectors;
    uint32_t flags;
};
_Static_assert(sizeof(struct virtio_blk_discard) == 16, "5.2.6");

#define VIRTIO_BLK_S_OK     0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2
