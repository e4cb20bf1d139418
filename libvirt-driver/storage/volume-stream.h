/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume's bytes to and from a client, as fast as disk and client take them. */
#pragma once

#include "pool.h"

G_BEGIN_DECLS

typedef struct {
    gboolean upload;
    gboolean sparse; /* holes travel as such */
    guint64 offset;
    guint64 length; /* at most so many bytes; 0: all there are */
} VolumeTransfer;

/* Makes the call's stream. Takes fd, and the use that volume_use_begin() has given, also when it
 * fails. */
gboolean volume_stream_new(RpcCall *call, PoolRegistry *pools, PoolDef *pool, const Volume *volume,
                           int fd, const VolumeTransfer *transfer, GError **error);

G_END_DECLS
