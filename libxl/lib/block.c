/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disks of a running domain. A disk is found by its device in front of the guest, which never
 * changes; the block node behind it does, with snapshots and block jobs.
 */
#include "block.h"

#include <string.h>

#include "config.h"
#include "machine-args.h"
#include "vdev.h"

static void image_free(gpointer data)
{
    KxlBlockImage *image = data;

    g_free(image->path);
    g_free(image->format);
    g_free(image);
}

void kxl_block_free(KxlBlock *block)
{
    if (!block)
        return;
    g_free(block->vdev);
    g_free(block->node);
    g_free(block->device);
    g_free(block->io_status);
    g_ptr_array_unref(block->chain);
    g_free(block);
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *const drivers[KXL_DISK_FORMAT_COUNT] = {
    [KXL_DISK_RAW] = "raw", [KXL_DISK_QCOW] = "qcow", [KXL_DISK_QCOW2] = "qcow2",
    [KXL_DISK_QED] = "qed", [KXL_DISK_VHD] = "vpc",   [KXL_DISK_VMDK] = "vmdk",
    [KXL_DISK_VDI] = "vdi",
};

const char *kxl_block_driver(KxlDiskFormat format)
{
    return drivers[format];
}

int kxl_block_format_from_driver(const char *driver)
{
    for (int i = 0; i < KXL_DISK_FORMAT_COUNT; i++)
        if (g_strcmp0(drivers[i], driver) == 0)
            return i;
    return -1;
}

char *kxl_block_device(const KxlDomainConfig *config, const KxlDeviceDisk *disk)
{
    return config->type == KXL_TYPE_HVM
               ? g_strdup_printf("dev-disk-%s", disk->vdev)
               : g_strdup_printf("dev-vbd-%d", kxl_vdev_to_devid(disk->vdev));
}

KxlDeviceDisk *kxl_block_disk(const KxlDomainConfig *config, const char *vdev, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (g_str_equal(disk->vdev, vdev))
            return disk;
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "domain '%s' has no disk '%s'", config->name,
                vdev);
    return NULL;
}

/* QEMU names the device by its id, or by its path in the tree of objects when it has parts. */
static JsonObject *find_device(JsonArray *list, const char *device)
{
    g_autofree char *path = g_strdup_printf("/machine/peripheral/%s/", device);

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        const char *qdev = json_object_get_string_member_with_default(entry, "qdev", "");

        if (g_str_equal(qdev, device) || g_str_has_prefix(qdev, path) ||
            (g_str_has_suffix(qdev, device) && qdev[strlen(qdev) - strlen(device) - 1] == '/'))
            return entry;
    }
    return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

