/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an emulator has: reading its answers, checking command lines against them, remembering. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "qemu-caps.h"

#define TYPES(list) "{\"return\": [" list "], \"id\": \"types\"}\n"
#define TYPE(name)  "{\"name\": \"" name "\"}"

static const char answers[] = "{\"QMP\": {\"version\": {}}}\n{\"return\": {}}\n" TYPES(
    TYPE("e1000") ", " TYPE("iothread")) "{\"error\": {\"class\": \"GenericError\", \"desc\": "
                                         "\"Unknown driver 'iscsi'\"}, \"id\": \"iscsi\"}\n"
                                         "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no "
                                         "such file\"}, \"id\": \"rbd\"}\n";

static void test_parse(void)
{
    g_autoptr(KxlQemuCaps) caps = kxl_qemu_caps_parse(answers);

    g_assert_nonnull(caps);
    g_assert_true(kxl_qemu_caps_has_type(caps, "e1000"));
    g_assert_false(kxl_qemu_caps_has_type(caps, "e10000"));
    g_assert_true(kxl_qemu_caps_has_block(caps, "rbd"));
    g_assert_false(kxl_qemu_caps_has_block(caps, "iscsi"));
    g_assert_null(kxl_qemu_caps_parse("{\"return\": {}}\nqemu: no such option\n"));
    g_assert_null(kxl_qemu_caps_parse(""));
}

static const struct {
    const char *option, *value, *message; /* NULL: it is there */
} rows[] = {
    { "-device", "e1000,id=a", NULL },
    { "-device", "{\"driver\": \"e1000\"}", NULL },
    { "-device", "usb-redir,id=a", "device 'usb-redir' is not supported*" },
    { "-device", "{\"driver\": \"x\"}", "device 'x' *" },
    { "-object", "iothread,id=a", NULL },
    { "-object", "{\"qom-type\": \"iothread\", \"id\": \"a\"}", NULL },
    { "-object", "rng-random,id=a", "object 'rng-random' *" },
    { "-blockdev", "{\"driver\": \"raw\", \"file\": {\"driver\": \"rbd\"}}", NULL },
    { "-blockdev", "{\"driver\": \"raw\", \"file\": {\"driver\": \"iscsi\"}}",
      "disk protocol 'iscsi' *qemu-block-extra" },
    { "-blockdev",
      "{\"driver\": \"qcow2\", \"backing\": {\"driver\": \"raw\", \"file\": {\"driver\": "
      "\"ssh\"}}}",
      "disk protocol 'ssh' *qemu-block-extra" },
};

static void test_allow(void)
{
    g_autoptr(KxlQemuCaps) caps = kxl_qemu_caps_parse(answers);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *argv[] = { (char *)"qemu", (char *)rows[i].option, (char *)rows[i].value, NULL };
        g_autoptr(GError) error = NULL;
        gboolean ok = kxl_qemu_caps_allow(caps, argv, &error);

        g_test_message("%s %s: %s", rows[i].option, rows[i].value, error ? error->message : "ok");
        g_assert_cmpint(ok, ==, rows[i].message == NULL);
        if (ok)
            continue;
        g_assert_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED);
        g_assert_true(g_pattern_match_simple(rows[i].message, error->message));
    }
}

/* --- the emulator of this machine ------------------------------------------------------------- */

