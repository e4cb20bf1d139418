/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl.cfg: golden files (tests/data/xlcfg), single lines in a minimal domain, and round trips. With
 * XLCFG_REGENERATE=1 in the environment the expected files are written anew: review them by diff.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "domain-xml.h"
#include "xlcfg-fixture.h"

static char *join_warnings(const GPtrArray *warnings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < warnings->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)warnings->pdata[i]);
    return g_string_free(text, FALSE);
}

static void assert_file(const char *path, const char *content)
{
    g_autofree char *expected = NULL;

    if (g_getenv("XLCFG_REGENERATE")) {
        if (*content)
            g_assert_true(g_file_set_contents(path, content, -1, NULL));
        else
            g_unlink(path);
        return;
    }
    if (!g_file_get_contents(path, &expected, NULL, NULL))
        expected = g_strdup("");
    g_assert_cmpstr(content, ==, expected);
}

/* in/X.cfg gives out/X.cfg and perhaps out/X.warn, or out/X.err. */
static void test_golden(gconstpointer data)
{
    const char *name = data;
    g_autofree char *in = g_strdup_printf("%s/in/%s", XLCFG_DATA, name);
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".cfg"));
    g_autofree char *out = g_strdup_printf("%s/out/%s.cfg", XLCFG_DATA, stem);
    g_autofree char *warn = g_strdup_printf("%s/out/%s.warn", XLCFG_DATA, stem);
    g_autofree char *err = g_strdup_printf("%s/out/%s.err", XLCFG_DATA, stem);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *warned = NULL;
    g_autofree char *formatted = NULL;
    g_autofree char *failed = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;

    g_assert_true(g_file_get_contents(in, &text, NULL, NULL));
    config = xl_cfg_parse(text, name, warnings, &error);
    failed = config ? g_strdup("") : g_strdup_printf("%s\n", error->message);
    assert_file(err, failed);
    warned = config ? join_warnings(warnings) : g_strdup("");
    assert_file(warn, warned);
    formatted = config ? xl_cfg_format(config, NULL) : g_strdup("");
    assert_file(out, formatted);
    if (config)
        xlcfg_assert_round_trip(config);
}

static void test_hvm_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config =
        xl_cfg_parse("name='h'; builder='hvm'; memory=64; kernel='/usr/lib/xen/boot/hvmloader'\n"
                     "hdtype='ahci'; disk=['/a,raw,hda,w','/b,raw,xvdb,w']; usb=1\n"
                     "usbdevice='tablet'; usbdev=['hostbus=1,hostaddr=3']",
                     "t", NULL, &error);
    const KxlDeviceDisk *disk;

    g_assert_no_error(error);
    g_assert_cmpint(config->type, ==, KXL_TYPE_HVM);
    g_assert_null(config->kernel);
    g_assert_true(config->vnc.enable);
    g_assert_true(config->vnc.find_unused);
    disk = config->disks->pdata[0];
    g_assert_cmpstr(disk->bus, ==, "sata");
    disk = config->disks->pdata[1];
    g_assert_null(disk->bus);
    g_assert_cmpstr(config->usbdevices[0], ==, "tablet");
    g_assert_cmpstr(config->usbdevices[1], ==, "host:1.3");
    xlcfg_assert_round_trip(config);
}

static void test_warnings(void)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config =
        xl_cfg_parse(XLCFG_MINIMAL "colour = 'red'\nvnuma = [ [ 'pnode=0' ] ]\npool = 'Pool-0'",
                     "t", warnings, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(warnings->len, ==, 2);
    g_assert_cmpstr(warnings->pdata[0], ==, "t:4:1: warning: unknown option 'colour' is ignored");
    g_assert_cmpstr(warnings->pdata[1], ==,
                    "t:5:1: warning: option 'vnuma' has no effect: it is for HVM guests");
    g_assert_cmpuint(config->extras->len, ==, 2);
}

/* Values that no spec string can hold are not written wrongly. */
static void test_unwritable(void)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    KxlDeviceNic *nic = kxl_device_nic_new();
    g_autoptr(GError) error = NULL;

    config->name = g_strdup("x");
    nic->bridge = g_strdup("a,b");
    g_ptr_array_add(config->nics, nic);
    g_assert_null(xl_cfg_format(config, &error));
    g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
}

/* Files of the project's reference material, where a checkout has it beside it. */
static void test_reference(gconstpointer data)
{
    const char *folder = data;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainConfig) config = NULL;

        if (!g_str_has_suffix(name, ".cfg") || !strcmp(name, "fragments.cfg"))
            continue;
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        config = xl_cfg_parse(text, name, NULL, &error);
        g_assert_no_error(error);
        xlcfg_assert_round_trip(config);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

/* What each line of fragments.cfg makes, by a part of it that no other line has; the longest first.
 */