static JsonObject *member(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static guint64 number(JsonObject *object, const char *name)
{
    gint64 value = object ? json_object_get_int_member_with_default(object, name, 0) : 0;

    return value > 0 ? (guint64)value : 0;
}

static KxlBlockTraffic traffic(JsonObject *stats, const char *kind)
{
    g_autofree char *bytes = g_strconcat(kind, "_bytes", NULL);
    g_autofree char *requests = g_strconcat(kind, "_operations", NULL);
    g_autofree char *time = g_strconcat(kind, "_total_time_ns", NULL);
    g_autofree char *merged = g_strconcat(kind, "_merged", NULL);

    return (KxlBlockTraffic){ number(stats, bytes), number(stats, requests), number(stats, time),
                              number(stats, merged) };
}

static void read_stats(KxlBlock *block, JsonObject *entry)
{
    JsonObject *stats = member(entry, "stats");

    block->rd = traffic(stats, "rd");
    block->wr = traffic(stats, "wr");
    block->fl = traffic(stats, "flush");
    block->failed = number(stats, "failed_rd_operations") + number(stats, "failed_wr_operations") +
                    number(stats, "failed_flush_operations");
    block->highest = number(member(member(entry, "parent"), "stats"), "wr_highest_offset");
}

/* An image's file. QEMU writes "json:" and all its options for one that it could not open again by
 * that alone, as one that needs a key. */
static char *image_file(JsonObject *image)
{
    const char *name = json_object_get_string_member_with_default(image, "filename", NULL);
    g_autoptr(JsonNode) options = NULL;
    JsonObject *file;

    if (!name || !g_str_has_prefix(name, "json:"))
        return g_strdup(name);
    options = json_from_string(name + strlen("json:"), NULL);
    file = options && JSON_NODE_HOLDS_OBJECT(options)
               ? member(json_node_get_object(options), "file")
               : NULL;
    return g_strdup(file ? json_object_get_string_member_with_default(file, "filename", name)
                         : name);
}

static void read_chain(KxlBlock *block, JsonObject *image)
{
    for (; image; image = member(image, "backing-image")) {
        KxlBlockImage *copy = g_new0(KxlBlockImage, 1);

        copy->path = image_file(image);
        copy->format = g_strdup(json_object_get_string_member_with_default(image, "format", NULL));
        copy->capacity = number(image, "virtual-size");
        copy->allocated = number(image, "actual-size");
        g_ptr_array_add(block->chain, copy);
    }
}

static KxlBlock *read_block(const char *vdev, JsonObject *entry, JsonObject *stats)
{
    KxlBlock *block = g_new0(KxlBlock, 1);
    JsonObject *inserted = member(entry, "inserted");

    block->vdev = g_strdup(vdev);
    block->chain = g_ptr_array_new_with_free_func(image_free);
    if (entry) {
        block->device = g_strdup(json_object_get_string_member(entry, "qdev"));
        block->io_status =
            g_strdup(json_object_get_string_member_with_default(entry, "io-status", NULL));
    }
    if (inserted) {
        block->node =
            g_strdup(json_object_get_string_member_with_default(inserted, "node-name", NULL));
        block->readonly = json_object_get_boolean_member_with_default(inserted, "ro", FALSE);
        block->threshold = number(inserted, "write_threshold");
        read_chain(block, member(inserted, "image"));
    }
    if (stats)
        read_stats(block, stats);
    return block;
}

static JsonArray *ask(KxlQmp *qmp, const char *command, GError **error)
{
    g_autoptr(JsonNode) answer = kxl_qmp_call(qmp, command, NULL, KXL_OP_TIMEOUT_MS, error);

    if (!answer)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(answer))
        return json_node_dup_array(answer);
    g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "%s: answer is no list", command);
    return NULL;
}

#define FILTER "copy-before-write"

/* While a disk is backed up QEMU has a filter above its image. The image itself is what is meant by
 * everybody: its node is found by its file. */
static void look_behind_filter(KxlQmp *qmp, KxlBlock *block)
{
    KxlBlockImage *top = block->chain->len ? block->chain->pdata[0] : NULL;
    g_autoptr(JsonNode) answer = NULL;
    JsonArray *nodes;

    if (!top || g_strcmp0(top->format, FILTER) != 0)
        return;
    answer = kxl_qmp_call(qmp, "query-named-block-nodes", kxl_qmp_args("b:flat", TRUE, NULL),
                          KXL_OP_TIMEOUT_MS, NULL);
    nodes = answer && JSON_NODE_HOLDS_ARRAY(answer) ? json_node_get_array(answer) : NULL;
    for (guint i = 0; nodes && i < json_array_get_length(nodes); i++) {
        JsonObject *node = json_array_get_object_element(nodes, i);
        const char *driver = json_object_get_string_member_with_default(node, "drv", "");
        const char *file = json_object_get_string_member_with_default(node, "file", "");

        if (kxl_block_format_from_driver(driver) < 0 || g_strcmp0(file, top->path) != 0)
            continue;
        g_free(top->format);
        top->format = g_strdup(driver);
        g_free(block->node);
        block->node = g_strdup(json_object_get_string_member_with_default(node, "node-name", NULL));
        return;
    }
}

GPtrArray *kxl_block_list(KxlQmp *qmp, const KxlDomainConfig *config, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_block_free);
    g_autoptr(JsonArray) blocks = ask(qmp, "query-block", error);
    g_autoptr(JsonArray) stats = blocks ? ask(qmp, "query-blockstats", error) : NULL;

    if (!stats)
        return NULL;
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];
        g_autofree char *device = kxl_block_device(config, disk);

        KxlBlock *block =
            read_block(disk->vdev, find_device(blocks, device), find_device(stats, device));

        look_behind_filter(qmp, block);
        g_ptr_array_add(list, block);
    }
    return g_steal_pointer(&list);
}

