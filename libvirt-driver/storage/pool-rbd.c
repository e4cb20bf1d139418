/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type rbd: a pool of a Ceph cluster, by the rbd command. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "handler-util.h"
#include "pool-backend.h"
#include "secret-value.h"
#include "tool.h"

#define MIB (1u << 20)

/* A command line with how the cluster is reached, and the key's file. */
typedef struct {
    GPtrArray *argv;
    int key_fd; /* -1: none */
} Rbd;

static void rbd_clear(Rbd *rbd)
{
    if (rbd->argv != NULL)
        g_ptr_array_unref(rbd->argv);
    if (rbd->key_fd >= 0)
        close(rbd->key_fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rbd, rbd_clear)

static void add(Rbd *rbd, char *word) /* takes word */
{
    g_ptr_array_add(rbd->argv, word);
}

static char *monitors(const PoolSource *source)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < source->hosts->len; i++) {
        const PoolHost *host = source->hosts->pdata[i];
        gboolean is_ipv6 = strchr(host->name, ':') != NULL;

        g_string_append_printf(list, is_ipv6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "", host->name);
        if (host->port != 0)
            g_string_append_printf(list, ":%u", host->port);
    }
    return g_string_free(list, FALSE);
}

/* The key in a file without a name. Ceph writes keys in base 64, secrets hold the bytes. */
static gboolean add_key(const PoolAccess *pool, Rbd *rbd, GError **error)
{
    const PoolAuth *auth = pool->def->source.auth;
    g_autoptr(GBytes) value = NULL;
    g_autofree char *text = NULL;

    if (auth == NULL)
        return TRUE;
    value = secret_value(pool->secrets, auth->secret_uuid, SECRET_USAGE_CEPH, auth->secret_usage,
                         error);
    if (value == NULL)
        return FALSE;
    text = g_base64_encode(g_bytes_get_data(value, NULL), g_bytes_get_size(value));
    rbd->key_fd = memfd_create("key", MFD_CLOEXEC);
    if (rbd->key_fd < 0 || write(rbd->key_fd, text, strlen(text)) != (ssize_t)strlen(text))
        return fail_errno(error, "hold", "a secret's value");
    add(rbd, g_strdup("--id"));
    add(rbd, g_strdup(auth->username));
    add(rbd, g_strdup_printf("--keyfile=/proc/%d/fd/%d", (int)getpid(), rbd->key_fd));
    return TRUE;
}

static gboolean rbd_init(Rbd *rbd, const PoolAccess *pool, const char *tool, GError **error)
{
    rbd->argv = g_ptr_array_new_with_free_func(g_free);
    rbd->key_fd = -1;
    add(rbd, g_strdup(tool));
    add(rbd, g_strdup("-m"));
    add(rbd, monitors(&pool->def->source));
    for (guint i = 0; i < pool->def->options->len; i++) {
        const PoolOption *option = pool->def->options->pdata[i];

        add(rbd, g_strdup_printf("--%s=%s", option->name, option->value));
    }
    return add_key(pool, rbd, error);
}

/* Runs "rbd <words>". */
static gboolean run(const PoolAccess *pool, GError **error, ...)
{
    g_auto(Rbd) rbd = { NULL, -1 };
    const char *word;
    va_list args;

    if (!rbd_init(&rbd, pool, "rbd", error))
        return FALSE;
    va_start(args, error);
    while ((word = va_arg(args, const char *)) != NULL)
        add(&rbd, g_strdup(word));
    va_end(args);
    add(&rbd, NULL);
    return command_run((const char *const *)rbd.argv->pdata, NULL, NULL, error);
}

static JsonNode *run_json(const PoolAccess *pool, const char *tool, const char *const *words,
                          GError **error)
{
    g_auto(Rbd) rbd = { NULL, -1 };

    if (!rbd_init(&rbd, pool, tool, error))
        return NULL;
    for (; *words != NULL; words++)
        add(&rbd, g_strdup(*words));
    add(&rbd, g_strdup("--format"));
    add(&rbd, g_strdup("json"));
    add(&rbd, NULL);
    return tool_json((const char *const *)rbd.argv->pdata, error);
}

static char *spec(const PoolAccess *pool, const char *name)
{
    return g_strdup_printf("%s/%s", pool->def->source.name, name);
}

/* ---- the pool ---- */

