/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of disk traffic. */
#include <string.h>

#include "disk.h"
#include "params.h"
#include "rpc/event.h"

#define GROUP "group_name"

/* libvirt's names, by QEMU's limit; what lasts and what a burst may be exclude each other as QEMU
 * says. */
static const char *const names[KXL_LIMIT_COUNT] = {
    [KXL_LIMIT_BPS] = "total_bytes_sec",
    [KXL_LIMIT_BPS_RD] = "read_bytes_sec",
    [KXL_LIMIT_BPS_WR] = "write_bytes_sec",
    [KXL_LIMIT_IOPS] = "total_iops_sec",
    [KXL_LIMIT_IOPS_RD] = "read_iops_sec",
    [KXL_LIMIT_IOPS_WR] = "write_iops_sec",
    [KXL_LIMIT_BPS_MAX] = "total_bytes_sec_max",
    [KXL_LIMIT_BPS_RD_MAX] = "read_bytes_sec_max",
    [KXL_LIMIT_BPS_WR_MAX] = "write_bytes_sec_max",
    [KXL_LIMIT_IOPS_MAX] = "total_iops_sec_max",
    [KXL_LIMIT_IOPS_RD_MAX] = "read_iops_sec_max",
    [KXL_LIMIT_IOPS_WR_MAX] = "write_iops_sec_max",
    [KXL_LIMIT_BPS_MAX_LENGTH] = "total_bytes_sec_max_length",
    [KXL_LIMIT_BPS_RD_MAX_LENGTH] = "read_bytes_sec_max_length",
    [KXL_LIMIT_BPS_WR_MAX_LENGTH] = "write_bytes_sec_max_length",
    [KXL_LIMIT_IOPS_MAX_LENGTH] = "total_iops_sec_max_length",
    [KXL_LIMIT_IOPS_RD_MAX_LENGTH] = "read_iops_sec_max_length",
    [KXL_LIMIT_IOPS_WR_MAX_LENGTH] = "write_iops_sec_max_length",
    [KXL_LIMIT_IOPS_SIZE] = "size_iops_sec",
};

static void fill(Params *params, gpointer data)
{
    const KxlBlockTune *tune = data;

    for (guint i = 0; i < KXL_LIMIT_COUNT; i++)
        params_add_ullong(params, names[i], tune->limits[i]);
    params_add_string(params, GROUP, tune->group != NULL ? tune->group : "");
}

/* Of a domain that does not run nothing is kept. */
static gboolean check_live(const DomainView *view, guint32 *flags, GError **error)
{
    if (!resolve_impact(view, flags, error))
        return FALSE;
    return !(*flags & AFFECT_CONFIG) ||
           fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                "limits of disks are kept in the domain's XML only: change its <iotune>");
}

gboolean on_domain_get_block_io_tune(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *path = call->args[1].str;
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    g_auto(KxlBlockTune) tune = { 0 };
    const DomainDisk *disk;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG | TYPED_PARAM_STRING_OKAY, error) ||
        !call_view(call, &view, error) || !check_live(&view, &flags, error))
        return FALSE;
    if (path != NULL) {
        disk = find_disk(definition_def(view.live), path, error);
        if (disk == NULL ||
            !kxl_domain_block_get_tune(kanzend->host, view.id, disk->target, &tune, error))
            return FALSE;
    } else if (call->args[2].i != 0) { /* without a disk only their number can be asked */
        return fail(error, VIR_ERR_INVALID_ARG, "disk in %s must not be NULL", call->proc->api);
    }
    return params_reply(call, call->args[2].i, fill, &tune, error);
}

/* ---- setting ---- */

