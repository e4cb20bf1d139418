/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML of storage pools and volumes, and image formats by their first bytes. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "rpc/error.h"
#include "storage/image.h"
#include "storage/names.h"
#include "storage/pool-def.h"
#include "storage/pool-type.h"
#include "storage/volume.h"

#define UUID "70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2"
#define POOL(name, rest)                                                                           \
    "<pool type='dir'><name>" name "</name><uuid>" UUID "</uuid><target>" rest "</target></pool>"
#define VOLUME(name, rest) "<volume><name>" name "</name>" rest "</volume>"
#define TARGET(rest)       "<target>" rest "</target>"
#define CAPACITY           "<capacity>1</capacity>"

/* ---- names ---- */

static void test_names(void)
{
    static const char *const good[] = { "a", "a b", "..a", "-o", "a:b,c", "\xc3\xa9.img" };
    static const char *const bad[] = { "", ".", "..", "a/b", "/", "a\nb", "a\x7f", "\xff" };
    g_autofree char *long_name = g_strnfill(256, 'x');

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(is_file_name(good[i]));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(is_file_name(bad[i]));
    g_assert_false(is_file_name(long_name));
    g_assert_true(is_file_name(long_name + 1));
}

/* ---- golden files ---- */

typedef char *(*RewriteFunc)(const char *xml, const char *stem, GError **error);

static char *read_file(const char *path)
{
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static char *rewrite_pool(const char *xml, const char *stem, GError **error)
{
    g_autoptr(PoolDef) def = pool_def_parse(xml, error);

    return def != NULL ? pool_def_format(def, NULL, NULL) : NULL;
}

/* A volume's format is read as the type of its pool has it: the longest type that stem, or its rest
 * behind "vol-", begins with. Files of folders are the most, and named after many things. */
static const PoolType *type_of(const char *stem)
{
    const char *word = g_str_has_prefix(stem, "vol-") ? stem + 4 : stem;
    const PoolType *found = pool_type_find("dir", NULL);

    if (g_str_has_prefix(word, "partition"))
        return pool_type_find("disk", NULL);
    for (guint i = 0; i < pool_n_types; i++) {
        if (g_str_has_prefix(word, pool_types[i].name))
            found = &pool_types[i];
    }
    return found;
}

static char *rewrite_volume(const char *xml, const char *stem, GError **error)
{
    const PoolType *type = type_of(stem);
    g_autoptr(Volume) volume = volume_parse(xml, type, error);

    return volume != NULL ? volume_format(volume, type) : NULL;
}

/* Like with like: an element that says nothing is as good as none. */
static char *normal(const char *xml)
{
    g_auto(GStrv) parts = g_strsplit(xml, "  <source>\n  </source>\n", -1);

    return g_strjoinv("", parts);
}

/* Returns FALSE when there is no such case. */
static gboolean check_case(const char *in, const char *out, const char *stem, RewriteFunc rewrite)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = read_file(in), *expected = read_file(out);
    g_autofree char *written = rewrite(xml, stem, &error);
    g_autofree char *again = NULL;

    g_test_message("%s", in);
    g_assert_no_error(error);
    again = rewrite(written, stem, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(again, ==, written);
    if (expected == NULL)
        return FALSE;
    g_autofree char *a = normal(written), *b = normal(expected);
    g_assert_cmpstr(a, ==, b);
    return TRUE;
}

/* Each file of in/ is read and written; what comes out is out/'s, and read and written again the
 * same. */
static void check_folder(const char *in, const char *out, gboolean own, RewriteFunc rewrite)
{
    g_autoptr(GDir) dir = g_dir_open(in, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".xml"));
        g_autofree char *from = g_build_filename(in, name, NULL);
        g_autofree char *to = g_build_filename(out, name, NULL);
        g_autofree char *text = read_file(from);

        /* A volume without a capacity is one of those that are only made from another. */
        if (rewrite == rewrite_volume && strstr(text, "<capacity") == NULL)
            continue;
        if (own && g_getenv("STORAGE_REGENERATE") != NULL) {
            g_autofree char *written = rewrite(text, stem, NULL);

            g_assert_true(g_file_set_contents(to, written, -1, NULL));
        }
        g_assert_true(check_case(from, to, stem, rewrite) || !own);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

static void test_golden(void)
{
    check_folder(TEST_DATA "/pool/in", TEST_DATA "/pool/out", TRUE, rewrite_pool);
    check_folder(TEST_DATA "/volume/in", TEST_DATA "/volume/out", TRUE, rewrite_volume);
}

/* libvirt's, where the shared folder is ($KANZEN_SHARED or ../shared). */
static void test_corpora(void)
{
    const char *shared = g_getenv("KANZEN_SHARED");
    g_autofree char *root =
        shared != NULL ? g_strdup(shared) : g_build_filename(TEST_ROOT, "../shared", NULL);
    static const struct {
        const char *name;
        RewriteFunc rewrite;
    } rows[] = { { "storagepool", rewrite_pool }, { "storagevol", rewrite_volume } };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *in = g_strdup_printf("%s/corpora/%sxml2xmlin", root, rows[i].name);
        g_autofree char *out = g_strdup_printf("%s/corpora/%sxml2xmlout", root, rows[i].name);

        if (g_file_test(in, G_FILE_TEST_IS_DIR))
            check_folder(in, out, FALSE, rows[i].rewrite);
        else
            g_test_skip("no shared folder");
    }
}

