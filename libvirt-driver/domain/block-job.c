/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block jobs: pull, commit and copy, in their old and new forms. */
#include <string.h>

#include "disk.h"
#include "params.h"
#include "xml-util.h"

#define MIB 1048576u

/* Bandwidths come in MiB/s unless the call's flag for bytes is set. */
static gboolean bandwidth(guint64 given, gboolean in_bytes, guint64 *ret_bytes, GError **error)
{
    guint64 unit = in_bytes ? 1 : MIB;

    if (given > G_MAXINT64 / unit)
        return fail(error, VIR_ERR_OVERFLOW, "bandwidth must be less than %" G_GUINT64_FORMAT,
                    G_MAXINT64 / unit);
    *ret_bytes = given * unit;
    return TRUE;
}

/* The disk that args[1] names, of a running domain; locked for a change. */
static const DomainDisk *disk_for_job(RpcCall *call, DomainView *view, GError **error)
{
    if (!call_job_running(call, "given block jobs", view, error))
        return NULL;
    return find_disk(definition_def(view->live), call->args[1].str, error);
}

/* ---- asking ---- */

enum { JOB_INFO_BANDWIDTH_BYTES = 1 };

static const gint32 job_types[] = {
    /* virDomainBlockJobType */
    [KXL_BLOCK_PULL] = 1,          [KXL_BLOCK_COPY] = 2,   [KXL_BLOCK_COMMIT] = 3,
    [KXL_BLOCK_COMMIT_ACTIVE] = 4, [KXL_BLOCK_BACKUP] = 5,
};

gint32 block_job_type(KxlBlockJobKind kind)
{
    return job_types[kind];
}

gboolean on_domain_get_block_job_info(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autoptr(GError) failed = NULL;
    guint32 flags = call->args[2].u;
    KxlBlockJob job = { 0 };
    const DomainDisk *disk;
    gboolean found;

    if (!check_flags(call, flags, JOB_INFO_BANDWIDTH_BYTES, error) ||
        !call_running(call, "given block jobs", &view, error))
        return FALSE;
    disk = find_disk(definition_def(view.live), call->args[1].str, error);
    if (disk == NULL)
        return FALSE;
    found = kxl_domain_block_job(kanzend->host, view.id, disk->target, &job, &failed);
    if (failed != NULL) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    xdr_put_i32(call->ret, found);
    xdr_put_i32(call->ret, found ? job_types[job.kind] : 0);
    xdr_put_u64(call->ret, flags & JOB_INFO_BANDWIDTH_BYTES ? job.speed : job.speed / MIB);
    xdr_put_u64(call->ret, job.done);
    /* Equal figures say that it is ready; one that has just begun is not. */
    xdr_put_u64(call->ret,
                found && !job.ready && job.total == job.done ? job.total + 1 : job.total);
    return TRUE;
}

/* ---- ending ---- */

enum { ABORT_ASYNC = 1, ABORT_PIVOT = 2 };

gboolean on_domain_block_job_abort(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };
    const DomainDisk *disk;

    if (!check_flags(call, flags, ABORT_ASYNC | ABORT_PIVOT, error))
        return FALSE;
    disk = disk_for_job(call, &view, error);
    return disk != NULL &&
           kxl_domain_block_job_abort(kanzend->host, view.id, disk->target, flags & ABORT_PIVOT,
                                      flags & ABORT_ASYNC, error) &&
           follow_image(kanzend, view.domain, disk->target, error);
}

enum { SPEED_BANDWIDTH_BYTES = 1 };

gboolean on_domain_block_job_set_speed(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    const DomainDisk *disk;
    guint64 speed = 0;

    if (!check_flags(call, flags, SPEED_BANDWIDTH_BYTES, error) ||
        !bandwidth(call->args[2].t, flags & SPEED_BANDWIDTH_BYTES, &speed, error))
        return FALSE;
    disk = disk_for_job(call, &view, error);
    return disk != NULL &&
           kxl_domain_block_job_set_speed(kanzend->host, view.id, disk->target, speed, error);
}

/* ---- pull ---- */

enum { /* virDomainBlockRebaseFlags; PULL_BANDWIDTH_BYTES is the same bit */
       REBASE_SHALLOW = 1 << 0,
       REBASE_REUSE_EXT = 1 << 1,
       REBASE_COPY_RAW = 1 << 2,
       REBASE_COPY = 1 << 3,
       REBASE_COPY_DEV = 1 << 5,
       REBASE_BANDWIDTH_BYTES = 1 << 6,
};