GPtrArray *kxl_domain_block_list(KxlHost *host, int domid, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, host, domid, error);

    return qmp ? kxl_block_list(qmp, op.config, error) : NULL;
}

KxlBlock *kxl_block_find(GPtrArray *blocks, const char *vdev, GError **error)
{
    for (guint i = 0; i < blocks->len; i++) {
        KxlBlock *block = blocks->pdata[i];

        if (g_str_equal(block->vdev, vdev))
            return block;
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "there is no disk '%s'", vdev);
    return NULL;
}

/* --- one disk --------------------------------------------------------------------------------- */

gboolean kxl_block_op_begin(KxlBlockOp *b, KxlHost *host, int domid, const char *vdev,
                            GError **error)
{
    g_autoptr(GPtrArray) list = NULL;
    guint index;

    *b = (KxlBlockOp){ .op = { .lock = -1 } };
    b->qmp = kxl_op_begin_monitor(&b->op, host, domid, error);
    b->disk = b->qmp ? kxl_block_disk(b->op.config, vdev, error) : NULL;
    list = b->disk ? kxl_block_list(b->qmp, b->op.config, error) : NULL;
    if (!list)
        return FALSE;
    b->device = kxl_block_device(b->op.config, b->disk);
    g_ptr_array_find(list, kxl_block_find(list, vdev, NULL), &index);
    b->block = g_ptr_array_steal_index(list, index);
    if (b->block->node)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' of domain '%s' has no medium", vdev,
                b->op.config->name);
    return FALSE;
}

gboolean kxl_block_check_plain(const KxlDeviceDisk *disk, const char *what, GError **error)
{
    return !disk->encryption.format ||
           kxl_args_unsupported(error, "%s of disk '%s', which is encrypted,", what, disk->vdev);
}

void kxl_block_op_end(KxlBlockOp *b)
{
    g_clear_pointer(&b->qmp, kxl_qmp_free);
    g_clear_pointer(&b->device, g_free);
    g_clear_pointer(&b->block, kxl_block_free);
    kxl_op_end(&b->op);
}

gboolean kxl_domain_block_resize(KxlHost *host, int domid, const char *vdev, guint64 bytes,
                                 GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };

    return kxl_block_op_begin(&b, host, domid, vdev, error) &&
           kxl_qmp_run(b.qmp, "block_resize",
                       kxl_qmp_args("s:node-name", b.block->node, "i:size", (gint64)bytes, NULL),
                       KXL_OP_TIMEOUT_MS, error);
}

gboolean kxl_domain_block_threshold(KxlHost *host, int domid, const char *vdev, guint64 bytes,
                                    GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };

    return kxl_block_op_begin(&b, host, domid, vdev, error) &&
           kxl_qmp_run(
               b.qmp, "block-set-write-threshold",
               kxl_qmp_args("s:node-name", b.block->node, "i:write-threshold", (gint64)bytes, NULL),
               KXL_OP_TIMEOUT_MS, error);
}

/* --- the configuration ------------------------------------------------------------------------ */

typedef struct {
    const char *vdev, *path;
    KxlDiskFormat format;
} Image;

static void change_image(KxlDomainConfig *config, gconstpointer data)
{
    const Image *image = data;
    KxlDeviceDisk *disk = kxl_block_disk(config, image->vdev, NULL);

    if (!disk)
        return;
    g_free(disk->path);
    disk->path = g_strdup(image->path);
    disk->format = image->format;
    disk->is_uri = FALSE;
    g_clear_pointer(&disk->fd_group, g_free);
}

