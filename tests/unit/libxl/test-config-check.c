/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kxl_domain_config_validate(): JSON laid over a good domain -> the message, or none. */
#include "config.h"
#include "kxl.h"

#define DISK(vdev, more) "{\"pdev_path\": \"/d\", \"vdev\": \"" vdev "\"" more "}"

static const struct {
    const char *json, *message;
} rows[] = {
    { "{}", NULL },
    { "{\"c_info\": {\"name\": \"\"}}", "*needs a name*" },
    { "{\"c_info\": {\"name\": \"a/b\"}}", "*'a/b'*'/'*" },
    { "{\"c_info\": {\"name\": \"..\"}}", "*'..'*" },
    { "{\"c_info\": {\"name\": \"a\\nb\"}}", "*control*" },
    { "{\"c_info\": {\"name\": \"Domain-0\"}}", "*host's*" },
    { "{\"c_info\": {\"uuid\": \"12\"}}", "*uuid '12'*malformed*" },
    { "{\"c_info\": {\"uuid\": \"00000000-0000-0000-0000-000000000000\"}}", "*uuid*" },
    { "{\"b_info\": {\"target_memkb\": 0}}", "*needs memory*" },
    { "{\"b_info\": {\"target_memkb\": 512}}", "*less than 1 MiB*" },
    { "{\"b_info\": {\"max_memkb\": 4096}}", "*maxmem*less than memory*" },
    { "{\"b_info\": {\"max_memkb\": 9223372036854775807}}", "*16 TiB*" },
    { "{\"b_info\": {\"max_vcpus\": 129}}", "*maxvcpus: 129*" },
    { "{\"b_info\": {\"avail_vcpus\": [0, 1]}}", "*vcpus: 2 is more*" },
    { "{\"b_info\": {\"sched_params\": {\"weight\": 70000}}}", "*cpu_weight*" },
    { "{\"b_info\": {\"type.hvm\": {\"boot\": \"cx\"}}}", "*boot 'cx'*" },
    { "{\"b_info\": {\"type.hvm\": {\"boot\": \"cc\"}}}", "*boot 'cc'*" },
    { "{\"b_info\": {\"type.hvm\": {\"vnc\": {\"passwd\": \"123456789\"}}}}", "*vncpasswd*" },
    { "{\"b_info\": {\"type.hvm\": {\"vnc\": {\"display\": 70000}}}}", "*vncdisplay*" },
    { "{\"disks\": [" DISK("xvda", "") ", " DISK("xvdb", "") "]}", NULL },
    { "{\"disks\": [" DISK("xvda", "") ", " DISK("vda", "") "]}", "*disk 'vda'*twice*" },
    { "{\"disks\": [" DISK("xvd", "") "]}", "*malformed vdev 'xvd'*" },
    { "{\"disks\": [{\"vdev\": \"hdc\"}]}", "*'hdc': no target*" },
    { "{\"disks\": [{\"vdev\": \"hdc\", \"is_cdrom\": true, \"format\": \"empty\"}]}", NULL },
    { "{\"nics\": [{\"mac\": \"0:1:2:3:4:5\"}, {}]}", NULL },
    { "{\"nics\": [{\"mac\": \"0:1:2:3:4\"}]}", "*mac '0:1:2:3:4'*malformed*" },
    { "{\"nics\": [{\"mac\": \"1:1:2:3:4:5\"}]}", "*multicast*" },
    { "{\"nics\": [{\"mac\": \"0:1:2:3:4:5\"}, {\"mac\": \"00:01:02:03:04:05\"}]}",
      "*vif 1*twice*" },
    { "{\"nics\": [{\"ifname\": \"sixteen-chars-xx\"}]}", "*no interface name*" },
    { "{\"nics\": [{\"ifname\": \"a/b\"}]}", "*no interface name*" },
    { "{\"nics\": [{\"ifname\": \"w\"}, {\"ifname\": \"w\"}]}", "*vifname 'w'*twice*" },
    { "{\"nics\": [{\"bridge\": \"x y\"}]}", "*no bridge name*" },
    { "{\"nics\": [{\"devid\": 1}, {\"devid\": 1}]}", "*devid 1*twice*" },
    { "{\"nics\": [{\"mtu\": 20}]}", "*mtu 20*" },
};

static void test_rows(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) json = json_from_string(rows[i].json, &error);

        g_assert_no_error(error);
        config->name = g_strdup("guest");
        config->kernel = g_strdup("/vmlinuz");
        config->target_memkb = 65536;
        kxl_type_from_json(&kxl_type_domain_config, json_node_get_object(json), config, &error);
        g_assert_no_error(error);

        kxl_domain_config_validate(config, &error);
        g_test_message("%s: %s", rows[i].json, error ? error->message : "accepted");
        if (!rows[i].message) {
            g_assert_no_error(error);
            continue;
        }
        g_assert_error(error, KXL_ERROR, KXL_ERROR_INVALID);
        g_assert_true(g_pattern_match_simple(rows[i].message, error->message));
    }
}

static void test_no_kernel(void)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    g_autoptr(GError) error = NULL;

    config->name = g_strdup("guest");
    config->target_memkb = 65536;
    g_assert_false(kxl_domain_config_validate(config, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_INVALID);
    g_clear_error(&error);
    config->type = KXL_TYPE_HVM;
    g_assert_true(kxl_domain_config_validate(config, &error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config-check/rows", test_rows);
    g_test_add_func("/config-check/no-kernel", test_no_kernel);
    return g_test_run();
}
