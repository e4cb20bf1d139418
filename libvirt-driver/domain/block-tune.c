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

/* ---- as a definition has them ---- */

G_STATIC_ASSERT((int)KXL_LIMIT_BPS_MAX == (int)KXL_TUNE_COUNT);

static void from_definition(const DomainDisk *disk, KxlBlockTune *tune)
{
    const DomainIotune *defined = disk->iotune;

    if (defined == NULL)
        return;
    for (guint i = 0; i < KXL_TUNE_COUNT; i++) {
        tune->limits[KXL_LIMIT_BPS + i] = defined->limit[i];
        tune->limits[KXL_LIMIT_BPS_MAX + i] = defined->burst[i];
        tune->limits[KXL_LIMIT_BPS_MAX_LENGTH + i] = defined->burst_secs[i];
    }
    tune->limits[KXL_LIMIT_IOPS_SIZE] = defined->iops_size;
    tune->group = g_strdup(defined->group);
}

typedef struct {
    const char *target;
    const KxlBlockTune *tune;
    gboolean grouped; /* by the client, not by QEMU's own name for a group of one */
} TuneChange;

static void change_tune(DomainDef *def, gpointer data)
{
    const TuneChange *change = data;
    const guint64 *limits = change->tune->limits;
    DomainDisk *disk = NULL;
    gboolean any = FALSE;

    for (guint i = 0; i < def->disks->len; i++) {
        if (g_strcmp0(((DomainDisk *)def->disks->pdata[i])->target, change->target) == 0)
            disk = def->disks->pdata[i];
    }
    for (guint i = 0; i < KXL_LIMIT_COUNT; i++)
        any |= limits[i] != 0;
    if (disk == NULL || (disk->iotune == NULL && !any))
        return;
    if (disk->iotune == NULL)
        disk->iotune = g_new0(DomainIotune, 1);
    for (guint i = 0; i < KXL_TUNE_COUNT; i++) {
        disk->iotune->limit[i] = limits[KXL_LIMIT_BPS + i];
        disk->iotune->burst[i] = limits[KXL_LIMIT_BPS_MAX + i];
        /* QEMU has a length of a second for bursts that there are not. */
        disk->iotune->burst_secs[i] =
            disk->iotune->burst[i] != 0 ? limits[KXL_LIMIT_BPS_MAX_LENGTH + i] : 0;
    }
    disk->iotune->iops_size = limits[KXL_LIMIT_IOPS_SIZE];
    if (change->grouped) {
        g_free(disk->iotune->group);
        disk->iotune->group = g_strdup(change->tune->group);
    }
}

/* ---- asking ---- */

gboolean on_domain_get_block_io_tune(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *path = call->args[1].str;
    guint32 flags = call->args[3].u & ~TYPED_PARAM_STRING_OKAY;
    g_auto(DomainView) view = { 0 };
    g_auto(KxlBlockTune) tune = { 0 };
    const DomainDisk *disk;
    const DomainDef *def;

    def = call_affected_def(call, &flags, &view, error);
    if (def == NULL)
        return FALSE;
    if (path != NULL) {
        disk = find_disk(def, path, error);
        if (disk == NULL)
            return FALSE;
        if (flags & AFFECT_CONFIG)
            from_definition(disk, &tune);
        else if (!kxl_domain_block_get_tune(kanzend->host, view.id, disk->target, &tune, error))
            return FALSE;
    } else if (call->args[2].i != 0) { /* without a disk only their number can be asked */
        return fail(error, VIR_ERR_INVALID_ARG, "disk in %s must not be NULL", call->proc->api);
    }
    return params_reply(call, call->args[2].i, fill, &tune, error);
}

/* ---- setting ---- */

static const struct {
    KxlTuneLimit total, read, write;
} triples[] = {
    { KXL_LIMIT_BPS, KXL_LIMIT_BPS_RD, KXL_LIMIT_BPS_WR },
    { KXL_LIMIT_IOPS, KXL_LIMIT_IOPS_RD, KXL_LIMIT_IOPS_WR },
    { KXL_LIMIT_BPS_MAX, KXL_LIMIT_BPS_RD_MAX, KXL_LIMIT_BPS_WR_MAX },
    { KXL_LIMIT_IOPS_MAX, KXL_LIMIT_IOPS_RD_MAX, KXL_LIMIT_IOPS_WR_MAX },
};

static gboolean check_exclusive(const KxlBlockTune *tune, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(triples); i++) {
        const char *what = names[triples[i].total] + strlen("total_");

        if (tune->limits[triples[i].total] != 0 &&
            (tune->limits[triples[i].read] != 0 || tune->limits[triples[i].write] != 0))
            return fail(error, VIR_ERR_INVALID_ARG,
                        "total and read/write of %s cannot be set at the same time", what);
    }
    return TRUE;
}

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
    return check_exclusive(tune, error);
}

/* A total and its parts exclude each other: what is set now replaces the other kind. */
static void make_room(const XdrValue *list, KxlBlockTune *tune)
{
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

static gboolean tune_live(const Kanzend *kanzend, const DomainView *view, const char *path,
                          const XdrValue *list, GError **error)
{
    const DomainDisk *disk = find_disk(definition_def(view->live), path, error);
    g_auto(KxlBlockTune) tune = { 0 };
    TuneChange change = { .tune = &tune, .grouped = params_find(list, GROUP) != NULL };

    if (disk == NULL ||
        !kxl_domain_block_get_tune(kanzend->host, view->id, disk->target, &tune, error))
        return FALSE;
    make_room(list, &tune);
    change.target = disk->target;
    if (!take(list, &tune, error) ||
        !kxl_domain_block_set_tune(kanzend->host, view->id, disk->target, &tune, error) ||
        !change_definitions(kanzend->domains, view->domain, AFFECT_LIVE, change_tune, &change,
                            error))
        return FALSE;
    send_tunable(kanzend, view, disk->target, list);
    return TRUE;
}

static gboolean tune_config(const Kanzend *kanzend, const DomainView *view, const char *path,
                            const XdrValue *list, GError **error)
{
    const DomainDisk *disk = find_disk(definition_def(view->config), path, error);
    g_auto(KxlBlockTune) tune = { 0 };
    TuneChange change = { .tune = &tune, .grouped = params_find(list, GROUP) != NULL };

    if (disk == NULL)
        return FALSE;
    change.target = disk->target;
    from_definition(disk, &tune);
    make_room(list, &tune);
    return take(list, &tune, error) &&
           change_definitions(kanzend->domains, view->domain, AFFECT_CONFIG, change_tune, &change,
                              error);
}

gboolean on_domain_set_block_io_tune(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *path = call->args[1].str;
    const XdrValue *list = &call->args[2];
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };

    return check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) &&
           call_job(call, "given other limits", &view, error) &&
           resolve_impact(&view, &flags, error) &&
           /* Where both are changed, what the stored one refuses is refused first. */
           (!(flags & AFFECT_CONFIG) || tune_config(kanzend, &view, path, list, error)) &&
           (!(flags & AFFECT_LIVE) || tune_live(kanzend, &view, path, list, error));
}