gboolean kxl_block_set_image(KxlHost *host, int domid, const char *vdev, const char *path,
                             KxlDiskFormat format, GError **error)
{
    Image image = { vdev, path, format };

    return kxl_op_change_config(host, domid, change_image, &image, error);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* The parameters of block_set_io_throttle, and the members of query-block that show them. */
static const char *const limit_names[KXL_LIMIT_COUNT] = {
    [KXL_LIMIT_BPS] = "bps",
    [KXL_LIMIT_BPS_RD] = "bps_rd",
    [KXL_LIMIT_BPS_WR] = "bps_wr",
    [KXL_LIMIT_IOPS] = "iops",
    [KXL_LIMIT_IOPS_RD] = "iops_rd",
    [KXL_LIMIT_IOPS_WR] = "iops_wr",
    [KXL_LIMIT_BPS_MAX] = "bps_max",
    [KXL_LIMIT_BPS_RD_MAX] = "bps_rd_max",
    [KXL_LIMIT_BPS_WR_MAX] = "bps_wr_max",
    [KXL_LIMIT_IOPS_MAX] = "iops_max",
    [KXL_LIMIT_IOPS_RD_MAX] = "iops_rd_max",
    [KXL_LIMIT_IOPS_WR_MAX] = "iops_wr_max",
    [KXL_LIMIT_BPS_MAX_LENGTH] = "bps_max_length",
    [KXL_LIMIT_BPS_RD_MAX_LENGTH] = "bps_rd_max_length",
    [KXL_LIMIT_BPS_WR_MAX_LENGTH] = "bps_wr_max_length",
    [KXL_LIMIT_IOPS_MAX_LENGTH] = "iops_max_length",
    [KXL_LIMIT_IOPS_RD_MAX_LENGTH] = "iops_rd_max_length",
    [KXL_LIMIT_IOPS_WR_MAX_LENGTH] = "iops_wr_max_length",
    [KXL_LIMIT_IOPS_SIZE] = "iops_size",
};

void kxl_block_tune_clear(KxlBlockTune *tune)
{
    g_clear_pointer(&tune->group, g_free);
}

gboolean kxl_domain_block_get_tune(KxlHost *host, int domid, const char *vdev, KxlBlockTune *tune,
                                   GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    g_autoptr(JsonArray) blocks = NULL;
    JsonObject *inserted;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error))
        return FALSE;
    blocks = ask(b.qmp, "query-block", error);
    if (!blocks)
        return FALSE;
    inserted = member(find_device(blocks, b.device), "inserted");
    *tune = (KxlBlockTune){ 0 };
    for (guint i = 0; i < KXL_LIMIT_COUNT; i++)
        tune->limits[i] = number(inserted, limit_names[i]);
    if (inserted)
        tune->group = g_strdup(json_object_get_string_member_with_default(inserted, "group", NULL));
    return TRUE;
}

typedef struct {
    const char *vdev;
    const KxlBlockTune *tune;
} TuneChange;

/* For its next life. */
static void change_tune(KxlDomainConfig *config, gconstpointer data)
{
    const TuneChange *change = data;
    KxlDeviceDisk *disk = kxl_block_disk(config, change->vdev, NULL);
    const guint64 *limits = change->tune->limits;

    if (!disk)
        return;
    for (guint i = 0; i < KXL_TUNE_COUNT; i++) {
        disk->tune.limit[i] = limits[KXL_LIMIT_BPS + i];
        disk->tune.burst[i] = limits[KXL_LIMIT_BPS_MAX + i];
        disk->tune.burst_secs[i] = disk->tune.burst[i] ? limits[KXL_LIMIT_BPS_MAX_LENGTH + i] : 0;
    }
    disk->tune.iops_size = limits[KXL_LIMIT_IOPS_SIZE];
}

gboolean kxl_domain_block_set_tune(KxlHost *host, int domid, const char *vdev,
                                   const KxlBlockTune *tune, GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    TuneChange change = { vdev, tune };
    JsonObject *arguments;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error))
        return FALSE;
    arguments = kxl_qmp_args("s:id", b.block->device, "s:group", tune->group, NULL);
    for (guint i = 0; i < KXL_LIMIT_COUNT; i++)
        if (i <= KXL_LIMIT_IOPS_WR || tune->limits[i] > 0) /* QEMU wants the first six */
            json_object_set_int_member(arguments, limit_names[i], (gint64)tune->limits[i]);
    return kxl_qmp_run(b.qmp, "block_set_io_throttle", arguments, KXL_OP_TIMEOUT_MS, error) &&
           kxl_op_change_config(host, domid, change_tune, &change, error);
}