/* ---- bad definitions ---- */

#define SOURCE(type, source)                                                                       \
    "<pool type='" type "'><name>p</name><source>" source "</source>"                              \
    "<target><path>/p</path></target></pool>"

static void test_pool_errors(void)
{
    static const struct {
        const char *xml;
        VirErrorCode code;
        const char *word;
    } cases[] = {
        { "<pool", VIR_ERR_XML_DETAIL, "Start Tag" },
        { "<volume/>", VIR_ERR_XML_ERROR, "volume" },
        { "<pool><name>a</name></pool>", VIR_ERR_XML_ERROR, "type" },
        { "<pool type='lvm'><name>a</name></pool>", VIR_ERR_CONFIG_UNSUPPORTED, "lvm" },
        { "<pool type='dir'/>", VIR_ERR_XML_ERROR, "name" },
        { POOL("..", "<path>/a</path>"), VIR_ERR_XML_ERROR, ".." },
        { POOL("a/b", "<path>/a</path>"), VIR_ERR_XML_ERROR, "a/b" },
        { POOL("a\nb", "<path>/a</path>"), VIR_ERR_XML_ERROR, "name" },
        { POOL("a", ""), VIR_ERR_XML_ERROR, "target path" },
        { POOL("a", "<path>a</path>"), VIR_ERR_XML_ERROR, "absolute" },
        { POOL("a", "<path>/a</path><permissions><mode>8</mode></permissions>"), VIR_ERR_XML_ERROR,
          "8" },
        { POOL("a", "<path>/a</path><permissions><mode>17777</mode></permissions>"),
          VIR_ERR_XML_ERROR, "mode" },
        { POOL("a", "<path>/a</path><permissions><owner>4294967296</owner></permissions>"),
          VIR_ERR_XML_ERROR, "owner" },
        { "<pool type='dir'><name>a</name><uuid>x</uuid><target><path>/a</path></target></pool>",
          VIR_ERR_XML_ERROR, "uuid" },
        { SOURCE("fs", ""), VIR_ERR_XML_ERROR, "device" },
        { SOURCE("fs", "<device/>"), VIR_ERR_XML_ERROR, "device" },
        { SOURCE("fs", "<device path='--help'/>"), VIR_ERR_XML_ERROR, "--help" },
        { SOURCE("fs", "<device path='/d'/><format type='ntfs'/>"), VIR_ERR_XML_ERROR, "ntfs" },
        { SOURCE("netfs", "<dir path='/d'/>"), VIR_ERR_XML_ERROR, "host" },
        { SOURCE("netfs", "<host name='h'/>"), VIR_ERR_XML_ERROR, "path" },
        { SOURCE("netfs", "<host name='h' port='99999'/><dir path='/d'/>"), VIR_ERR_XML_ERROR,
          "99999" },
        { SOURCE("netfs", "<host name='h'/><dir path='/d'/><protocol ver='4,sync'/>"),
          VIR_ERR_XML_ERROR, "4,sync" },
        { SOURCE("fs", "<device path='/d'/><protocol ver='4'/>"), VIR_ERR_XML_ERROR, "protocol" },
        { SOURCE("disk", "<device path='/d' part_separator='maybe'/>"), VIR_ERR_XML_ERROR,
          "maybe" },
        { SOURCE("scsi", ""), VIR_ERR_XML_ERROR, "adapter" },
        { SOURCE("scsi", "<adapter type='pci'/>"), VIR_ERR_XML_ERROR, "pci" },
        { SOURCE("scsi", "<adapter type='fc_host' wwnn='x' wwpn='y'/>"), VIR_ERR_XML_ERROR, "wwn" },
        { SOURCE("iscsi-direct", "<host name='h'/><device path='t'/>"), VIR_ERR_XML_ERROR, "IQN" },
        { SOURCE("iscsi", "<host name='h'/><auth type='basic' username='u'/>"), VIR_ERR_XML_ERROR,
          "basic" },
        { SOURCE("iscsi", "<host name='h'/><auth type='chap' username='u'><secret/></auth>"),
          VIR_ERR_XML_ERROR, "secret" },
        { "<pool type='zfs'><name>-p</name></pool>", VIR_ERR_XML_ERROR, "-p" },
        { "<pool type='rbd'><name>p</name><source><host name='h'/></source></pool>",
          VIR_ERR_XML_ERROR, "element 'name' is mandatory for RBD pool" },
        { "<pool type='netfs'><name>a</name><features><cow state='no'/></features><source>"
          "<host name='h'/><dir path='/d'/></source><target><path>/a</path></target></pool>",
          VIR_ERR_NO_SUPPORT, "cow" },
        { "<!DOCTYPE pool [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
          "<pool type='dir'><name>&b;</name></pool>",
          VIR_ERR_XML_ERROR, "document type" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PoolDef) def = pool_def_parse(cases[i].xml, &error);

        g_test_message("%s", cases[i].xml);
        g_assert_null(def);
        g_assert_error(error, VIR_ERROR, (int)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].word));
    }
}