static gboolean pull(RpcCall *call, const char *base, guint64 given, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    const DomainDisk *disk;
    guint64 speed = 0;

    if (!bandwidth(given, flags & REBASE_BANDWIDTH_BYTES, &speed, error))
        return FALSE;
    disk = disk_for_job(call, &view, error);
    return disk != NULL &&
           kxl_domain_block_pull(kanzend->host, view.id, disk->target, base, speed, error);
}

gboolean on_domain_block_pull(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[3].u, REBASE_BANDWIDTH_BYTES, error) &&
           pull(call, NULL, call->args[2].t, call->args[3].u, error);
}

/* ---- copy ---- */

static gboolean copy(RpcCall *call, const KxlBlockCopy *wanted, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    const DomainDisk *disk = disk_for_job(call, &view, error);

    if (disk == NULL)
        return FALSE;
    if (!g_path_is_absolute(wanted->path))
        return fail(error, VIR_ERR_INVALID_ARG, "destination '%s' is not an absolute path",
                    wanted->path);
    return kxl_domain_block_copy(kanzend->host, view.id, disk->target, wanted, error);
}

/* The format of the disk itself. */
static KxlDiskFormat source_format(RpcCall *call)
{
    g_auto(DomainView) view = { 0 };
    const DomainDisk *disk = NULL;
    int format = -1;

    if (call_view(call, &view, NULL))
        disk = find_disk(definition_def(domain_view_current(&view)), call->args[1].str, NULL);
    if (disk != NULL && disk->driver_type != NULL)
        format = kxl_disk_format_from_string(disk->driver_type);
    return format >= 0 ? (KxlDiskFormat)format : KXL_DISK_RAW;
}

gboolean on_domain_block_rebase(RpcCall *call, GError **error)
{
    guint32 flags = call->args[4].u;
    const char *base = call->args[2].str;
    KxlBlockCopy wanted;

    if (!check_flags(call, flags,
                     REBASE_SHALLOW | REBASE_REUSE_EXT | REBASE_COPY_RAW | REBASE_COPY |
                         REBASE_COPY_DEV | REBASE_BANDWIDTH_BYTES,
                     error))
        return FALSE;
    if (!(flags & REBASE_COPY)) {
        if (flags & (REBASE_SHALLOW | REBASE_REUSE_EXT | REBASE_COPY_RAW | REBASE_COPY_DEV))
            return fail(error, VIR_ERR_INVALID_ARG, "flags 0x%x need the copy flag", flags);
        return pull(call, base, call->args[3].t, flags, error);
    }
    if (base == NULL)
        return fail(error, VIR_ERR_INVALID_ARG, "base in %s must not be NULL", call->proc->api);
    wanted = (KxlBlockCopy){
        .path = base,
        .format = flags & REBASE_COPY_RAW ? KXL_DISK_RAW : source_format(call),
        .reuse = flags & (REBASE_REUSE_EXT | REBASE_COPY_DEV),
        .shallow = flags & REBASE_SHALLOW,
    };
    return bandwidth(call->args[3].t, flags & REBASE_BANDWIDTH_BYTES, &wanted.speed, error) &&
           copy(call, &wanted, error);
}

enum { COPY_SHALLOW = 1, COPY_REUSE_EXT = 2, COPY_TRANSIENT_JOB = 4 };

/* Where to, from a <disk> element. */
static gboolean parse_target(RpcCall *call, const char *xml, char **ret_path,
                             KxlDiskFormat *ret_format, gboolean *ret_is_block, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "disk", error);
    g_autofree char *type = NULL, *format_name = NULL;
    xmlNodePtr root;
    int format;

    if (doc == NULL)
        return FALSE;
    root = xmlDocGetRootElement(doc);
    type = xml_attribute(root, "", "type");
    *ret_is_block = g_strcmp0(type, "block") == 0;
    if (type != NULL && strcmp(type, "file") != 0 && !*ret_is_block)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "a copy to a disk of type '%s'", type);
    *ret_path = xml_attribute(root, "source", *ret_is_block ? "dev" : "file");
    if (*ret_path == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing destination of the copy");
    format_name = xml_attribute(root, "driver", "type");
    format = format_name != NULL ? kxl_disk_format_from_string(format_name) : -1;
    if (format_name != NULL && format < 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "image format '%s'", format_name);
    *ret_format = format >= 0 ? (KxlDiskFormat)format : source_format(call);
    return TRUE;
}

