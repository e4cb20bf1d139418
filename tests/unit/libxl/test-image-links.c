/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that name other files: headers made by hand, since no tool makes the hostile ones. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "kxl-image.h"

#define LEN 4096u

typedef struct {
    char *folder;
    guint8 head[LEN];
} Fixture;

static void put(Fixture *f, gsize at, guint64 value, guint len)
{
    for (guint i = 0; i < len; i++)
        f->head[at + i] = (guint8)(value >> 8 * (len - 1 - i));
}

static void put_little(Fixture *f, gsize at, guint64 value, guint len)
{
    for (guint i = 0; i < len; i++)
        f->head[at + i] = (guint8)(value >> 8 * i);
}

static char *file_path(const Fixture *f, const char *name)
{
    return g_build_filename(f->folder, name, NULL);
}

static void save(Fixture *f, const char *name)
{
    g_autofree char *path = file_path(f, name);

    g_assert_true(g_file_set_contents(path, (const char *)f->head, LEN, NULL));
    memset(f->head, 0, LEN);
}

/* format: of the backing file; NULL: not stated. */
static void make_qcow2(Fixture *f, const char *name, const char *backing, const char *format)
{
    memcpy(f->head, "QFI\xfb", 4);
    put(f, 4, 3, 4);
    put(f, 100, 104, 4);
    if (format) {
        put(f, 104, 0xe2792aca, 4);
        put(f, 108, strlen(format), 4);
        memcpy(f->head + 112, format, strlen(format));
    }
    if (backing) {
        put(f, 8, 512, 8);
        put(f, 16, strlen(backing), 4);
        memcpy(f->head + 512, backing, strlen(backing));
    }
    if (name)
        save(f, name);
}

static void set_up(Fixture *f, gconstpointer data)
{
    f->folder = g_dir_make_tmp("kxl-links-XXXXXX", NULL);
    memset(f->head, 0, LEN);
    save(f, "raw");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(f->folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = file_path(f, name);

        g_unlink(path);
    }
    g_rmdir(f->folder);
    g_free(f->folder);
}

static void check(Fixture *f, const char *driver, KxlChainRule rule, int code, const char *word)
{
    g_autofree char *path = file_path(f, "top");
    g_autoptr(GError) error = NULL;
    gboolean ok = kxl_image_check_chain(path, driver, rule, &error);

    if (!word) {
        g_assert_no_error(error);
        g_assert_true(ok);
        return;
    }
    g_assert_error(error, KXL_ERROR, code);
    g_assert_nonnull(strstr(error->message, word));
}

static void check_both(Fixture *f, const char *driver, int code, const char *word)
{
    check(f, driver, KXL_CHAIN_START, code, word);
    check(f, driver, KXL_CHAIN_STRICT, code, word);
}

/* --- chains ----------------------------------------------------------------------------------- */

static void test_plain(Fixture *f, gconstpointer data)
{
    make_qcow2(f, "middle", "raw", "raw");
    make_qcow2(f, "top", "middle", "qcow2");
    check_both(f, "qcow2", 0, NULL);
    check_both(f, "raw", 0, NULL); /* whatever is in it */
    make_qcow2(f, "top", "file:middle", "qcow2");
    check_both(f, "qcow2", 0, NULL);
}

static void test_loops(Fixture *f, gconstpointer data)
{
    g_autofree char *target = file_path(f, "top"), *link = file_path(f, "link");

    make_qcow2(f, "top", "top", "qcow2");
    check_both(f, "qcow2", KXL_ERROR_STATE, "its own backing file");
    make_qcow2(f, "top", "middle", "qcow2");
    make_qcow2(f, "middle", "link", "qcow2");
    g_assert_cmpint(symlink(target, link), ==, 0);
    check_both(f, "qcow2", KXL_ERROR_STATE, "its own backing file");
    make_qcow2(f, "middle", "file:top", "qcow2");
    check_both(f, "qcow2", KXL_ERROR_STATE, "its own backing file");
}

static void test_depth(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < 250; i++) {
        g_autofree char *name = g_strdup_printf("i%u", i), *below = g_strdup_printf("i%u", i + 1);

        make_qcow2(f, i == 0 ? "top" : name, below, "qcow2");
    }
    check_both(f, "qcow2", KXL_ERROR_STATE, "too long");
}

/* libvirt's rule for what is to run: no harm done where nothing follows. */
static void test_unstated(Fixture *f, gconstpointer data)
{
    make_qcow2(f, "top", "raw", NULL);
    check(f, "qcow2", KXL_CHAIN_START, 0, NULL);
    check(f, "qcow2", KXL_CHAIN_STRICT, KXL_ERROR_STATE, "not stated");
    make_qcow2(f, "middle", "/etc/shadow", "raw");
    make_qcow2(f, "top", "middle", NULL);
    check_both(f, "qcow2", KXL_ERROR_STATE, "not stated");
    make_qcow2(f, "top", "middle", "raw"); /* stated: its bytes are data */
    check_both(f, "qcow2", 0, NULL);
}