static void test_conflicts(void)
{
    static const struct {
        const char *a, *b;
        gboolean conflict;
    } cases[] = {
        { SOURCE("dir", ""), SOURCE("dir", ""), TRUE },
        { SOURCE("dir", ""), SOURCE("fs", "<device path='/d'/>"), TRUE },
        { SOURCE("disk", "<device path='/d'/>"), SOURCE("disk", "<device path='/d'/>"), TRUE },
        { SOURCE("disk", "<device path='/d'/>"), SOURCE("disk", "<device path='/e'/>"), FALSE },
        { SOURCE("iscsi", "<host name='h'/><device path='t'/>"),
          SOURCE("iscsi", "<host name='h' port='3260'/><device path='t'/>"), TRUE },
        { SOURCE("iscsi", "<host name='h'/><device path='t'/>"),
          SOURCE("iscsi", "<host name='h'/><device path='u'/>"), FALSE },
        { SOURCE("logical", "<name>v</name>"), SOURCE("logical", "<name>v</name>"), TRUE },
        { SOURCE("logical", "<name>v</name>"), SOURCE("zfs", "<name>v</name>"), FALSE },
        { SOURCE("scsi", "<adapter name='host1'/>"),
          SOURCE("scsi", "<adapter type='scsi_host' name='host1'/>"), TRUE },
        { SOURCE("scsi", "<adapter name='host1'/>"), SOURCE("scsi", "<adapter name='host2'/>"),
          FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PoolDef) a = pool_def_parse(cases[i].a, NULL);
        g_autoptr(PoolDef) b = pool_def_parse(cases[i].b, NULL);

        g_assert_cmpint(pool_def_conflicts(a, b), ==, cases[i].conflict);
        g_assert_cmpint(pool_def_conflicts(b, a), ==, cases[i].conflict);
    }
}

