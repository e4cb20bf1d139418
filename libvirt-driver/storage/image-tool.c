/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-tool.h"

#include <errno.h>
#include <kxl-image.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "handler-util.h"
#include "secret-value.h"

#define QEMU_IMG "qemu-img"

/* ---- arguments ---- */

/* What a run of qemu-img is given: its arguments, and the secrets it reads. */
typedef struct {
    GPtrArray *argv;
    GArray *fds; /* of the secrets' values; closed with it */
} Args;

static void args_clear(Args *args)
{
    for (guint i = 0; i < args->fds->len; i++)
        close(g_array_index(args->fds, int, i));
    g_array_unref(args->fds);
    g_ptr_array_unref(args->argv);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Args, args_clear)

static void add(Args *args, const char *word)
{
    g_ptr_array_add(args->argv, g_strdup(word));
}

static void args_init(Args *args, const char *verb)
{
    args->argv = g_ptr_array_new_with_free_func(g_free);
    args->fds = g_array_new(FALSE, FALSE, sizeof(int));
    add(args, QEMU_IMG);
    add(args, verb);
}

/* How QEMU 7.2 fails to time the key derivation of LUKS where the kernel accounts CPU time by whole
 * ticks, once in a while (crypto/pbkdf.c). */
#define CLOCK_COMPLAINT "Unable to get accurate CPU usage"
#define CLOCK_TRIES     10u

static gboolean run(Args *args, GError **error)
{
    g_ptr_array_add(args->argv, NULL);
    for (guint i = 1;; i++) {
        g_autoptr(GError) failed = NULL;

        if (command_run((const char *const *)args->argv->pdata, NULL, NULL, &failed))
            return TRUE;
        if (i < CLOCK_TRIES && strstr(failed->message, CLOCK_COMPLAINT) != NULL)
            continue;
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
}

/* QEMU's option syntax doubles a comma that is part of a value. */
static void append_value(GString *options, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(options, "%s%s=", options->len > 0 ? "," : "", name);
    for (; *value != '\0'; value++) {
        g_string_append_c(options, *value);
        if (*value == ',')
            g_string_append_c(options, ',');
    }
}

/* The secret's value as a file without a name, which qemu-img opens through this process. */
static gboolean add_secret(Args *args, const char *id, const Encryption *encryption,
                           SecretRegistry *secrets, GError **error)
{
    g_autoptr(GBytes) value = secret_value(secrets, encryption->secret_uuid, SECRET_USAGE_VOLUME,
                                           encryption->secret_usage, error);
    gsize len = 0;
    const char *bytes = value != NULL ? g_bytes_get_data(value, &len) : NULL;
    g_autofree char *object = NULL;
    int fd;

    if (value == NULL)
        return FALSE;
    fd = memfd_create("secret", MFD_CLOEXEC);
    if (fd < 0)
        return fail_errno(error, "hold", "a secret's value");
    g_array_append_val(args->fds, fd);
    if (write(fd, bytes, len) != (ssize_t)len)
        return fail_errno(error, "hold", "a secret's value");
    object = g_strdup_printf("secret,id=%s,file=/proc/%d/fd/%d", id, (int)getpid(), fd);
    add(args, "--object");
    add(args, object);
    return TRUE;
}

/* ---- formats ---- */

/* Those qemu-img writes; others, and names made up by a client, do not get to its command line. */
gboolean image_check_format(const char *format, GError **error)
{
    static const char *const known[] = { "raw", "qcow2", "qed", "vmdk", "vpc", "vdi", "qcow" };

    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (format == NULL || strcmp(known[i], format) == 0)
            return TRUE;
    }
    return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "volumes of format '%s' cannot be made", format);
}

static gboolean is_luks(const Encryption *encryption)
{
    return encryption != NULL && strcmp(encryption->format, "luks") == 0;
}

static gboolean is_format(const char *format, const char *name)
{
    return strcmp(format != NULL ? format : "raw", name) == 0;
}

/* A LUKS container of raw bytes is a format of its own to QEMU. */
static const char *driver_of(const char *format, const Encryption *encryption)
{
    if (is_luks(encryption) && is_format(format, "raw"))
        return "luks";
    return format == NULL || is_format(format, "iso") ? "raw" : format;
}

