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
#include "storage/volume.h"

#define UUID "70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2"
#define POOL(name, rest)                                                                           \
    "<pool type='dir'><name>" name "</name><uuid>" UUID "</uuid><target>" rest "</target></pool>"
#define VOLUME(name, rest) "<volume><name>" name "</name>" rest "</volume>"
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

/* ---- pools ---- */

static void test_pool_round_trip(void)
{
    static const char expected[] = "<pool type='dir'>\n"
                                   "  <name>a&amp;b</name>\n"
                                   "  <uuid>" UUID "</uuid>\n"
                                   "  <capacity unit='bytes'>0</capacity>\n"
                                   "  <allocation unit='bytes'>0</allocation>\n"
                                   "  <available unit='bytes'>0</available>\n"
                                   "  <source>\n  </source>\n"
                                   "  <target>\n"
                                   "    <path>/absent/x</path>\n"
                                   "    <permissions>\n      <mode>0700</mode>\n"
                                   "      <group>7</group>\n    </permissions>\n"
                                   "  </target>\n"
                                   "</pool>\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(PoolDef) def =
        pool_def_parse(POOL("a&amp;b", "<path>/absent//x/</path><permissions><mode>0700</mode>"
                                       "<owner>-1</owner><group>7</group></permissions>"),
                       &error);
    g_autoptr(PoolDef) again = NULL;
    g_autofree char *xml = NULL, *xml_again = NULL;

    g_assert_no_error(error);
    xml = pool_def_format(def, FALSE);
    g_assert_cmpstr(xml, ==, expected);
    again = pool_def_parse(xml, &error);
    g_assert_no_error(error);
    xml_again = pool_def_format(again, FALSE);
    g_assert_cmpstr(xml_again, ==, expected);
}

static void test_pool_errors(void)
{
    static const struct {
        const char *xml;
        VirErrorCode code;
        const char *word;
    } cases[] = {
        { "<pool", VIR_ERR_XML_ERROR, "well-formed" },
        { "<volume/>", VIR_ERR_XML_ERROR, "volume" },
        { "<pool><name>a</name></pool>", VIR_ERR_XML_ERROR, "type" },
        { "<pool type='zfs'><name>a</name></pool>", VIR_ERR_CONFIG_UNSUPPORTED, "zfs" },
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
        { "<pool type='dir'><name>a</name><uuid>x</uuid><target><path>/a</path></target></pool>",
          VIR_ERR_XML_ERROR, "uuid" },
        { "<pool type='dir'><name>a</name><features><cow state='no'/></features>"
          "<target><path>/a</path></target></pool>",
          VIR_ERR_CONFIG_UNSUPPORTED, "cow" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PoolDef) def = pool_def_parse(cases[i].xml, &error);

        g_assert_null(def);
        g_assert_error(error, VIR_ERROR, (int)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].word));
    }
}

/* ---- volumes ---- */

static void test_volume_def(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VolumeDef) def = volume_def_parse(
        VOLUME("v", "<capacity unit='KiB'>4</capacity><allocation unit='KB'>1</allocation>"
                    "<target><format type='qcow2'/><permissions><mode>0640</mode></permissions>"
                    "<compat>0.10</compat><features/></target>"
                    "<backingStore><path>/b</path><format type='raw'/></backingStore>"),
        &error);
    g_autoptr(VolumeDef) plain = NULL;

    g_assert_no_error(error);
    g_assert_cmpuint(def->capacity, ==, 4096);
    g_assert_cmpuint(def->allocation, ==, 1000);
    g_assert_cmpint(def->permissions.mode, ==, 0640);
    g_assert_cmpint(def->permissions.owner, ==, -1);
    g_assert_cmpstr(def->format, ==, "qcow2");
    g_assert_cmpstr(def->compat, ==, "0.10");
    g_assert_cmpstr(def->backing_path, ==, "/b");
    g_assert_cmpstr(def->backing_format, ==, "raw");
    g_assert_false(def->lazy_refcounts);

    plain = volume_def_parse(VOLUME("v", "<capacity>7</capacity>"), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(plain->allocation, ==, 7); /* not said: all of it */
    g_assert_null(plain->format);
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
        { VOLUME("a", CAPACITY "<target><encryption format='luks'/></target>"),
          VIR_ERR_CONFIG_UNSUPPORTED },
        { VOLUME("a", CAPACITY "<target><nocow/></target>"), VIR_ERR_CONFIG_UNSUPPORTED },
        { VOLUME("a", CAPACITY "<target><compat>1.1</compat></target>"),
          VIR_ERR_CONFIG_UNSUPPORTED },
        { VOLUME("a", CAPACITY "<target><format type='qcow2'/><compat>1,x=y</compat></target>"),
          VIR_ERR_CONFIG_UNSUPPORTED },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VolumeDef) def = volume_def_parse(cases[i].xml, &error);

        g_assert_null(def);
        g_assert_error(error, VIR_ERROR, (int)cases[i].code);
    }
}

static void test_volume_xml(void)
{
    Volume volume = { .type = VOLUME_FILE,
                      .name = (char *)"a<b",
                      .path = (char *)"/p/a<b",
                      .image = { .format = "qcow2",
                                 .capacity = 5,
                                 .compat = "1.1",
                                 .cluster_size = 65536,
                                 .backing_path = (char *)"/base" },
                      .allocation = 512,
                      .st = { .st_size = 9, .st_mode = S_IFREG | 0600 } };
    static const char *const parts[] = { "<volume type='file'>\n  <name>a&lt;b</name>\n",
                                         "  <key>/p/a&lt;b</key>\n",
                                         "  <capacity unit='bytes'>5</capacity>\n"
                                         "  <allocation unit='bytes'>512</allocation>\n"
                                         "  <physical unit='bytes'>9</physical>\n",
                                         "      <mode>0600</mode>\n      <owner>0</owner>\n",
                                         "      <atime>0.000000000</atime>\n",
                                         "    <compat>1.1</compat>\n"
                                         "    <clusterSize unit='B'>65536</clusterSize>\n"
                                         "    <features/>\n",
                                         "  <backingStore>\n    <path>/base</path>\n"
                                         "  </backingStore>\n</volume>\n" };
    g_autofree char *xml = volume_format_xml(&volume);

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(xml, parts[i]));
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
    g_test_add_func("/storage/pool/round-trip", test_pool_round_trip);
    g_test_add_func("/storage/pool/errors", test_pool_errors);
    g_test_add_func("/storage/volume/def", test_volume_def);
    g_test_add_func("/storage/volume/errors", test_volume_errors);
    g_test_add_func("/storage/volume/xml", test_volume_xml);
    g_test_add_func("/storage/image/formats", test_formats);
    g_test_add_func("/storage/image/hostile-qcow2", test_hostile_qcow2);
    g_test_add_func("/storage/image/short", test_short_files);
    return g_test_run();
}
