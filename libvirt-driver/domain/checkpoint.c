/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making checkpoints, deleting them, telling of them. */
#include "checkpoint.h"

#include <string.h>

#include "agent.h"
#include "disk.h"

/* ---- their kind ---- */

enum {                      /* virDomainCheckpointListFlags */
       LIST_ROOTS = 1 << 0, /* of a checkpoint's children: LIST_DESCENDANTS */
       LIST_TOPOLOGICAL = 1 << 1,
       LIST_LEAVES = 1 << 2,
       LIST_NO_LEAVES = 1 << 3,
};

static const guint32 groups[] = { LIST_LEAVES | LIST_NO_LEAVES };

static guint32 properties(GPtrArray *all, gconstpointer moment)
{
    return moment_has_children(all, moment) ? LIST_NO_LEAVES : LIST_LEAVES;
}

static gpointer load(DomainRegistry *registry, const char *xml, GError **error)
{
    return checkpoint_parse(xml, TRUE, error);
}

static char *save(gconstpointer checkpoint)
{
    return checkpoint_format(checkpoint, TRUE, TRUE, NULL);
}

GArray *checkpoint_bitmaps(const Checkpoint *checkpoint)
{
    GArray *bitmaps = g_array_new(FALSE, FALSE, sizeof(KxlBitmap));

    for (guint i = 0; i < checkpoint->disks->len; i++) {
        const CheckpointDisk *disk = checkpoint->disks->pdata[i];
        KxlBitmap bitmap = { disk->target, disk->bitmap };

        if (disk->recorded)
            g_array_append_val(bitmaps, bitmap);
    }
    return bitmaps;
}

static gboolean remove_bitmaps(const Kanzend *kanzend, int id, const Checkpoint *checkpoint,
                               GError **error)
{
    g_autoptr(GArray) bitmaps = checkpoint_bitmaps(checkpoint);

    return kxl_domain_bitmaps_remove(kanzend->host, id, (const KxlBitmap *)bitmaps->data,
                                     bitmaps->len, error);
}

/* Its bitmaps are made in one step: those of the first disk tell of all. */
static gboolean finish(const Kanzend *kanzend, const DomainView *view, gpointer moment)
{
    g_autoptr(GArray) bitmaps = checkpoint_bitmaps(moment);
    guint64 size;

    return view->id >= 0 && bitmaps->len > 0 &&
           kxl_domain_bitmap_size(kanzend->host, view->id, &g_array_index(bitmaps, KxlBitmap, 0),
                                  &size, NULL);
}

const MomentKind checkpoint_kind = {
    .folder = "checkpoint",
    .title = "domain checkpoint",
    .noun = "checkpoint",
    .missing = VIR_ERR_NO_DOMAIN_CHECKPOINT,
    .load = load,
    .save = save,
    .free = (GDestroyNotify)checkpoint_free,
    .finish = finish,
    .properties = properties,
    .groups = groups,
    .n_groups = G_N_ELEMENTS(groups),
    .list_flags = (LIST_NO_LEAVES << 1) - 1,
};

/* ---- making ---- */

enum { /* virDomainCheckpointCreateFlags */
       CREATE_REDEFINE = 1 << 0,
       CREATE_QUIESCE = 1 << 1,
       CREATE_REDEFINE_VALIDATE = 1 << 2,
};

static gboolean can_record(const DomainDisk *disk)
{
    return disk->source != NULL && !disk->readonly;
}

static gboolean complete_disk(Checkpoint *checkpoint, const DomainDisk *disk, gboolean all,
                              GError **error)
{
    CheckpointDisk *row = checkpoint_find_disk(checkpoint, disk->target);

    if (row == NULL) {
        row = g_new0(CheckpointDisk, 1);
        row->target = g_strdup(disk->target);
        row->recorded = all && can_record(disk);
        g_ptr_array_add(checkpoint->disks, row);
    }
    if (!row->recorded)
        return TRUE;
    if (!can_record(disk))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s' is empty or readonly",
                    disk->target);
    if (g_strcmp0(disk->driver_type, "qcow2") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "checkpoint for disk %s unsupported for storage type %s", disk->target,
                    disk->driver_type != NULL ? disk->driver_type : "raw");
    if (row->bitmap == NULL)
        row->bitmap = g_strdup(checkpoint->m.name);
    return TRUE;
}