static gboolean check_encryption(const Volume *volume, GError **error)
{
    const Encryption *e = volume->encryption;

    if (e == NULL)
        return TRUE;
    if (!is_luks(e))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "unsupported volume encryption type '%s': only 'luks' is", e->format);
    if (!is_format(volume->format, "raw") && !is_format(volume->format, "qcow2"))
        return fail(error, VIR_ERR_XML_ERROR, "volume encryption unsupported with format %s",
                    volume->format);
    return e->secret_uuid != NULL || e->secret_usage != NULL ||
           fail(error, VIR_ERR_XML_ERROR, "no secret provided for encryption of volume '%s'",
                volume->name);
}

/* ---- making ---- */

/* prefix: "" of a LUKS container, "encrypt." of a qcow2 image. */
static void add_encryption(GString *options, const char *prefix, const Encryption *e)
{
    const struct {
        const char *name, *value;
    } rows[] = {
        { "cipher-mode", e->cipher_mode },
        { "hash-alg", e->cipher_hash },
        { "ivgen-alg", e->ivgen },
        { "ivgen-hash-alg", e->ivgen_hash },
    };
    g_autofree char *cipher =
        e->cipher == NULL ? NULL : g_strdup_printf("%s-%u", e->cipher, e->cipher_size);
    g_autofree char *cipher_name = g_strconcat(prefix, "cipher-alg", NULL);
    g_autofree char *secret_name = g_strconcat(prefix, "key-secret", NULL);

    append_value(options, secret_name, "sec0");
    append_value(options, cipher_name, cipher);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strconcat(prefix, rows[i].name, NULL);

        append_value(options, name, rows[i].value);
    }
}

static char *create_options(const Volume *v, gboolean preallocate)
{
    GString *options = g_string_new(NULL);
    g_autofree char *cluster =
        v->cluster_size == 0 ? NULL : g_strdup_printf("%" G_GUINT64_FORMAT, v->cluster_size);

    if (preallocate)
        append_value(options, "preallocation",
                     v->allocation >= v->capacity ? "falloc" : "metadata");
    append_value(options, "compat", v->compat);
    append_value(options, "lazy_refcounts", v->lazy_refcounts ? "on" : NULL);
    append_value(options, "extended_l2", v->extended_l2 ? "on" : NULL);
    append_value(options, "cluster_size", cluster);
    if (is_luks(v->encryption)) {
        gboolean qcow2 = is_format(v->format, "qcow2");

        append_value(options, "encrypt.format", qcow2 ? "luks" : NULL);
        add_encryption(options, qcow2 ? "encrypt." : "", v->encryption);
    }
    return g_string_free(options, FALSE);
}

static gboolean check_create(const Volume *v, gboolean preallocate, GError **error)
{
    gboolean qcow2 = is_format(v->format, "qcow2");

    if (!image_check_format(v->format, error) || !image_check_format(v->backing_format, error) ||
        !check_encryption(v, error))
        return FALSE;
    if (preallocate && !qcow2)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "metadata preallocation only available with qcow2");
    if (!qcow2 && (v->compat != NULL || v->cluster_size != 0))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "compat, features and clusterSize are for volumes of format 'qcow2' only");
    if (v->compat != NULL && strcmp(v->compat, "0.10") != 0 && strcmp(v->compat, "1.1") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unsupported qcow2 compat '%s'", v->compat);
    if (v->compat != NULL && strcmp(v->compat, "0.10") == 0 &&
        (v->lazy_refcounts || v->extended_l2))
        return fail(error, VIR_ERR_XML_ERROR, "features not supported with compat level %s",
                    v->compat);
    if (v->backing_path == NULL)
        return TRUE;
    if (is_format(v->format, "raw"))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "a raw volume cannot have a backing store");
    if (preallocate)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "metadata preallocation conflicts with backing store");
    if (!g_path_is_absolute(v->backing_path))
        return fail(error, VIR_ERR_INVALID_ARG, "backing store '%s' is not an absolute path",
                    v->backing_path);
    return kxl_image_check_chain(v->backing_path,
                                 v->backing_format != NULL ? v->backing_format : "raw",
                                 KXL_CHAIN_STRICT, error);
}