static void test_not_followed(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *backing, *format;
        int start, strict; /* 0: fine */
    } cases[] = {
        { "raw", "nbd", KXL_ERROR_UNSUPPORTED, KXL_ERROR_UNSUPPORTED },
        { "raw", "host_device", KXL_ERROR_UNSUPPORTED, KXL_ERROR_UNSUPPORTED },
        { "raw", "ra\001w", 0, KXL_ERROR_STATE }, /* no name: as if unstated */
        { "missing", "raw", KXL_ERROR_NOT_FOUND, KXL_ERROR_NOT_FOUND },
        { "nbd://host/x", "raw", 0, KXL_ERROR_STATE },
        { "json:{\"driver\":\"file\"}", "raw", 0, KXL_ERROR_STATE },
        { "a\nb", "raw", KXL_ERROR_STATE, KXL_ERROR_STATE },
        { "\xff\xfe", "raw", KXL_ERROR_STATE, KXL_ERROR_STATE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].backing, cases[i].format);
        make_qcow2(f, "top", cases[i].backing, cases[i].format);
        check(f, "qcow2", KXL_CHAIN_START, cases[i].start, cases[i].start ? "backing file" : NULL);
        check(f, "qcow2", KXL_CHAIN_STRICT, cases[i].strict,
              cases[i].strict ? "backing file" : NULL);
    }
}

/* --- headers ---------------------------------------------------------------------------------- */

static void test_foreign_data(Fixture *f, gconstpointer data)
{
    make_qcow2(f, NULL, NULL, NULL);
    put(f, 72, 4, 8);
    save(f, "top");
    check_both(f, "qcow2", KXL_ERROR_UNSUPPORTED, "data in another file");
    memcpy(f->head, "KDMV", 4); /* capacity 0: the descriptor says where */
    save(f, "top");
    check_both(f, "vmdk", KXL_ERROR_UNSUPPORTED, "data in another file");
}

static void test_other_formats(Fixture *f, gconstpointer data)
{
    memcpy(f->head, "QED", 4);
    put_little(f, 16, 5, 8);
    put_little(f, 56, 512, 4);
    put_little(f, 60, 3, 4);
    memcpy(f->head + 512, "raw", 3);
    save(f, "top");
    check_both(f, "qed", 0, NULL);
    memcpy(f->head, "QFI\xfb\0\0\0\1", 8);
    put(f, 8, 512, 8);
    put(f, 16, 3, 4);
    memcpy(f->head + 512, "top", 3);
    save(f, "top");
    check_both(f, "qcow", KXL_ERROR_STATE, "own backing file");
    memcpy(f->head, "KDMV", 4);
    put_little(f, 12, 8, 8);
    put_little(f, 28, 1, 8);
    put_little(f, 36, G_MAXUINT64, 8);
    strcpy((char *)f->head + 512, "CID=1\nparentFileNameHint=\"top\"\n");
    save(f, "top");
    check_both(f, "vmdk", KXL_ERROR_STATE, "own backing file");
}

/* Numbers that lead out of the file, and files that end early. */
static void test_huge(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *driver, *magic;
    } cases[] = { { "qcow2", "QFI\xfb\0\0\0\3" },
                  { "qcow2", "QFI\xfb\0\0\0\2" },
                  { "qcow", "QFI\xfb\0\0\0\1" },
                  { "qed", "QED\0\xff\xff\xff\xff" },
                  { "vmdk", "KDMV\xff\xff\xff\xff" } };
    g_autofree char *path = file_path(f, "huge");

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (gsize len = 0; len <= LEN; len += len < 128 ? 1 : 497) {
            g_auto(KxlImageLinks) links = { NULL };
            int fd;

            memset(f->head, 0xff, LEN);
            memcpy(f->head, cases[i].magic, 8);
            g_assert_true(g_file_set_contents(path, (const char *)f->head, (gssize)len, NULL));
            fd = open(path, O_RDONLY | O_CLOEXEC);
            g_assert_true(kxl_image_links(fd, cases[i].driver, &links));
            g_assert_null(links.backing);
            close(fd);
        }
    }
}

#define ADD(name, func) g_test_add("/image-links/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("plain", test_plain);
    ADD("loops", test_loops);
    ADD("depth", test_depth);
    ADD("unstated", test_unstated);
    ADD("not-followed", test_not_followed);
    ADD("foreign-data", test_foreign_data);
    ADD("other-formats", test_other_formats);
    ADD("huge", test_huge);
    return g_test_run();
}