/* Every disk of the domain gets its row: all of them are recorded where none is named. */
static gboolean complete_disks(Checkpoint *checkpoint, const DomainDef *def, GError **error)
{
    gboolean all = checkpoint->disks->len == 0, any = FALSE;

    for (guint i = 0; i < checkpoint->disks->len; i++) {
        const CheckpointDisk *row = checkpoint->disks->pdata[i];

        if (find_disk(def, row->target, NULL) == NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "no disk named '%s'", row->target);
    }
    for (guint i = 0; i < def->disks->len; i++)
        if (!complete_disk(checkpoint, def->disks->pdata[i], all, error))
            return FALSE;
    for (guint i = 0; i < checkpoint->disks->len; i++)
        any |= ((const CheckpointDisk *)checkpoint->disks->pdata[i])->recorded;
    return any || fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                       "a checkpoint requires at least one disk to be selected for it");
}

gboolean checkpoint_complete(const Kanzend *kanzend, const DomainView *view, GPtrArray *all,
                             Checkpoint *checkpoint, GError **error)
{
    checkpoint->m.created_s = g_get_real_time() / G_USEC_PER_SEC;
    if (checkpoint->m.name == NULL)
        checkpoint->m.name = g_strdup_printf("%" G_GINT64_FORMAT, checkpoint->m.created_s);
    if (moments_find(all, checkpoint->m.name) != NULL)
        return fail(error, VIR_ERR_OPERATION_INVALID, "domain moment %s already exists",
                    checkpoint->m.name);
    checkpoint->m.parent = moments_current(&checkpoint_kind, kanzend->domains, view->uuid);
    checkpoint->definition = definition_ref(view->live);
    return complete_disks(checkpoint, definition_def(view->live), error);
}

static gboolean add_bitmaps(RpcCall *call, const DomainView *view, const Checkpoint *checkpoint,
                            gboolean quiesce, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GArray) bitmaps = checkpoint_bitmaps(checkpoint);
    gboolean ok;

    if (quiesce && !agent_tell(call, view, "guest-fsfreeze-freeze", NULL, error))
        return FALSE;
    ok = kxl_domain_bitmaps_add(kanzend->host, view->id, (const KxlBitmap *)bitmaps->data,
                                bitmaps->len, error);
    if (quiesce)
        agent_tell(call, view, "guest-fsfreeze-thaw", NULL, NULL);
    return ok;
}

