/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the disks of a domain are and have done. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "params.h"
#include "storage/image.h"
#include "volume-source.h"

/* ---- statistics ---- */

/* The figures of one disk, or for "" the sum over all. */
static gboolean get_stats(RpcCall *call, const char *path, KxlBlock *ret_sum, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autoptr(GPtrArray) blocks = NULL;
    const KxlBlock *only = NULL;

    if (!call_running(call, "looked at so", &view, error))
        return FALSE;
    blocks = kxl_domain_block_list(kanzend->host, view.id, error);
    if (blocks == NULL)
        return FALSE;
    if (*path != '\0') {
        only = find_block(&view, blocks, path, error);
        if (only == NULL)
            return FALSE;
    }
    for (guint i = 0; i < blocks->len; i++) {
        const KxlBlock *block = blocks->pdata[i];
        const KxlBlockTraffic *from[] = { &block->rd, &block->wr, &block->fl };
        KxlBlockTraffic *to[] = { &ret_sum->rd, &ret_sum->wr, &ret_sum->fl };

        if (only != NULL && block != only)
            continue;
        for (guint j = 0; j < G_N_ELEMENTS(from); j++) {
            to[j]->bytes += from[j]->bytes;
            to[j]->requests += from[j]->requests;
            to[j]->time_ns += from[j]->time_ns;
        }
        ret_sum->failed += block->failed;
    }
    return TRUE;
}

gboolean on_domain_block_stats(RpcCall *call, GError **error)
{
    KxlBlock sum = { 0 };

    if (!get_stats(call, call->args[1].str, &sum, error))
        return FALSE;
    xdr_put_i64(call->ret, (gint64)sum.rd.requests);
    xdr_put_i64(call->ret, (gint64)sum.rd.bytes);
    xdr_put_i64(call->ret, (gint64)sum.wr.requests);
    xdr_put_i64(call->ret, (gint64)sum.wr.bytes);
    xdr_put_i64(call->ret, (gint64)sum.failed);
    return TRUE;
}

static void fill_stats(Params *params, gpointer data)
{
    const KxlBlock *sum = data;

    params_add_llong(params, "wr_bytes", (gint64)sum->wr.bytes);
    params_add_llong(params, "wr_operations", (gint64)sum->wr.requests);
    params_add_llong(params, "rd_bytes", (gint64)sum->rd.bytes);
    params_add_llong(params, "rd_operations", (gint64)sum->rd.requests);
    params_add_llong(params, "flush_operations", (gint64)sum->fl.requests);
    params_add_llong(params, "wr_total_times", (gint64)sum->wr.time_ns);
    params_add_llong(params, "rd_total_times", (gint64)sum->rd.time_ns);
    params_add_llong(params, "flush_total_times", (gint64)sum->fl.time_ns);
    params_add_llong(params, "errs", (gint64)sum->failed);
}

gboolean on_domain_block_stats_flags(RpcCall *call, GError **error)
{
    KxlBlock sum = { 0 };

    return check_flags(call, call->args[3].u, TYPED_PARAM_STRING_OKAY, error) &&
           get_stats(call, call->args[1].str, &sum, error) &&
           params_reply(call, call->args[2].i, fill_stats, &sum, error);
}

/* ---- sizes ---- */

static int open_image(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        fail(error, VIR_ERR_SYSTEM_ERROR, "cannot open '%s': %s", path, g_strerror(errno));
    return fd;
}

/* The bytes that the image takes on the host, and those of its last byte's end. */
static gboolean image_sizes(int fd, guint64 *ret_allocation, guint64 *ret_physical)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return FALSE;
    if (S_ISBLK(st.st_mode)) {
        if (ioctl(fd, BLKGETSIZE64, ret_physical) < 0)
            return FALSE;
        *ret_allocation = *ret_physical;
        return TRUE;
    }
    *ret_allocation = (guint64)st.st_blocks * 512;
    *ret_physical = (guint64)st.st_size;
    return TRUE;
}

static gboolean capacity_of_running(const Kanzend *kanzend, const DomainView *view,
                                    const DomainDisk *disk, guint64 *ret, GError **error)
{
    g_autoptr(GPtrArray) blocks = kxl_domain_block_list(kanzend->host, view->id, error);
    const KxlBlock *block = blocks != NULL ? kxl_block_find(blocks, disk->target, error) : NULL;

    if (block == NULL)
        return FALSE;
    if (block->chain->len > 0)
        *ret = ((const KxlBlockImage *)block->chain->pdata[0])->capacity;
    return TRUE;
}

/* The disk's file on the host, which may be a volume. */
static int open_disk(const Kanzend *kanzend, const DomainDisk *disk, GError **error)
{
    g_autofree char *path = disk->type == DOMAIN_DISK_VOLUME
                                ? volume_disk_path(kanzend->pools, disk, error)
                                : g_strdup(disk->source);

    if (path == NULL && disk->type != DOMAIN_DISK_VOLUME)
        fail(error, VIR_ERR_INVALID_ARG, "disk '%s' does not currently have a source assigned",
             disk->target);
    return path != NULL ? open_image(path, error) : -1;
}

