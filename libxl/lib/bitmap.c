/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty bitmaps (QEMU docs/interop/bitmaps). Every bitmap of ours goes on recording for as long as
 * it exists, so removing one changes no other. A new image on top of a disk's gets bitmaps of the
 * same names: what was written since a bitmap was made is what all of that name in the chain say.
 */
#include "bitmap.h"

#include <string.h>

#define TIMEOUT_MS 60000

/* --- nodes ------------------------------------------------------------------------------------ */

static JsonArray *list_nodes(KxlQmp *qmp, GError **error)
{
    g_autoptr(JsonNode) answer = kxl_qmp_call(
        qmp, "query-named-block-nodes", kxl_qmp_args("b:flat", TRUE, NULL), TIMEOUT_MS, error);

    if (!answer)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(answer))
        return json_node_dup_array(answer);
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_FAILED,
                        "query-named-block-nodes: answer is no list");
    return NULL;
}

gboolean kxl_disks_open(KxlDisks *disks, KxlHost *host, int domid, GError **error)
{
    disks->qmp = kxl_op_begin_monitor(&disks->op, host, domid, error);
    disks->blocks = disks->qmp ? kxl_block_list(disks->qmp, disks->op.config, error) : NULL;
    disks->nodes = disks->blocks ? list_nodes(disks->qmp, error) : NULL;
    return disks->nodes != NULL;
}

void kxl_disks_clear(KxlDisks *disks)
{
    g_clear_pointer(&disks->nodes, json_array_unref);
    g_clear_pointer(&disks->blocks, g_ptr_array_unref);
    g_clear_pointer(&disks->qmp, kxl_qmp_free);
    kxl_op_end(&disks->op);
}

static const char *text(JsonObject *object, const char *name)
{
    return json_object_get_string_member_with_default(object, name, "");
}

static JsonObject *find_node(JsonArray *nodes, const char *name)
{
    for (guint i = 0; i < json_array_get_length(nodes); i++) {
        JsonObject *node = json_array_get_object_element(nodes, i);

        if (g_str_equal(text(node, "node-name"), name))
            return node;
    }
    return NULL;
}

/* The node of an image in a disk's chain: the top one by its name, those below by their file. */
static JsonObject *node_of_image(JsonArray *nodes, const KxlBlock *block, guint depth)
{
    const KxlBlockImage *image = block->chain->pdata[depth];

    if (depth == 0)
        return find_node(nodes, block->node);
    for (guint i = 0; i < json_array_get_length(nodes); i++) {
        JsonObject *node = json_array_get_object_element(nodes, i);

        if (g_str_equal(text(node, "drv"), image->format ? image->format : "") &&
            g_str_equal(text(node, "file"), image->path ? image->path : ""))
            return node;
    }
    return NULL;
}

static JsonObject *find_bitmap(JsonObject *node, const char *name)
{
    JsonArray *list = node && json_object_has_member(node, "dirty-bitmaps")
                          ? json_object_get_array_member(node, "dirty-bitmaps")
                          : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *bitmap = json_array_get_object_element(list, i);

        if (g_str_equal(text(bitmap, "name"), name))
            return bitmap;
    }
    return NULL;
}

/* One that QEMU could not write back when it ended says nothing. */
static gboolean is_usable(JsonObject *bitmap)
{
    return bitmap && !json_object_get_boolean_member_with_default(bitmap, "inconsistent", FALSE);
}

GPtrArray *kxl_bitmap_holders(JsonArray *nodes, const KxlBlock *block, const char *name)
{
    GPtrArray *holders = g_ptr_array_new();

    for (guint i = 0; i < block->chain->len; i++) {
        JsonObject *node = node_of_image(nodes, block, i);

        if (is_usable(find_bitmap(node, name)))
            g_ptr_array_add(holders, (gpointer)text(node, "node-name"));
        else if (i == 0)
            break;
    }
    return holders;
}

GPtrArray *kxl_bitmap_names(JsonArray *nodes, const char *name)
{
    GPtrArray *names = g_ptr_array_new();
    JsonObject *node = find_node(nodes, name);
    JsonArray *list = node && json_object_has_member(node, "dirty-bitmaps")
                          ? json_object_get_array_member(node, "dirty-bitmaps")
                          : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *bitmap = json_array_get_object_element(list, i);

        if (json_object_get_boolean_member_with_default(bitmap, "persistent", FALSE) &&
            is_usable(bitmap))
            g_ptr_array_add(names, (gpointer)text(bitmap, "name"));
    }
    return names;
}

/* --- transactions ----------------------------------------------------------------------------- */

