/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Defaults, copy and JSON form of KxlDomainConfig. */
#include <string.h>

#include "config.h"
#include "kxl.h"

static KxlDomainConfig *sample(void)
{
    KxlDomainConfig *config = kxl_domain_config_new();
    KxlDeviceDisk *disk = kxl_device_disk_new();
    KxlDeviceNic *nic = kxl_device_nic_new();
    KxlDeviceVfb *vfb = kxl_device_vfb_new();
    KxlSerial *serial = kxl_serial_new();

    config->type = KXL_TYPE_HVM;
    config->name = g_strdup("a \"quoted\" näme");
    config->uuid = g_strdup("734f2dbb-934e-ba83-d45d-ef656ecfbefc");
    config->target_memkb = 6ULL << 30;
    config->max_vcpus = 4;
    config->vcpus = 2;
    config->acpi = KXL_NO;
    config->hpet = KXL_YES;
    config->rtc_timeoffset = -3600;
    config->boot = g_strdup("dc");
    config->on_crash = KXL_ACTION_COREDUMP_RESTART;
    config->bootloader_args = g_strsplit("a,b c,", ",", -1);
    config->vnc.enable = TRUE;
    config->vnc.find_unused = FALSE;
    config->vnc.display = 7;
    disk->path = g_strdup("/images/a,b.qcow2");
    disk->vdev = g_strdup("hda");
    disk->format = KXL_DISK_QCOW2;
    disk->cache = KXL_CACHE_NONE;
    disk->discard = KXL_NO;
    g_ptr_array_add(config->disks, disk);
    nic->kind = KXL_NIC_USER;
    nic->mac = g_strdup("00:16:3e:00:00:01");
    nic->devid = 0;
    nic->rate_bytes_per_interval = G_MAXINT64;
    g_ptr_array_add(config->nics, nic);
    vfb->vnc.enable = TRUE;
    vfb->vnc.passwd = g_strdup("123456");
    g_ptr_array_add(config->vfbs, vfb);
    serial->kind = g_strdup("pty");
    g_ptr_array_add(config->serials, serial);
    g_ptr_array_add(config->extras, kxl_extra_new("key", "value"));
    return config;
}

static void test_defaults(void)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    g_autofree char *json = kxl_domain_config_to_json(config);

    g_assert_cmpint(config->type, ==, KXL_TYPE_PV);
    g_assert_cmpint(config->on_reboot, ==, KXL_ACTION_RESTART);
    g_assert_cmpint(config->acpi, ==, KXL_DEFAULT);
    g_assert_cmpint(config->vnc.display, ==, -1);
    g_assert_cmpint(config->disks->len, ==, 0);
    g_assert_nonnull(strstr(json, "\"on_crash\" : \"destroy\""));
    g_assert_null(strstr(json, "vnc"));
}

static void test_round_trip(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = sample();
    g_autoptr(KxlDomainConfig) copy = kxl_domain_config_dup(config);
    g_autofree char *json = kxl_domain_config_to_json(config);
    g_autofree char *copy_json = kxl_domain_config_to_json(copy);
    g_autoptr(KxlDomainConfig) read = kxl_domain_config_from_json(json, &error);
    g_autofree char *read_json = NULL;
    const KxlDeviceDisk *disk;

    g_assert_no_error(error);
    read_json = kxl_domain_config_to_json(read);
    g_assert_cmpstr(json, ==, copy_json);
    g_assert_cmpstr(json, ==, read_json);

    disk = read->disks->pdata[0];
    g_assert_cmpstr(disk->path, ==, "/images/a,b.qcow2");
    g_assert_cmpint(disk->discard, ==, KXL_NO);
    g_assert_cmpint(read->vcpus, ==, 2);
    g_assert_cmpint(read->hap, ==, KXL_DEFAULT);
    g_assert_cmpuint(read->target_memkb, ==, 6ULL << 30);
    g_assert_cmpint(g_strv_length(read->bootloader_args), ==, 3);
    g_assert_false(read->vnc.find_unused);
}

static const struct {
    const char *json;
    int code;
    const char *message;
} bad_rows[] = {
    { "", KXL_ERROR_SYNTAX, "*not a JSON object*" },
    { "{", KXL_ERROR_SYNTAX, "*configuration*" },
    { "[]", KXL_ERROR_SYNTAX, "*not a JSON object*" },
    { "{\"nonsense\": 1}", KXL_ERROR_INVALID, "*unknown key 'nonsense'*" },
    { "{\"b_info\": {\"type.hvm\": {\"x\": 1}}}", KXL_ERROR_INVALID, "*'b_info/type.hvm/x'*" },
    { "{\"b_info\": 1}", KXL_ERROR_INVALID, "*b_info: expected an object*" },
    { "{\"c_info\": {\"type\": \"vax\"}}", KXL_ERROR_INVALID,
      "*c_info/type: unknown value 'vax'*" },
    { "{\"c_info\": {\"name\": 1}}", KXL_ERROR_INVALID, "*c_info/name: expected a string*" },
    { "{\"c_info\": {\"name\": null}}", KXL_ERROR_INVALID, "*c_info/name: expected a string*" },
    { "{\"b_info\": {\"max_vcpus\": -1}}", KXL_ERROR_INVALID, "*number in range*" },
    { "{\"b_info\": {\"max_vcpus\": 4294967296}}", KXL_ERROR_INVALID, "*number in range*" },
    { "{\"b_info\": {\"max_vcpus\": 1.5}}", KXL_ERROR_INVALID, "*number in range*" },
    { "{\"disks\": {}}", KXL_ERROR_INVALID, "*disks: expected a list*" },
    { "{\"disks\": [1]}", KXL_ERROR_INVALID, "*disks: expected a list of objects*" },
    { "{\"disks\": [{\"format\": \"x\"}]}", KXL_ERROR_INVALID, "*disks*0*format*'x'*" },
    { "{\"b_info\": {\"bootloader_args\": [1]}}", KXL_ERROR_INVALID, "*list of strings*" },
    { "{\"b_info\": {\"localtime\": true}}", KXL_ERROR_INVALID, "*\"True\" or \"False\"*" },
};

static void test_bad_json(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bad_rows); i++) {
        g_autoptr(GError) error = NULL;
        KxlDomainConfig *config = kxl_domain_config_from_json(bad_rows[i].json, &error);

        g_test_message("%s: %s", bad_rows[i].json, error ? error->message : "accepted");
        g_assert_null(config);
        g_assert_error(error, KXL_ERROR, bad_rows[i].code);
        g_assert_true(g_pattern_match_simple(bad_rows[i].message, error->message));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/round-trip", test_round_trip);
    g_test_add_func("/config/bad-json", test_bad_json);
    return g_test_run();
}