static JsonObject *as_object(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static gboolean rbd_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    static const char *const words[] = { "df", NULL };
    g_autoptr(JsonNode) node = run_json(pool, "ceph", words, error);
    JsonObject *top = as_object(node);
    JsonNode *pools = top != NULL ? json_object_get_member(top, "pools") : NULL;

    if (node == NULL)
        return FALSE;
    for (guint i = 0; pools != NULL && JSON_NODE_HOLDS_ARRAY(pools) &&
                      i < json_array_get_length(json_node_get_array(pools));
         i++) {
        JsonObject *row = as_object(json_array_get_element(json_node_get_array(pools), i));
        JsonObject *stats = row != NULL ? as_object(json_object_get_member(row, "stats")) : NULL;

        if (stats == NULL || strcmp(json_text(row, "name"), pool->def->source.name) != 0)
            continue;
        ret_usage->allocation = json_bytes(stats, "bytes_used");
        ret_usage->available = json_bytes(stats, "max_avail");
        ret_usage->capacity = ret_usage->allocation + ret_usage->available;
        return TRUE;
    }
    return fail(error, VIR_ERR_INTERNAL_ERROR, "the cluster has no pool '%s'",
                pool->def->source.name);
}

static gboolean rbd_check(const PoolAccess *pool, GError **error)
{
    return run(pool, error, "ls", pool->def->source.name, NULL);
}

/* ---- images ---- */

static GPtrArray *rbd_list(const PoolAccess *pool, GError **error)
{
    const char *const words[] = { "ls", "--long", pool->def->source.name, NULL };
    g_autoptr(JsonNode) node = run_json(pool, "rbd", words, error);
    JsonArray *rows =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    GPtrArray *volumes;

    if (node == NULL)
        return NULL;
    volumes = volume_array_new();
    for (guint i = 0; rows != NULL && i < json_array_get_length(rows); i++) {
        JsonObject *image = as_object(json_array_get_element(rows, i));
        Volume *volume;

        if (image == NULL || json_object_has_member(image, "snapshot"))
            continue;
        volume = volume_new(VOLUME_NETWORK, json_text(image, "image"));
        volume->path = spec(pool, volume->name);
        volume->key = g_strdup(volume->path);
        volume->format = "raw";
        volume->capacity = volume->allocation = json_bytes(image, "size");
        g_ptr_array_add(volumes, volume);
    }
    return volumes;
}

static gboolean rbd_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                         GError **error)
{
    g_autofree char *image = spec(pool, volume->name);
    g_autofree char *size =
        g_strdup_printf("%" G_GUINT64_FORMAT, (volume->capacity + MIB - 1) / MIB);

    if (*volume->name == '-' || strpbrk(volume->name, "@/:") != NULL)
        return fail(error, VIR_ERR_XML_ERROR, "malformed name '%s' of an rbd image", volume->name);
    if (strcmp(volume->format, "raw") != 0 || volume->encryption != NULL ||
        volume->backing_path != NULL || how->preallocate || how->reflink)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "only plain RAW volumes are supported by this storage pool");
    if (how->source == NULL)
        return run(pool, error, "create", "--size", size, image, NULL);
    if (how->source_pool->def->type == pool->def->type) {
        g_autofree char *source = spec(how->source_pool, how->source->name);

        return run(pool, error, "cp", source, image, NULL);
    }
    /* A file of this host: its bytes are the image. */
    if (strcmp(how->source->format != NULL ? how->source->format : "raw", "raw") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "only a raw volume can be copied to a pool of type 'rbd'");
    return volume_local_path(how->source, error) != NULL &&
           run(pool, error, "import", volume_local_path(how->source, NULL), image, NULL);
}

static gboolean rbd_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                                  GError **error)
{
    return (!(flags & DELETE_WITH_SNAPSHOTS) ||
            run(pool, error, "snap", "purge", volume->path, NULL)) &&
           run(pool, error, "rm", volume->path, NULL);
}

static gboolean rbd_resize(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                           gboolean allocate, GError **error)
{
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, (capacity + MIB - 1) / MIB);

    if (allocate)
        return fail(error, VIR_ERR_NO_SUPPORT, "rbd images are not allocated beforehand");
    return run(pool, error, "resize", "--size", size, volume->path,
               capacity < volume->capacity ? "--allow-shrink" : NULL, NULL);
}

const PoolBackend pool_backend_rbd = {
    .tool = "rbd",
    .check = rbd_check,
    .usage = rbd_usage,
    .list = rbd_list,
    .make = rbd_make,
    .remove_volume = rbd_remove_volume,
    .resize = rbd_resize,
};
