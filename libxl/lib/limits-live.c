/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of a domain that runs. */
#include "cgroup.h"
#include "kxl-vcpu.h"
#include "ops.h"
#include "process.h"

static void change_limits(KxlDomainConfig *config, gconstpointer data)
{
    g_autoptr(KxlDomainConfig) like = kxl_domain_config_dup(data);
    KxlLimits *to = &config->limits, *from = &like->limits;
    GPtrArray *devices = to->blkio_devices;

    to->global = from->global;
    to->mem_hard_kb = from->mem_hard_kb;
    to->mem_soft_kb = from->mem_soft_kb;
    to->swap_hard_kb = from->swap_hard_kb;
    to->blkio_weight = from->blkio_weight;
    to->blkio_devices = from->blkio_devices;
    from->blkio_devices = devices;
    config->cpu_cap = like->cpu_cap;
    g_free(config->memory.nodes);
    config->memory.nodes = g_strdup(like->memory.nodes);
}

gboolean kxl_domain_set_limits(KxlHost *host, int domid, const KxlDomainConfig *like,
                               GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autofree char *record = kxl_rundir_path(host, domid, "emulator.pid");
    g_autoptr(KxlDomainConfig) config = NULL;
    KxlProcess process = { 0 };
    KxlCgroup group = { .root = KXL_CGROUP_ROOT, .domid = domid };

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (!kxl_process_load(record, &process)) {
        kxl_rundir_no_domain(error, domid);
        return FALSE;
    }
    config = kxl_domain_config_dup(op.config);
    change_limits(config, like);
    group.config = config;
    return kxl_cgroup_change(&group, op.config, process.pid, error) &&
           kxl_op_change_config(host, domid, change_limits, like, error);
}
