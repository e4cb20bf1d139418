/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-type.h"

#include <string.h>

#include "handler-util.h"
#include "pool-backend.h"

#define FS_OPTIONS_NS  "http://libvirt.org/schemas/storagepool/fs/1.0"
#define RBD_OPTIONS_NS "http://libvirt.org/schemas/storagepool/rbd/1.0"

/* libvirt's words, in its order: clients are shown the lists as they are. */
static const char *const fs_formats[] = { "auto",    "ext2", "ext3",  "ext4", "ufs",
                                          "iso9660", "udf",  "gfs",   "gfs2", "vfat",
                                          "hfs+",    "xfs",  "ocfs2", "vmfs", NULL };
static const char *const netfs_formats[] = { "auto", "nfs", "glusterfs", "cifs", NULL };
static const char *const logical_formats[] = { "unknown", "lvm2", NULL };
static const char *const disk_formats[] = { "unknown", "dos",  "dvh", "gpt",  "mac",
                                            "bsd",     "pc98", "sun", "lvm2", NULL };
static const char *const image_formats[] = { "none", "raw",  "dir",   "bochs", "cloop", "dmg",
                                             "iso",  "vpc",  "vdi",   "fat",   "vhd",   "ploop",
                                             "cow",  "qcow", "qcow2", "qed",   "vmdk",  NULL };
static const char *const partition_formats[] = { "none",       "linux",      "fat16",
                                                 "fat32",      "linux-swap", "linux-lvm",
                                                 "linux-raid", "extended",   NULL };

/* clang-format off */
#define IMAGES     .volume_formats = image_formats, .volume_default = "raw"
#define PARTITIONS .volume_formats = disk_formats, .volume_default = "unknown", .volume_format_found = TRUE

const PoolType pool_types[] = {
    { "dir", 1u << 6, 0, .volume_kind = "file", IMAGES, .backend = &pool_backend_dir },
    { "fs", 1u << 7, POOL_SOURCE_DEVICE, .formats = fs_formats, .default_format = "auto",
      .options_ns = FS_OPTIONS_NS, .volume_kind = "file", IMAGES, .backend = &pool_backend_fs },
    { "netfs", 1u << 8, POOL_SOURCE_HOST | POOL_SOURCE_DIR | POOL_SOURCE_PROTOCOL_VER,
      .formats = netfs_formats, .default_format = "auto", .options_ns = FS_OPTIONS_NS,
      .volume_kind = "file", IMAGES, .backend = &pool_backend_netfs },
    { "logical", 1u << 9, POOL_SOURCE_NAME | POOL_SOURCE_DEVICE, .formats = logical_formats,
      .default_format = "lvm2", .target_prefix = "/dev/", .volume_kind = "block",
      .backend = &pool_backend_logical },
    { "disk", 1u << 10, POOL_SOURCE_DEVICE, .formats = disk_formats, .default_format = "unknown",
      .volume_kind = "block", .volume_formats = partition_formats, .volume_default = "none",
      .backend = &pool_backend_disk },
    { "iscsi", 1u << 11, POOL_SOURCE_HOST | POOL_SOURCE_DEVICE, .volume_kind = "block",
      PARTITIONS, .backend = &pool_backend_iscsi },
    { "iscsi-direct", 1u << 19, POOL_SOURCE_HOST | POOL_SOURCE_DEVICE | POOL_SOURCE_NETWORK |
      POOL_SOURCE_INITIATOR, .no_target = TRUE, .volume_kind = "network", PARTITIONS,
      .backend = &pool_backend_iscsi_direct },
    { "scsi", 1u << 12, POOL_SOURCE_ADAPTER, .volume_kind = "block", PARTITIONS,
      .backend = &pool_backend_scsi },
    { "mpath", 1u << 13, 0, .volume_kind = "block", PARTITIONS, .backend = &pool_backend_mpath },
    { "rbd", 1u << 14, POOL_SOURCE_HOST | POOL_SOURCE_NETWORK | POOL_SOURCE_NAME,
      .options_ns = RBD_OPTIONS_NS, .no_target = TRUE, .volume_kind = "network", IMAGES,
      .backend = &pool_backend_rbd },
    { "sheepdog", 1u << 15, POOL_SOURCE_HOST | POOL_SOURCE_NETWORK | POOL_SOURCE_NAME,
      .no_target = TRUE, .volume_kind = "network", PARTITIONS },
    { "gluster", 1u << 16, POOL_SOURCE_HOST | POOL_SOURCE_DIR | POOL_SOURCE_NETWORK |
      POOL_SOURCE_NAME, .no_target = TRUE, .volume_kind = "network", IMAGES,
      .backend = &pool_backend_gluster },
    { "zfs", 1u << 17, POOL_SOURCE_NAME | POOL_SOURCE_DEVICE, .target_prefix = "/dev/zvol/",
      .volume_kind = "block", .backend = &pool_backend_zfs },
    { "vstorage", 1u << 18, POOL_SOURCE_NAME, .volume_kind = "file", IMAGES },
};
/* clang-format on */
const guint pool_n_types = G_N_ELEMENTS(pool_types);

const PoolType *pool_type_find(const char *name, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(pool_types); i++) {
        if (strcmp(pool_types[i].name, name) == 0)
            return &pool_types[i];
    }
    fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unknown storage pool type %s", name);
    return NULL;
}

const char *word_find(const char *const *words, const char *word)
{
    for (; *words != NULL; words++) {
        if (strcmp(*words, word) == 0)
            return *words;
    }
    return NULL;
}
