/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices of the host: what pools are made of, and volumes that are whole devices. */
#pragma once

#include "pool-backend.h"

G_BEGIN_DECLS

/* Is it there, and a block device? */
gboolean block_device_check(const char *path, GError **error);
/* FALSE with VIR_ERR_STORAGE_POOL_BUILT when something is on it that would be lost. */
gboolean block_device_check_empty(const char *path, GError **error);
/* Takes away the marks by which others would know what was on it. */
gboolean block_device_wipe_marks(const char *path, GError **error);
gboolean block_device_size(const char *path, guint64 *ret_bytes, GError **error);
/* Waits until the device's node is there, which udev makes. */
gboolean block_device_wait(const char *path);
/* Lets udev finish what it does with new devices, where it runs. */
void block_device_settle(void);

/* A volume that is the device at path; its capacity, permissions and times. with_format: and what
 * is on it, as disk pools name it. NULL: it cannot be looked at. */
Volume *block_volume_new(const char *name, const char *path, gboolean with_format, GError **error);
/* Sets permissions and fills a new device: encryption, or the copy of another volume. */
gboolean block_volume_fill(const PoolAccess *pool, const Volume *volume, const char *path,
                           const VolumeMake *how, GError **error);

G_END_DECLS