static const struct {
    const char *part;
    const char *json[4];
} fragments_make[] = {
    { "phy:hda3", { "\"pdev_path\":\"/dev/hda3\"", "\"vdev\":\"sda1\"", "\"format\":\"raw\"" } },
    { "gtes11vm", { "\"pdev_path\":\"/full/path/to/gtes11vm.img\"", "\"vdev\":\"sda1\"" } },
    { "gtesvmdisk1", { "\"pdev_path\":\"/dev/vg/gtesvmdisk1\"", "\"vdev\":\"sda1\"" } },
    { "lv-bbox", { "\"pdev_path\":\"/dev/vg-data/lv-bbox\"", "\"vdev\":\"xvda\"" } },
    { "linux.img",
      { "\"pdev_path\":\"/images/xen/linux.img\",\"format\":\"qcow2\",\"vdev\":\"xvda\"",
        "\"pdev_path\":\"/iso/CentOS6.7.iso\",\"format\":\"raw\",\"vdev\":\"hdc\"",
        "\"readwrite\":0", "\"is_cdrom\":1" } },
    { "/dev/nfs", { "\"cmdline\":\"root=/dev/nfs\"" } },
    { "nfs_server", { "\"name\":\"minimal\"" } },
    { "nfs_root", { "\"name\":\"minimal\"" } },
    { "sdl=1", { "\"sdl\":{\"enable\":\"True\"}" } },
    { "vncunused=1",
      { "\"enable\":\"True\"", "\"listen\":\"0.0.0.0\"", "\"passwd\":\"123456\"",
        "\"display\":1" } },
    { "ip=1.1.1.2", { "\"ip\":\"1.1.1.2\"", "\"bridge\":\"xenbr1\"" } },
    { "vifname=web0",
      { "\"mac\":\"00:16:3e:00:00:01\",\"bridge\":\"xenbr0\",\"ifname\":\"web0\"",
        "\"script\":\"vif-bridge\"", "\"model\":\"e1000\"",
        "\"rate_bytes_per_interval\":20000,\"rate_interval_usecs\":20000" } },
    { "rate=10Mb/s", { "\"rate_bytes_per_interval\":62500,\"rate_interval_usecs\":50000" } },
    { "0-3,5,^1", { "\"cpus\":\"0-3,5,^1\"" } },
    { "0000:03:00.0", { "\"pcidevs\":[{\"bus\":3}]" } },
};

static void check_fragment(const char *line)
{
    g_autofree char *whole = g_strconcat(XLCFG_MINIMAL, line, "\n", NULL);
    g_autoptr(KxlDomainConfig) config = xlcfg_parse_ok(whole);
    g_autofree char *packed = xlcfg_packed_json(config);
    guint i = 0;

    while (i < G_N_ELEMENTS(fragments_make) && !strstr(line, fragments_make[i].part))
        i++;
    if (i == G_N_ELEMENTS(fragments_make))
        g_error("nothing is expected of '%s'", line);
    for (guint n = 0; n < G_N_ELEMENTS(fragments_make[i].json) && fragments_make[i].json[n]; n++)
        if (!strstr(packed, fragments_make[i].json[n]))
            g_error("'%s': no %s in %s", line, fragments_make[i].json[n], packed);
    xlcfg_assert_round_trip(config);
}

static void test_fragments(gconstpointer data)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    g_assert_true(g_file_get_contents(data, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i] && *lines[i] != '#')
            check_fragment(lines[i]);
}

static const char *reference_folder(void)
{
    static const char *const places[] = { XLCFG_ROOT "/../shared", XLCFG_ROOT "/../../shared" };

    if (g_getenv("KANZEN_SHARED"))
        return g_getenv("KANZEN_SHARED");
    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_file_test(places[i], G_FILE_TEST_IS_DIR))
            return places[i];
    return NULL;
}

static void add_reference_tests(void)
{
    static const char *const folders[] = { "seed-configs", "corpora/xlconfigdata",
                                           "corpora/xmconfigdata" };
    const char *shared = reference_folder();

    for (guint i = 0; shared && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *test = g_strconcat("/xlcfg/reference/", folders[i], NULL);
        char *folder = g_build_filename(shared, folders[i], NULL);

        if (g_file_test(folder, G_FILE_TEST_IS_DIR))
            g_test_add_data_func_full(test, folder, test_reference, g_free);
        else
            g_free(folder);
    }
    if (shared) {
        char *path = g_build_filename(shared, "seed-configs/fragments.cfg", NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            g_test_add_data_func_full("/xlcfg/reference/fragments", path, test_fragments, g_free);
        else
            g_free(path);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) dir = g_dir_open(XLCFG_DATA "/in", 0, NULL);
    const char *name;

    g_test_init(&argc, &argv, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *test = g_strconcat("/xlcfg/golden/", name, NULL);

        g_test_add_data_func_full(test, g_strdup(name), test_golden, g_free);
    }
    g_test_add_func("/xlcfg/hvm-defaults", test_hvm_defaults);
    g_test_add_func("/xlcfg/warnings", test_warnings);
    g_test_add_func("/xlcfg/unwritable", test_unwritable);
    add_reference_tests();
    return g_test_run();
}