static gboolean take(const XdrValue *list, KxlBlockTune *tune, GError **error)
{
    ParamRule rules[KXL_LIMIT_COUNT + 1];
    const char *group = params_find_string(list, GROUP);
    const guint burst = KXL_LIMIT_BPS_MAX - KXL_LIMIT_BPS;
    const guint length = KXL_LIMIT_BPS_MAX_LENGTH - KXL_LIMIT_BPS;

    for (guint i = 0; i < KXL_LIMIT_COUNT; i++)
        rules[i] = (ParamRule){ names[i], XDR_PARAM_ULLONG };
    rules[KXL_LIMIT_COUNT] = (ParamRule){ GROUP, XDR_PARAM_STRING };
    if (!params_check(list, rules, G_N_ELEMENTS(rules), error))
        return FALSE;
    for (guint i = 0; i < KXL_LIMIT_COUNT; i++) {
        const XdrValue *value = params_find(list, names[i]);

        if (value != NULL && value->t > G_MAXINT64)
            return fail(error, VIR_ERR_OVERFLOW,
                        "block I/O throttle limit must be no more than %" G_GINT64_FORMAT
                        " using QEMU",
                        G_MAXINT64);
        if (value != NULL)
            tune->limits[i] = value->t;
    }
    /* What lasts is gone: so is what a burst of it may be. */
    for (guint i = KXL_LIMIT_BPS; i <= KXL_LIMIT_IOPS_WR; i++) {
        if (tune->limits[i] == 0 && params_find(list, names[i + burst]) == NULL)
            tune->limits[i + burst] = tune->limits[i + length] = 0;
    }
    if (group != NULL && *group != '\0') {
        g_free(tune->group);
        tune->group = g_strdup(group);
    }
    return TRUE;
}

/* A total and its parts exclude each other: what is set now replaces the other kind. */
static void make_room(const XdrValue *list, KxlBlockTune *tune)
{
    static const struct {
        KxlTuneLimit total, read, write;
    } triples[] = {
        { KXL_LIMIT_BPS, KXL_LIMIT_BPS_RD, KXL_LIMIT_BPS_WR },
        { KXL_LIMIT_IOPS, KXL_LIMIT_IOPS_RD, KXL_LIMIT_IOPS_WR },
        { KXL_LIMIT_BPS_MAX, KXL_LIMIT_BPS_RD_MAX, KXL_LIMIT_BPS_WR_MAX },
        { KXL_LIMIT_IOPS_MAX, KXL_LIMIT_IOPS_RD_MAX, KXL_LIMIT_IOPS_WR_MAX },
    };

    for (guint i = 0; i < G_N_ELEMENTS(triples); i++) {
        gboolean total = params_find(list, names[triples[i].total]) != NULL;
        gboolean parts = params_find(list, names[triples[i].read]) != NULL ||
                         params_find(list, names[triples[i].write]) != NULL;

        if (total && !parts)
            tune->limits[triples[i].read] = tune->limits[triples[i].write] = 0;
        if (parts && !total)
            tune->limits[triples[i].total] = 0;
    }
}

static void send_tunable(const Kanzend *kanzend, const DomainView *view, const char *target,
                         const XdrValue *list)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    Params params;

    params_begin(&params, body, G_MAXUINT);
    params_add_string(&params, "blkdeviotune.disk", target);
    for (guint i = 0; i < KXL_LIMIT_COUNT; i++) {
        const XdrValue *value = params_find(list, names[i]);
        g_autofree char *name = g_strconcat("blkdeviotune.", names[i], NULL);

        if (value != NULL)
            params_add_ullong(&params, name, value->t);
    }
    params_end(&params);
    domain_send_event(kanzend->domains, view->domain, VIR_DOMAIN_EVENT_ID_TUNABLE, body);
}

gboolean on_domain_set_block_io_tune(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *list = &call->args[2];
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    g_auto(KxlBlockTune) tune = { 0 };
    const DomainDisk *disk;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !call_job(call, "given other limits", &view, error) || !check_live(&view, &flags, error))
        return FALSE;
    disk = find_disk(definition_def(view.live), call->args[1].str, error);
    if (disk == NULL ||
        !kxl_domain_block_get_tune(kanzend->host, view.id, disk->target, &tune, error))
        return FALSE;
    make_room(list, &tune);
    if (!take(list, &tune, error) ||
        !kxl_domain_block_set_tune(kanzend->host, view.id, disk->target, &tune, error))
        return FALSE;
    send_tunable(kanzend, &view, disk->target, list);
    return TRUE;
}
