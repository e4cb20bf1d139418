/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Core dumps. */
#include "handler.h"
#include "task.h"

enum { /* virDomainCoreDumpFlags */
       DUMP_CRASH = 1 << 0,
       DUMP_LIVE = 1 << 1,
       DUMP_BYPASS_CACHE = 1 << 2,
       DUMP_RESET = 1 << 3,
       DUMP_MEMORY_ONLY = 1 << 4,
};

/* By virDomainCoreDumpFormat. The rest of them QEMU cannot write here. */
static const char *const formats[] = { "elf", "kdump-zlib", "kdump-lzo", "kdump-snappy" };

/* What the flags want done to the domain afterwards. */
static gboolean finish(RpcCall *call, const DomainView *view, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (flags & DUMP_CRASH) {
        if (!kxl_domain_destroy(kanzend->host, view->id, error))
            return FALSE;
        domain_registry_sync_gone(kanzend->domains, view->id, KXL_REASON_CRASH);
        return TRUE;
    }
    return !(flags & DUMP_RESET) || kxl_domain_reset(kanzend->host, view->id, error);
}

static gboolean dump(RpcCall *call, const char *path, guint format, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autoptr(GError) failed = NULL;
    Task task;

    if (!check_flags(call, flags,
                     DUMP_CRASH | DUMP_LIVE | DUMP_BYPASS_CACHE | DUMP_RESET | DUMP_MEMORY_ONLY,
                     error))
        return FALSE;
    if ((flags & DUMP_CRASH) && (flags & (DUMP_LIVE | DUMP_RESET)))
        return fail(error, VIR_ERR_INVALID_ARG,
                    "the crash flag excludes the live and the reset flag");
    if (format >= G_N_ELEMENTS(formats))
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "dump format %u", format);
    if (!g_path_is_absolute(path))
        return fail(error, VIR_ERR_INVALID_ARG, "'%s' is not an absolute path", path);
    if (!call_job_running(call, "dumped", &view, error))
        return FALSE;
    if (!task_begin(&task, kanzend->domains, view.domain, TASK_DUMP, FALSE, error))
        return FALSE;
    /* Of a PV guest the plain dump is Xen's, of the guest; "memory only" asks for the machine's. */
    kxl_domain_dump(kanzend->host, view.id, path,
                    format == 0 && !(flags & DUMP_MEMORY_ONLY) ? NULL : formats[format],
                    flags & DUMP_LIVE, task_progress, &task, task.cancellable, &failed);
    task_end(&task, failed);
    if (failed == NULL)
        return finish(call, &view, flags, error);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

gboolean on_domain_core_dump(RpcCall *call, GError **error)
{
    return dump(call, call->args[1].str, 0, call->args[2].u, error);
}

gboolean on_domain_core_dump_with_format(RpcCall *call, GError **error)
{
    return dump(call, call->args[1].str, call->args[2].u, call->args[3].u, error);
}
