/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backing files and data files, as the formats of images name them. QEMU follows them as far as it
 * gets: an image that is below itself makes it open files until there are none left, and one whose
 * format nobody states is taken for what its first bytes say, which a guest may have written.
 */
#include "kxl-image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"

#define DEPTH_MAX   200u  /* libvirt's, too */
#define BACKING_MAX 1023u /* bytes of a name; QEMU's, too */

/* --- reading ---------------------------------------------------------------------------------- */

#define HEAD_LEN 4096u /* of which QEMU reads extensions, too */

typedef struct {
    int fd;
    guint8 bytes[HEAD_LEN]; /* zeroes after len */
    gsize len;
} Head;

static guint64 big(const Head *head, gsize at, guint len)
{
    guint64 value = 0;

    for (guint i = 0; i < len; i++)
        value = value << 8 | head->bytes[at + i];
    return value;
}

static guint64 little(const Head *head, gsize at, guint len)
{
    guint64 value = 0;

    for (guint i = len; i > 0; i--)
        value = value << 8 | head->bytes[at + i - 1];
    return value;
}

/* A name that can be told to a user: UTF-8 without control characters. */
static gboolean is_printable(const char *text, gsize len)
{
    if (!g_utf8_validate(text, (gssize)len, NULL))
        return FALSE;
    for (gsize i = 0; i < len; i++)
        if (g_ascii_iscntrl(text[i]))
            return FALSE;
    return len > 0;
}

/* Takes text. */
static void set_backing(KxlImageLinks *links, char *text, gsize len)
{
    links->malformed = !is_printable(text, len);
    if (links->malformed)
        g_free(text);
    else
        links->backing = text;
}

static void read_backing(const Head *head, guint64 offset, guint64 len, KxlImageLinks *links)
{
    g_autofree char *text = NULL;

    if (offset == 0 || len == 0)
        return;
    links->malformed = len > BACKING_MAX || offset > G_MAXINT32;
    if (links->malformed)
        return;
    text = g_malloc0(len + 1);
    if (pread(head->fd, text, len, (off_t)offset) == (ssize_t)len)
        set_backing(links, g_steal_pointer(&text), len);
    else
        links->malformed = TRUE;
}

/* --- formats ---------------------------------------------------------------------------------- */

/* docs/interop/qcow2.txt; its version 1 has its backing file in the same place */
#define QCOW2_V2_LEN        72u
#define QCOW2_EXT_END       0u
#define QCOW2_EXT_BACKING   0xe2792acau
#define QCOW2_EXTERNAL_DATA (1u << 2) /* of the incompatible features */

static char *qcow2_backing_format(const Head *head)
{
    gsize pos = big(head, 4, 4) < 3 ? QCOW2_V2_LEN : (gsize)big(head, 100, 4);

    while (pos + 8 <= head->len) {
        guint type = (guint)big(head, pos, 4);
        guint len = (guint)big(head, pos + 4, 4);

        pos += 8;
        if (type == QCOW2_EXT_END || len > head->len - pos)
            return NULL;
        if (type == QCOW2_EXT_BACKING)
            return is_printable((const char *)head->bytes + pos, len)
                       ? g_strndup((const char *)head->bytes + pos, len)
                       : NULL;
        pos += (len + 7u) & ~7u;
    }
    return NULL;
}

static void qcow_links(const Head *head, KxlImageLinks *links)
{
    read_backing(head, big(head, 8, 8), big(head, 16, 4), links);
}

static void qcow2_links(const Head *head, KxlImageLinks *links)
{
    qcow_links(head, links);
    if (links->backing)
        links->backing_format = qcow2_backing_format(head);
    links->has_foreign_data = big(head, 4, 4) >= 3 && (big(head, 72, 8) & QCOW2_EXTERNAL_DATA);
}

/* docs/interop/qed_spec.txt */
#define QED_HAS_BACKING    1u
#define QED_BACKING_IS_RAW 4u

static void qed_links(const Head *head, KxlImageLinks *links)
{
    guint64 features = little(head, 16, 8);

    if (features & QED_HAS_BACKING)
        read_backing(head, little(head, 56, 4), little(head, 60, 4), links);
    if (links->backing && (features & QED_BACKING_IS_RAW))
        links->backing_format = g_strdup("raw");
}