static gboolean create(RpcCall *call, const DomainView *view, GPtrArray *all,
                       Checkpoint *checkpoint, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (view->id < 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot create checkpoint for inactive domain");
    if (!checkpoint_complete(kanzend, view, all, checkpoint, error) ||
        !moment_begin(&checkpoint_kind, kanzend->domains, view->uuid, checkpoint, error))
        return FALSE;
    if (!add_bitmaps(call, view, checkpoint, flags & CREATE_QUIESCE, error)) {
        moment_forget(&checkpoint_kind, kanzend->domains, view->uuid, checkpoint);
        return FALSE;
    }
    return moment_commit(&checkpoint_kind, kanzend->domains, view->uuid, checkpoint, error);
}

/* What it would go by must be there. */
static gboolean validate(const Kanzend *kanzend, const DomainView *view,
                         const Checkpoint *checkpoint, GError **error)
{
    g_autoptr(GArray) bitmaps = checkpoint_bitmaps(checkpoint);

    if (view->id < 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot validate checkpoint '%s' of inactive domain", checkpoint->m.name);
    for (guint i = 0; i < bitmaps->len; i++) {
        guint64 size;

        if (!kxl_domain_bitmap_size(kanzend->host, view->id, &g_array_index(bitmaps, KxlBitmap, i),
                                    &size, NULL))
            return fail(error, VIR_ERR_CHECKPOINT_INCONSISTENT,
                        "missing or corrupt bitmap '%s' for disk '%s'",
                        g_array_index(bitmaps, KxlBitmap, i).name,
                        g_array_index(bitmaps, KxlBitmap, i).vdev);
    }
    return TRUE;
}

static gboolean redefine(const Kanzend *kanzend, const DomainView *view, GPtrArray *all,
                         Checkpoint *checkpoint, guint32 flags, GError **error)
{
    g_autofree char *current = moments_current(&checkpoint_kind, kanzend->domains, view->uuid);

    if (!moment_check_parent(all, &checkpoint->m, error) ||
        ((flags & CREATE_REDEFINE_VALIDATE) && !validate(kanzend, view, checkpoint, error)) ||
        !moments_save(&checkpoint_kind, kanzend->domains, view->uuid, checkpoint, error))
        return FALSE;
    /* Redefined one by one, the last leaf is where the next one begins. */
    return (current != NULL && g_strcmp0(checkpoint->m.parent, current) != 0) ||
           moments_set_current(&checkpoint_kind, kanzend->domains, view->uuid, checkpoint->m.name,
                               error);
}

gboolean on_domain_checkpoint_create_xml(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };
    g_autoptr(Checkpoint) checkpoint = NULL;
    g_autoptr(GPtrArray) all = NULL;

    if (!check_flags(call, flags, (CREATE_REDEFINE_VALIDATE << 1) - 1, error))
        return FALSE;
    if ((flags & CREATE_QUIESCE) && (flags & CREATE_REDEFINE))
        return fail(error, VIR_ERR_INVALID_ARG, "redefine and quiesce are mutually exclusive");
    if ((flags & CREATE_REDEFINE_VALIDATE) && !(flags & CREATE_REDEFINE))
        return fail(error, VIR_ERR_INVALID_ARG, "redefine-validate needs the redefine flag");
    checkpoint = checkpoint_parse(call->args[1].str, flags & CREATE_REDEFINE, error);
    if (checkpoint == NULL || !call_job(call, "given checkpoints", &view, error))
        return FALSE;
    all = moments_load(&checkpoint_kind, kanzend->domains, view.uuid);
    if (!(flags & CREATE_REDEFINE ? redefine(kanzend, &view, all, checkpoint, flags, error)
                                  : create(call, &view, all, checkpoint, flags, error)))
        return FALSE;
    put_moment(call, &view, checkpoint->m.name);
    return TRUE;
}

/* ---- deleting ---- */

static gboolean delete_data(const Kanzend *kanzend, const MomentCall *m, gpointer moment,
                            GError **error)
{
    if (m->view.id < 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot delete checkpoint for inactive domain");
    return remove_bitmaps(kanzend, m->view.id, moment, error);
}

gboolean on_domain_checkpoint_delete(RpcCall *call, GError **error)
{
    return delete_moments(call, &checkpoint_kind, delete_data, error);
}

/* ---- telling ---- */

enum { XML_SECURE = 1, XML_NO_DOMAIN = 2, XML_SIZE = 4 };

static guint64 *get_sizes(const Kanzend *kanzend, const MomentCall *m, GError **error)
{
    const Checkpoint *checkpoint = m->moment;
    g_autofree guint64 *sizes = g_new0(guint64, checkpoint->disks->len + 1);

    if (!check_active(&m->view, error))
        return NULL;
    for (guint i = 0; i < checkpoint->disks->len; i++) {
        const CheckpointDisk *disk = checkpoint->disks->pdata[i];
        KxlBitmap bitmap = { disk->target, disk->bitmap };

        if (disk->recorded &&
            !kxl_domain_bitmap_size(kanzend->host, m->view.id, &bitmap, &sizes[i], NULL)) {
            fail(error, VIR_ERR_CHECKPOINT_INCONSISTENT,
                 "missing or corrupt bitmap '%s' for disk '%s'", disk->bitmap, disk->target);
            return NULL;
        }
    }
    return g_steal_pointer(&sizes);
}

gboolean on_domain_checkpoint_get_xml_desc(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    g_auto(MomentCall) m = { 0 };
    g_autofree guint64 *sizes = NULL;
    g_autofree char *xml = NULL;

    if (!check_flags(call, flags, XML_SECURE | XML_NO_DOMAIN | XML_SIZE, error) ||
        !call_moment(call, &checkpoint_kind, FALSE, &m, error))
        return FALSE;
    if (flags & XML_SIZE) {
        sizes = get_sizes(kanzend, &m, error);
        if (sizes == NULL)
            return FALSE;
    }
    xml = checkpoint_format(m.moment, flags & XML_SECURE, !(flags & XML_NO_DOMAIN), sizes);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_domain_list_all_checkpoints(RpcCall *call, GError **error)
{
    return put_moments(call, &checkpoint_kind, FALSE, MOMENTS_HANDLES, call->args[1].i,
                       call->args[2].u, error);
}

gboolean on_domain_checkpoint_list_all_children(RpcCall *call, GError **error)
{
    return put_moments(call, &checkpoint_kind, TRUE, MOMENTS_HANDLES, call->args[1].i,
                       call->args[2].u, error);
}

gboolean on_domain_checkpoint_lookup_by_name(RpcCall *call, GError **error)
{
    g_auto(MomentCall) m = { 0 };

    if (!check_flags(call, call->args[2].u, 0, error) ||
        !call_moments(call, &checkpoint_kind, call->args[1].str, &m, error))
        return FALSE;
    put_moment(call, &m.view, call->args[1].str);
    return TRUE;
}

gboolean on_domain_checkpoint_get_parent(RpcCall *call, GError **error)
{
    return put_moment_parent(call, &checkpoint_kind, error);
}