typedef struct {
    char *dir;
    KxlHost *host;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    static const char *const dirs[] = { "KANZEN_RUN_DIR", "KANZEN_LIB_DIR", "KANZEN_LOG_DIR" };
    g_autoptr(GError) error = NULL;

    f->dir = g_dir_make_tmp("kxl-caps-XXXXXX", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(dirs); i++)
        g_setenv(dirs[i], f->dir, TRUE);
    f->host = kxl_host_new(&error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    kxl_host_free(f->host);
    kxl_remove_tree(f->dir);
    g_free(f->dir);
}

/* A program that answers with one type more for each time it was asked. */
static char *write_program(const Fixture *f)
{
    static const char script[] =
        "#!/bin/sh\n"
        "dir=${0%/*}\n"
        "echo x >> $dir/count\n"
        "for word; do case $word in pipe,id=qmp,path=*) out=${word#*path=}.out ;; esac; done\n"
        "n=$(wc -l < $dir/count)\n"
        "echo '{\"return\": [{\"name\": \"dev'$n'\"}], \"id\": \"types\"}' > $out\n";
    char *path = g_build_filename(f->dir, "emulator", NULL);

    g_file_set_contents(path, script, -1, NULL);
    g_assert_cmpint(chmod(path, 0700), ==, 0);
    return path;
}

static guint times_asked(const Fixture *f)
{
    g_autofree char *path = g_build_filename(f->dir, "count", NULL);
    g_autofree char *text = kxl_file_read(path, NULL);

    return text ? (guint)strlen(text) / 2 : 0;
}

static void test_remembered(Fixture *f, gconstpointer data)
{
    g_autofree char *program = write_program(f);
    char *has[] = { program, (char *)"-device", (char *)"dev1", NULL };
    char *comes[] = { program, (char *)"-device", (char *)"dev2", NULL };
    char *lacks[] = { program, (char *)"-device", (char *)"dev9", NULL };
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 3; i++)
        g_assert_true(kxl_qemu_caps_check(f->host, has, NULL));
    g_assert_cmpuint(times_asked(f), ==, 1);
    /* What is missing may have come since. */
    g_assert_true(kxl_qemu_caps_check(f->host, comes, NULL));
    g_assert_cmpuint(times_asked(f), ==, 2);
    g_assert_false(kxl_qemu_caps_check(f->host, lacks, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED);
    g_assert_cmpuint(times_asked(f), ==, 3);
}

static void test_another_program(Fixture *f, gconstpointer data)
{
    g_autofree char *program = write_program(f);
    g_autoptr(KxlQemuCaps) first = kxl_qemu_caps_get(f->host, program, NULL);
    FILE *file = fopen(program, "a");

    g_assert_nonnull(first);
    fputs("# longer\n", file);
    fclose(file);
    kxl_qemu_caps_free(kxl_qemu_caps_get(f->host, program, NULL));
    g_assert_cmpuint(times_asked(f), ==, 2);
}

/* Not to be asked, not to be checked: its start complains. */
static void test_mute(Fixture *f, gconstpointer data)
{
    char *argv[] = { (char *)"/bin/false", (char *)"-device", (char *)"x", NULL };
    g_autoptr(GError) error = NULL;

    g_assert_null(kxl_qemu_caps_get(f->host, "/bin/false", &error));
    g_assert_nonnull(error);
    g_assert_true(kxl_qemu_caps_check(f->host, argv, NULL));
    g_assert_null(kxl_qemu_caps_get(f->host, "/nonexistent", NULL));
}

static void test_real(Fixture *f, gconstpointer data)
{
    static const char *const types[] = { "virtio-blk-pci", "usb-storage", "throttle-group" };
    g_autofree char *program = g_find_program_in_path("qemu-system-x86_64");
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlQemuCaps) caps = NULL;

    if (!program) {
        g_test_skip("no qemu-system-x86_64");
        return;
    }
    caps = kxl_qemu_caps_get(f->host, program, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        g_assert_true(kxl_qemu_caps_has_type(caps, types[i]));
    g_assert_false(kxl_qemu_caps_has_type(caps, "no-such-device"));
    g_assert_true(kxl_qemu_caps_has_block(caps, "vvfat"));
}

#define ADD(name, func) g_test_add("/qemu-caps/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu-caps/parse", test_parse);
    g_test_add_func("/qemu-caps/allow", test_allow);
    ADD("remembered", test_remembered);
    ADD("another-program", test_another_program);
    ADD("mute", test_mute);
    ADD("real", test_real);
    return g_test_run();
}