/* VMware's "Virtual Disk Format 1.1": a sparse extent's header, with a descriptor inside. */
#define VMDK_SECTOR   512u
#define VMDK_DESC_MAX 20u /* sectors that QEMU reads */
#define VMDK_PARENT   "parentFileNameHint=\""

static void vmdk_links(const Head *head, KxlImageLinks *links)
{
    guint64 offset = little(head, 28, 8);
    guint64 len = MIN(little(head, 36, 8), VMDK_DESC_MAX) * VMDK_SECTOR;
    g_autofree char *text = g_malloc0(len + 1);
    const char *parent;

    /* Without a capacity of its own it only says which files the data are in. */
    links->has_foreign_data = little(head, 12, 8) == 0;
    if (offset == 0 || offset > G_MAXINT32 ||
        pread(head->fd, text, len, (off_t)(offset * VMDK_SECTOR)) <= 0)
        return;
    parent = strstr(text, VMDK_PARENT);
    if (parent) {
        const char *name = parent + strlen(VMDK_PARENT);
        gsize name_len = strcspn(name, "\"\n");

        set_backing(links, g_strndup(name, name_len), name_len);
        links->backing_format = g_strdup("vmdk"); /* it has no other parents */
    }
}

static const struct {
    const char *driver;
    const char *magic;
    guint32 version; /* at most, where formats share their mark; 0: any */
    void (*links)(const Head *head, KxlImageLinks *links);
} formats[] = {
    { "qcow", "QFI\xfb", 1, qcow_links },
    { "qcow2", "QFI\xfb", 0, qcow2_links },
    { "qed", "QED", 0, qed_links },
    { "vmdk", "KDMV", 0, vmdk_links },
};

#define MAGIC_LEN 4u

static gboolean looks_like(const Head *head, guint format)
{
    return head->len >= MAGIC_LEN && memcmp(head->bytes, formats[format].magic, MAGIC_LEN) == 0 &&
           (!formats[format].version || big(head, 4, 4) <= formats[format].version);
}

static gboolean read_head(int fd, Head *head)
{
    ssize_t n;

    *head = (Head){ .fd = fd };
    n = TEMP_FAILURE_RETRY(pread(fd, head->bytes, sizeof head->bytes, 0));
    head->len = (gsize)MAX(n, 0);
    return n >= 0;
}

gboolean kxl_image_links(int fd, const char *driver, KxlImageLinks *ret_links)
{
    Head head;

    *ret_links = (KxlImageLinks){ NULL };
    if (!read_head(fd, &head))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_str_equal(formats[i].driver, driver) && looks_like(&head, i))
            formats[i].links(&head, ret_links);
    return TRUE;
}

void kxl_image_links_clear(KxlImageLinks *links)
{
    g_clear_pointer(&links->backing, g_free);
    g_clear_pointer(&links->backing_format, g_free);
}

/* --- going down ------------------------------------------------------------------------------- */

typedef struct {
    char *path;
    char *driver; /* NULL: nobody has said */
    dev_t dev;
    ino_t ino;
} Image;

static void image_free(gpointer data)
{
    Image *image = data;

    g_free(image->path);
    g_free(image->driver);
    g_free(image);
}

static const char *guess_driver(int fd)
{
    Head head;

    for (guint i = 0; read_head(fd, &head) && i < G_N_ELEMENTS(formats); i++)
        if (looks_like(&head, i))
            return formats[i].driver;
    return "raw";
}

static gboolean check_driver(const Image *image, GError **error)
{
    static const char *const known[] = {
        "raw", "qcow2", "qcow", "qed", "vmdk", "vpc", "vdi", "luks"
    };

    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_str_equal(image->driver, known[i]))
            return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                "the backing file '%s' has the format '%s': not followed", image->path,
                image->driver);
    return FALSE;
}

static gboolean fail_unstated(const Image *above, const Image *image, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                "the format of the backing file '%s' is not stated in '%s': not followed (state it "
                "with: qemu-img rebase -u -b FILE -F FORMAT IMAGE)",
                image->path, above->path);
    return FALSE;
}