static void test_volume_errors(void)
{
    static const struct {
        const char *xml;
        VirErrorCode code;
    } cases[] = {
        { VOLUME("", CAPACITY), VIR_ERR_XML_ERROR },
        { VOLUME("../a", CAPACITY), VIR_ERR_XML_ERROR },
        { VOLUME("a\nb", CAPACITY), VIR_ERR_XML_ERROR },
        { VOLUME("a", ""), VIR_ERR_XML_ERROR },
        { VOLUME("a", "<capacity>x</capacity>"), VIR_ERR_XML_ERROR },
        { VOLUME("a", "<capacity unit='EiB'>8</capacity>"), VIR_ERR_OVERFLOW },
        { VOLUME("a", "<capacity unit='foo'>8</capacity>"), VIR_ERR_INVALID_ARG },
        { VOLUME("a", CAPACITY TARGET("<format type='--help'/>")), VIR_ERR_XML_ERROR },
        { VOLUME("a", CAPACITY TARGET("<encryption format='rot13'/>")), VIR_ERR_XML_ERROR },
        { VOLUME("a", CAPACITY TARGET("<encryption format='luks'><secret type='x'/></encryption>")),
          VIR_ERR_XML_ERROR },
        { VOLUME("a", CAPACITY TARGET("<encryption format='luks'><cipher name='a,b' size='1'/>"
                                      "</encryption>")),
          VIR_ERR_XML_ERROR },
        { VOLUME("a", CAPACITY TARGET("<encryption format='luks'><cipher name='aes'/>"
                                      "</encryption>")),
          VIR_ERR_XML_ERROR },
        { VOLUME("a", CAPACITY TARGET("<format type='qcow2'/><compat>1,x=y</compat>")),
          VIR_ERR_XML_ERROR },
        { VOLUME("a", CAPACITY TARGET("<features><fast/></features>")),
          VIR_ERR_CONFIG_UNSUPPORTED },
        { "<volume type='tape'><name>a</name>" CAPACITY "</volume>", VIR_ERR_XML_ERROR },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Volume) volume = volume_parse(cases[i].xml, pool_type_find("dir", NULL), &error);

        g_test_message("%s", cases[i].xml);
        g_assert_null(volume);
        g_assert_error(error, VIR_ERROR, (int)cases[i].code);
    }
}

/* ---- formats ---- */

static void probe(const void *head, gsize len, guint64 size, ImageInfo *info)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("image-XXXXXX", &path, NULL);

    g_assert_cmpint(write(fd, head, len), ==, (gssize)len);
    g_assert_true(image_probe(fd, size, info));
    close(fd);
    g_unlink(path);
}

static void test_formats(void)
{
    static const struct {
        const char *head; /* 64 bytes of it */
        const char *format;
    } cases[] = {
        { "QFI\xfb\0\0\0\3", "qcow2" }, { "QFI\xfb\0\0\0\2", "qcow2" },
        { "QFI\xfb\0\0\0\1", "qcow" },  { "QED\0\0\0\0\0", "qed" },
        { "KDMV\0\0\0\0", "vmdk" },     { "conectix", "vpc" },
        { "QFI\0\0\0\0\0", "raw" },     { "\0\0\0\0\0\0\0\0", "raw" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(ImageInfo) info = { 0 };
        char head[64] = { 0 };

        memcpy(head, cases[i].head, 8);
        probe(head, sizeof head, 1000, &info);
        g_assert_cmpstr(info.format, ==, cases[i].format);
    }
}

/* A header that promises more than there is. */
static void test_hostile_qcow2(void)
{
    g_auto(ImageInfo) info = { 0 };
    guint8 head[104] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 3 };

    memset(head + 8, 0xff, sizeof head - 8);
    probe(head, sizeof head, sizeof head, &info);
    g_assert_cmpstr(info.format, ==, "qcow2");
    g_assert_null(info.backing_path);
    g_assert_null(info.backing_format);
    g_assert_cmpuint(info.cluster_size, ==, 0);
}

static void test_short_files(void)
{
    for (gsize len = 0; len < 32; len++) {
        g_auto(ImageInfo) info = { 0 };

        probe("QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", len, len, &info);
        g_assert_null(info.backing_path);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/storage/names", test_names);
    g_test_add_func("/storage/golden", test_golden);
    g_test_add_func("/storage/corpora", test_corpora);
    g_test_add_func("/storage/pool/errors", test_pool_errors);
    g_test_add_func("/storage/pool/conflicts", test_conflicts);
    g_test_add_func("/storage/volume/errors", test_volume_errors);
    g_test_add_func("/storage/image/formats", test_formats);
    g_test_add_func("/storage/image/hostile-qcow2", test_hostile_qcow2);
    g_test_add_func("/storage/image/short", test_short_files);
    return g_test_run();
}
