/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virStorageVolUpload and virStorageVolDownload. */
#include <fcntl.h>
#include <unistd.h>

#include "handlers-volume.h"
#include "raw-copy.h"
#include "volume-stream.h"

enum { SPARSE_STREAM = 1 }; /* of both calls' flags */

static int open_volume(const Volume *volume, gboolean upload, GError **error)
{
    const char *path = volume_local_path(volume, error);
    int flags = (upload ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd;

    if (path == NULL)
        return -1;
    /* Writing through a link would lead out of the pool; a device's node may be one. */
    if (upload && volume->type != VOLUME_BLOCK)
        flags |= O_NOFOLLOW;
    fd = open(path, flags);
    if (fd < 0) {
        fail_errno(error, "open", path);
    } else if (upload && !image_check_unused(fd, volume->name, error)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static gboolean transfer(RpcCall *call, gboolean upload, GError **error)
{
    const Kanzend *kanzend = call->app;
    VolumeUses *uses = pool_volume_uses(kanzend->pools);
    const VolumeTransfer what = { upload, call->args[3].u & SPARSE_STREAM, call->args[1].t,
                                  call->args[2].t };
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;
    int fd;

    if (!check_flags(call, call->args[3].u, SPARSE_STREAM, error))
        return FALSE;
    volume = call_volume(call, 0, &view, &access, error);
    if (volume == NULL || !volume_use_begin(uses, view.def->uuid, volume->name,
                                            upload ? VOLUME_USE_CHANGE : VOLUME_USE_READ, error))
        return FALSE;
    fd = open_volume(volume, upload, error);
    if (fd < 0) {
        volume_use_end(uses, view.def->uuid, volume->name);
        return FALSE;
    }
    return volume_stream_new(call, kanzend->pools, view.def, volume, fd, &what, error);
}

gboolean on_vol_upload(RpcCall *call, GError **error)
{
    return transfer(call, TRUE, error);
}

gboolean on_vol_download(RpcCall *call, GError **error)
{
    return transfer(call, FALSE, error);
}