void kxl_transaction_add(JsonArray *actions, const char *type, JsonObject *data)
{
    json_array_add_object_element(actions, kxl_qmp_args("s:type", type, "o:data", data, NULL));
}

gboolean kxl_transaction_run(KxlQmp *qmp, JsonArray *actions, GError **error)
{
    return kxl_qmp_run(qmp, "transaction", kxl_qmp_args("a:actions", json_array_ref(actions), NULL),
                       TIMEOUT_MS, error);
}

/* --- making and removing ---------------------------------------------------------------------- */

/* The disk of a bitmap, with a medium. */
static KxlBlock *find_block(GPtrArray *blocks, const char *vdev, GError **error)
{
    KxlBlock *block = kxl_block_find(blocks, vdev, error);

    if (!block || block->node)
        return block;
    g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' has no medium", vdev);
    return NULL;
}

gboolean kxl_bitmap_add_action(JsonArray *actions, JsonArray *nodes, GPtrArray *blocks,
                               const KxlBitmap *bitmap, GError **error)
{
    const KxlBlock *block = find_block(blocks, bitmap->vdev, error);
    const KxlBlockImage *top = block && block->chain->len ? block->chain->pdata[0] : NULL;

    if (!block)
        return FALSE;
    if (!top || g_strcmp0(top->format, "qcow2") != 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "disk '%s' is not qcow2: it cannot keep a dirty bitmap", bitmap->vdev);
        return FALSE;
    }
    if (find_bitmap(find_node(nodes, block->node), bitmap->name)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS,
                    "the image of disk '%s' already has a bitmap '%s'", bitmap->vdev, bitmap->name);
        return FALSE;
    }
    kxl_transaction_add(
        actions, "block-dirty-bitmap-add",
        kxl_qmp_args("s:node", block->node, "s:name", bitmap->name, "b:persistent", TRUE, NULL));
    return TRUE;
}

gboolean kxl_domain_bitmaps_add(KxlHost *host, int domid, const KxlBitmap *bitmaps, guint n,
                                GError **error)
{
    g_auto(KxlDisks) disks = KXL_DISKS_NONE;
    g_autoptr(JsonArray) actions = json_array_new();

    if (!kxl_disks_open(&disks, host, domid, error))
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (!kxl_bitmap_add_action(actions, disks.nodes, disks.blocks, &bitmaps[i], error))
            return FALSE;
    return kxl_transaction_run(disks.qmp, actions, error);
}

/* Images further down are read-only: what they have stays until they are a disk's top again. */
static gboolean remove_one(const KxlDisks *disks, const KxlBitmap *bitmap, GError **error)
{
    const KxlBlock *block = kxl_block_find(disks->blocks, bitmap->vdev, NULL);

    if (!block || !block->node || !find_bitmap(find_node(disks->nodes, block->node), bitmap->name))
        return TRUE;
    return kxl_qmp_run(disks->qmp, "block-dirty-bitmap-remove",
                       kxl_qmp_args("s:node", block->node, "s:name", bitmap->name, NULL),
                       KXL_OP_TIMEOUT_MS, error);
}

gboolean kxl_domain_bitmaps_remove(KxlHost *host, int domid, const KxlBitmap *bitmaps, guint n,
                                   GError **error)
{
    g_auto(KxlDisks) disks = KXL_DISKS_NONE;

    if (!kxl_disks_open(&disks, host, domid, error))
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (!remove_one(&disks, &bitmaps[i], error))
            return FALSE;
    return TRUE;
}

gboolean kxl_domain_bitmap_size(KxlHost *host, int domid, const KxlBitmap *bitmap,
                                guint64 *ret_bytes, GError **error)
{
    g_auto(KxlDisks) disks = KXL_DISKS_NONE;
    g_autoptr(GPtrArray) holders = NULL;
    const KxlBlock *block;

    if (!kxl_disks_open(&disks, host, domid, error))
        return FALSE;
    block = find_block(disks.blocks, bitmap->vdev, error);
    if (!block)
        return FALSE;
    holders = kxl_bitmap_holders(disks.nodes, block, bitmap->name);
    if (holders->len == 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "disk '%s' has no usable bitmap '%s'",
                    bitmap->vdev, bitmap->name);
        return FALSE;
    }
    *ret_bytes = 0;
    for (guint i = 0; i < holders->len; i++)
        *ret_bytes += (guint64)json_object_get_int_member_with_default(
            find_bitmap(find_node(disks.nodes, holders->pdata[i]), bitmap->name), "count", 0);
    return TRUE;
}