gboolean image_create(const char *path, const Volume *v, const VolumeMake *how,
                      SecretRegistry *secrets, GError **error)
{
    g_auto(Args) args = { 0 };
    g_autofree char *options = NULL;

    args_init(&args, "create");
    if (!check_create(v, how->preallocate, error) ||
        (v->encryption != NULL && !add_secret(&args, "sec0", v->encryption, secrets, error)))
        return FALSE;
    options = create_options(v, how->preallocate);
    add(&args, "-q");
    add(&args, "-f");
    add(&args, driver_of(v->format, v->encryption));
    if (*options != '\0') {
        add(&args, "-o");
        add(&args, options);
    }
    if (v->backing_path != NULL) {
        add(&args, "-b");
        add(&args, v->backing_path);
        add(&args, "-F");
        add(&args, v->backing_format != NULL ? v->backing_format : "raw");
    }
    add(&args, path);
    if (v->capacity > 0 || v->backing_path == NULL) {
        g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, v->capacity);

        add(&args, size);
    }
    return run(&args, error);
}

/* ---- copying and resizing ---- */

/* The image as --image-opts has it, with its secret put before. */
static char *image_options(Args *args, const ImageRef *image, const char *secret_id,
                           SecretRegistry *secrets, GError **error)
{
    g_autoptr(GString) options = g_string_new(NULL);
    const char *driver = driver_of(image->format, image->encryption);

    append_value(options, "driver", driver);
    append_value(options, "file.filename", image->path);
    if (image->encryption != NULL) {
        if (!add_secret(args, secret_id, image->encryption, secrets, error))
            return NULL;
        append_value(options, strcmp(driver, "luks") == 0 ? "key-secret" : "encrypt.key-secret",
                     secret_id);
        append_value(options, "encrypt.format", strcmp(driver, "luks") == 0 ? NULL : "luks");
    }
    return g_strdup(options->str);
}

gboolean image_convert(const ImageRef *from, const ImageRef *to, gboolean zeroed, gboolean sparse,
                       SecretRegistry *secrets, GError **error)
{
    g_auto(Args) args = { 0 };
    g_autofree char *source = NULL, *target = NULL;

    args_init(&args, "convert");
    source = image_options(&args, from, "sec0", secrets, error);
    target = source != NULL ? image_options(&args, to, "sec1", secrets, error) : NULL;
    if (target == NULL)
        return FALSE;
    add(&args, "-n");
    if (zeroed)
        add(&args, "--target-is-zero");
    if (!sparse) {
        add(&args, "-S");
        add(&args, "0");
    }
    add(&args, "--image-opts");
    add(&args, "--target-image-opts");
    add(&args, source);
    add(&args, target);
    return run(&args, error);
}

gboolean image_resize(const ImageRef *image, guint64 capacity, gboolean allocate, gboolean shrink,
                      SecretRegistry *secrets, GError **error)
{
    g_auto(Args) args = { 0 };
    g_autofree char *options = NULL;
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, capacity);

    args_init(&args, "resize");
    options = image_options(&args, image, "sec0", secrets, error);
    if (options == NULL)
        return FALSE;
    add(&args, "-q");
    if (allocate)
        add(&args, "--preallocation=falloc");
    if (shrink)
        add(&args, "--shrink");
    add(&args, "--image-opts");
    add(&args, options);
    add(&args, size);
    return run(&args, error);
}

/*
 * An image's header is its guest's to write, so what it says is below it is not opened unless it
 * could have been put there by us: a local file, of a format that is stated.
 */
gboolean image_ref(const Volume *volume, ImageRef *ret, GError **error)
{
    const char *path = volume_local_path(volume, error);

    if (path == NULL)
        return FALSE;
    if (volume->backing_path != NULL) {
        if (!g_path_is_absolute(volume->backing_path))
            return fail(error, VIR_ERR_OPERATION_INVALID,
                        "the backing file '%s' of '%s' is not an absolute path: not followed",
                        volume->backing_path, volume->name);
        if (volume->backing_format == NULL)
            return fail(error, VIR_ERR_OPERATION_INVALID,
                        "the backing file '%s' of '%s' has no stated format: not followed",
                        volume->backing_path, volume->name);
        if (!image_check_format(volume->backing_format, error))
            return FALSE;
    }
    if (!kxl_image_check_chain(path, driver_of(volume->format, volume->encryption),
                               KXL_CHAIN_STRICT, error))
        return FALSE;
    *ret = (ImageRef){ path, volume->format, volume->encryption };
    return TRUE;
}