gboolean on_domain_block_copy(RpcCall *call, GError **error)
{
    static const ParamRule rules[] = {
        { "bandwidth", XDR_PARAM_ULLONG },
        { "granularity", XDR_PARAM_UINT },
        { "buf-size", XDR_PARAM_ULLONG },
    };
    const XdrValue *params = &call->args[3], *value;
    guint32 flags = call->args[4].u;
    g_autofree char *path = NULL;
    KxlBlockCopy wanted = { .shallow = flags & COPY_SHALLOW, .reuse = flags & COPY_REUSE_EXT };
    gboolean is_block;

    if (!check_flags(call, flags, COPY_SHALLOW | COPY_REUSE_EXT | COPY_TRANSIENT_JOB, error) ||
        !params_check(params, rules, G_N_ELEMENTS(rules), error) ||
        !parse_target(call, call->args[2].str, &path, &wanted.format, &is_block, error))
        return FALSE;
    wanted.path = path;
    wanted.reuse |= is_block;
    value = params_find(params, "bandwidth");
    wanted.speed = value != NULL ? value->t : 0;
    value = params_find(params, "granularity");
    wanted.granularity = value != NULL ? value->u : 0;
    value = params_find(params, "buf-size");
    wanted.buf_size = value != NULL ? value->t : 0;
    if (wanted.granularity & (wanted.granularity - 1))
        return fail(error, VIR_ERR_INVALID_ARG, "granularity must be power of 2");
    return copy(call, &wanted, error);
}

/* ---- commit ---- */

enum { /* virDomainBlockCommitFlags */
       COMMIT_SHALLOW = 1 << 0,
       COMMIT_ACTIVE = 1 << 2,
       COMMIT_BANDWIDTH_BYTES = 1 << 4,
};

/* The image right below top in the disk's chain. */
static char *image_below(const Kanzend *kanzend, const DomainView *view, const DomainDisk *disk,
                         const char *top, GError **error)
{
    g_autoptr(GPtrArray) blocks = kxl_domain_block_list(kanzend->host, view->id, error);
    const KxlBlock *block = blocks != NULL ? kxl_block_find(blocks, disk->target, error) : NULL;

    for (guint i = 0; block != NULL && i + 1 < block->chain->len; i++) {
        const KxlBlockImage *image = block->chain->pdata[i];
        const KxlBlockImage *below = block->chain->pdata[i + 1];

        if (top == NULL || g_strcmp0(image->path, top) == 0)
            return g_strdup(below->path);
    }
    if (block != NULL)
        fail(error, VIR_ERR_INVALID_ARG, "top '%s' in chain for '%s' has no backing file",
             top != NULL ? top : disk->source, disk->target);
    return NULL;
}

gboolean on_domain_block_commit(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *base = call->args[2].str, *top = call->args[3].str;
    guint32 flags = call->args[5].u;
    g_auto(DomainView) view = { 0 };
    g_autofree char *below = NULL;
    const DomainDisk *disk;
    gboolean active;
    guint64 speed = 0;

    if (!check_flags(call, flags, COMMIT_SHALLOW | COMMIT_ACTIVE | COMMIT_BANDWIDTH_BYTES, error) ||
        !bandwidth(call->args[4].t, flags & COMMIT_BANDWIDTH_BYTES, &speed, error))
        return FALSE;
    disk = disk_for_job(call, &view, error);
    if (disk == NULL)
        return FALSE;
    if (top != NULL && (g_strcmp0(top, disk->source) == 0 || g_strcmp0(top, disk->target) == 0))
        top = NULL;
    active = top == NULL;
    if (active && !(flags & COMMIT_ACTIVE))
        return fail(error, VIR_ERR_INVALID_ARG, "commit of '%s' active layer requires active flag",
                    disk->target);
    if (!active && (flags & COMMIT_ACTIVE))
        return fail(error, VIR_ERR_INVALID_ARG, "active commit requested but '%s' is not active",
                    top);
    if (flags & COMMIT_SHALLOW) {
        if (base != NULL)
            return fail(error, VIR_ERR_INVALID_ARG, "a shallow commit goes to the image below");
        below = image_below(kanzend, &view, disk, top, error);
        if (below == NULL)
            return FALSE;
        base = below;
    }
    return kxl_domain_block_commit(kanzend->host, view.id, disk->target, base, top, speed, error);
}
