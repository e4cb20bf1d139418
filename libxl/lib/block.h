/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks as QEMU's block layer has them. */
#pragma once

#include "kxl-block.h"
#include "ops.h"

/* "dev-vbd-51712": the device that a disk of the configuration is. New string. */
char *kxl_block_device(const KxlDomainConfig *config, const KxlDeviceDisk *disk);
/* The disk with that vdev, or KXL_ERROR_INVALID. */
KxlDeviceDisk *kxl_block_disk(const KxlDomainConfig *config, const char *vdev, GError **error);
/* QEMU's name of a format, and back (-1: none of ours). */
const char *kxl_block_driver(KxlDiskFormat format);
int kxl_block_format_from_driver(const char *driver);

/* A running domain with its monitor and one of its disks, as most operations on disks need it. */
typedef struct {
    KxlOp op;
    KxlQmp *qmp;
    KxlDeviceDisk *disk; /* of op.config */
    char *device;
    KxlBlock *block;
} KxlBlockOp;
gboolean kxl_block_op_begin(KxlBlockOp *b, KxlHost *host, int domid, const char *vdev,
                            GError **error);
void kxl_block_op_end(KxlBlockOp *b);
/* For what would write an encrypted disk's contents, or lose the way to its key, in an image that
 * is not. */
gboolean kxl_block_check_plain(const KxlDeviceDisk *disk, const char *what, GError **error);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlBlockOp, kxl_block_op_end)

/* All disks, asked for on an open monitor. */
GPtrArray *kxl_block_list(KxlQmp *qmp, const KxlDomainConfig *config, GError **error);
/* The disk's image is another one from now on: writes it down. */
gboolean kxl_block_set_image(KxlHost *host, int domid, const char *vdev, const char *path,
                             KxlDiskFormat format, GError **error);
/* block-job.c: finishes what was left half done. Called with the domain's lock held; op->config
 * follows. */
void kxl_block_recover(KxlOp *op);