static gboolean is_uri(const char *backing)
{
    gsize scheme = strcspn(backing, ":/");

    return backing[scheme] == ':';
}

/* A backing file is named from its image's folder on. NULL: it is no file. */
static char *backing_path(const Image *image, const char *backing)
{
    g_autofree char *folder = g_path_get_dirname(image->path);

    if (g_str_has_prefix(backing, "file:"))
        backing += strlen("file:");
    else if (is_uri(backing))
        return NULL;
    return g_canonicalize_filename(backing, folder);
}

static gboolean check_new(const GPtrArray *chain, const Image *image, GError **error)
{
    gboolean again = FALSE;

    for (guint i = 0; i < chain->len; i++) {
        const Image *other = chain->pdata[i];

        again |= other->dev == image->dev && other->ino == image->ino;
    }
    if (!again && chain->len < DEPTH_MAX)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                again ? "the image '%s' is its own backing file"
                      : "the chain of backing files at '%s' is too long",
                image->path);
    return FALSE;
}

/* Opens it and finds out what it is. */
static int open_image(const GPtrArray *chain, Image *image, GError **error)
{
    /* Not blocking, should it be a FIFO. */
    g_auto(KxlFd) fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        kxl_error_set_errno(error, errno, "%s '%s'", chain->len ? "backing file" : "image",
                            image->path);
        return -1;
    }
    image->dev = st.st_dev;
    image->ino = st.st_ino;
    return check_new(chain, image, error) ? kxl_fd_steal(&fd) : -1;
}

/* The driver of what is below, stated or, where that does no harm, seen. */
static gboolean settle_driver(const GPtrArray *chain, Image *image, int fd, KxlChainRule rule,
                              GError **error)
{
    g_auto(KxlImageLinks) links = { NULL };
    const char *seen;

    if (image->driver)
        return check_driver(image, error);
    seen = guess_driver(fd);
    if (rule == KXL_CHAIN_STRICT || !kxl_image_links(fd, seen, &links) || links.backing ||
        links.malformed || links.has_foreign_data)
        return fail_unstated(chain->pdata[chain->len - 1], image, error);
    image->driver = g_strdup(seen);
    return TRUE;
}

static Image *image_new(char *path, const char *driver)
{
    Image *image = g_new0(Image, 1);

    image->path = path;
    image->driver = g_strdup(driver);
    return image;
}

/* Takes image into the chain; *ret_next: what is below, or NULL at the end. */
static gboolean step(GPtrArray *chain, Image *image, KxlChainRule rule, Image **ret_next,
                     GError **error)
{
    g_auto(KxlFd) fd = open_image(chain, image, error);
    g_auto(KxlImageLinks) links = { NULL };
    gboolean ok = fd >= 0 && settle_driver(chain, image, fd, rule, error);
    char *path;

    *ret_next = NULL;
    g_ptr_array_add(chain, image);
    if (!ok)
        return FALSE;
    if (!kxl_image_links(fd, image->driver, &links))
        return kxl_error_set_errno(error, errno, "image '%s'", image->path);
    if (links.has_foreign_data) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "the image '%s' has its data in another file: not followed", image->path);
        return FALSE;
    }
    if (links.malformed) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                    "the image '%s' names a backing file that cannot be one", image->path);
        return FALSE;
    }
    if (!links.backing)
        return TRUE;
    path = backing_path(image, links.backing);
    if (path)
        *ret_next = image_new(path, links.backing_format);
    else if (rule == KXL_CHAIN_STRICT)
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                    "the backing file '%s' of '%s' is not a file: not followed", links.backing,
                    image->path);
    return path || rule != KXL_CHAIN_STRICT;
}

static gboolean has_links(const char *driver)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_str_equal(formats[i].driver, driver))
            return TRUE;
    return FALSE;
}

gboolean kxl_image_check_chain(const char *path, const char *driver, KxlChainRule rule,
                               GError **error)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func(image_free);
    Image *next = has_links(driver) ? image_new(g_strdup(path), driver) : NULL;

    while (next)
        if (!step(chain, next, rule, &next, error))
            return FALSE;
    return TRUE;
}