gboolean on_domain_get_block_info(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_auto(ImageInfo) info = { 0 };
    const DomainDisk *disk;
    guint64 allocation = 0, physical = 0;
    gboolean ok;
    int fd;

    if (!check_flags(call, call->args[2].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    disk = find_disk(definition_def(domain_view_current(&view)), call->args[1].str, error);
    if (disk == NULL)
        return FALSE;
    fd = open_disk(kanzend, disk, error);
    if (fd < 0)
        return FALSE;
    ok = image_sizes(fd, &allocation, &physical) && image_probe(fd, physical, &info);
    close(fd);
    if (!ok)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot read disk '%s'", disk->target);
    /* A raw image that begins like another format is raw all the same. */
    if (g_strcmp0(disk->driver_type, "raw") == 0 || disk->driver_type == NULL)
        info.capacity = physical;
    if (view.id >= 0 && !capacity_of_running(kanzend, &view, disk, &info.capacity, error))
        return FALSE;
    xdr_put_u64(call->ret, allocation);
    xdr_put_u64(call->ret, info.capacity);
    xdr_put_u64(call->ret, physical);
    return TRUE;
}

/* ---- bytes of the image file, as it is on the host ---- */

#define PEEK_MAX 4194304u

gboolean on_domain_block_peek(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint64 offset = call->args[2].t;
    guint32 size = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    g_autofree guint8 *bytes = NULL;
    const DomainDisk *disk;
    ssize_t n;
    int fd;

    if (!check_flags(call, call->args[4].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    if (size > PEEK_MAX)
        return fail(error, VIR_ERR_INVALID_ARG, "size %u is more than %u bytes", size, PEEK_MAX);
    disk = find_disk(definition_def(domain_view_current(&view)), call->args[1].str, error);
    if (disk == NULL)
        return FALSE;
    fd = open_disk(kanzend, disk, error);
    if (fd < 0)
        return FALSE;
    bytes = g_malloc(size);
    n = pread(fd, bytes, size, (off_t)offset);
    close(fd);
    if (n != (ssize_t)size)
        return fail(error, VIR_ERR_SYSTEM_ERROR,
                    "cannot read %u bytes at %" G_GUINT64_FORMAT " of disk '%s': %s", size, offset,
                    disk->target, n < 0 ? g_strerror(errno) : "end of file");
    xdr_put_opaque(call->ret, bytes, size);
    return TRUE;
}

/* ---- size, errors, threshold ---- */

#define BLOCK_RESIZE_BYTES 1u

gboolean on_domain_block_resize(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint64 size = call->args[2].t;
    g_auto(DomainView) view = { 0 };
    const DomainDisk *disk;

    if (!check_flags(call, call->args[3].u, BLOCK_RESIZE_BYTES, error))
        return FALSE;
    if (!(call->args[3].u & BLOCK_RESIZE_BYTES)) {
        if (size > G_MAXINT64 / 1024)
            return fail(error, VIR_ERR_OVERFLOW, "size must be less than %" G_GINT64_FORMAT,
                        G_MAXINT64 / 1024);
        size *= 1024;
    }
    if (!call_job_running(call, "given other disks", &view, error))
        return FALSE;
    disk = find_disk(definition_def(view.live), call->args[1].str, error);
    return disk != NULL &&
           kxl_domain_block_resize(kanzend->host, view.id, disk->target, size, error);
}

enum { DISK_ERROR_UNSPEC = 1, DISK_ERROR_NO_SPACE = 2 }; /* virDomainDiskErrorCode */

gboolean on_domain_get_disk_errors(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 max = call->args[1].u;
    g_auto(DomainView) view = { 0 };
    g_autoptr(GPtrArray) blocks = NULL;
    guint count, n = 0;

    if (!check_flags(call, call->args[2].u, 0, error) ||
        !call_running(call, "looked at so", &view, error))
        return FALSE;
    blocks = kxl_domain_block_list(kanzend->host, view.id, error);
    if (blocks == NULL)
        return FALSE;
    count = xdr_put_count(call->ret);
    for (guint i = 0; i < blocks->len && n < max; i++) {
        const KxlBlock *block = blocks->pdata[i];

        if (block->io_status == NULL || strcmp(block->io_status, "ok") == 0)
            continue;
        xdr_put_string(call->ret, block->vdev);
        xdr_put_i32(call->ret, strcmp(block->io_status, "nospace") == 0 ? DISK_ERROR_NO_SPACE
                                                                        : DISK_ERROR_UNSPEC);
        n++;
    }
    xdr_set_u32(call->ret, count, n);
    /* 0 asks how many there can be. */
    xdr_put_i32(call->ret, (gint32)(max == 0 ? blocks->len : n));
    return TRUE;
}

gboolean on_domain_set_block_threshold(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *target = g_strdup(call->args[1].str);
    const DomainDisk *disk;
    char *index = strchr(target, '[');

    if (!check_flags(call, call->args[3].u, 0, error) ||
        !call_job_running(call, "watched so", &view, error))
        return FALSE;
    if (index != NULL && strcmp(index, "[0]") != 0) /* an image further down */
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "a threshold of '%s': only the top image of a disk can have one",
                    call->args[1].str);
    if (index != NULL)
        *index = '\0';
    disk = find_disk(definition_def(view.live), target, error);
    return disk != NULL &&
           kxl_domain_block_threshold(kanzend->host, view.id, disk->target, call->args[2].t, error);
}
