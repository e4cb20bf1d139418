/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups, in folders that look like the kernel's: version 1 has a hierarchy for each
 * controller, version 2 one for all. The kernel makes a group's files when the group is made; here
 * they are made by a folder's twin, so a second kxl_cgroup_make() finds what the first one's
 * mkdir() made.
 */
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "file.h"

#define GROUP "machine/kanzen-7-11111111-1111-1111-1111-111111111111"

static void put(const char *root, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(root, file, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_mkdir_with_parents(dir, 0755);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void assert_file(const char *root, const char *file, const char *expected)
{
    g_autofree char *path = g_build_filename(root, file, NULL);
    g_autofree char *text = kxl_file_read(path, NULL);

    g_test_message("%s", file);
    g_assert_cmpstr(text, ==, expected);
}

static KxlDomainConfig *limited(void)
{
    KxlDomainConfig *config = kxl_domain_config_new();

    config->name = g_strdup("g");
    config->uuid = g_strdup("11111111-1111-1111-1111-111111111111");
    config->max_vcpus = 2;
    config->limits.global = (KxlBandwidth){ 0, 150000 };
    config->limits.vcpu = (KxlBandwidth){ 50000, 25000 };
    config->limits.mem_hard_kb = 2048;
    config->limits.mem_soft_kb = 1024;
    config->limits.swap_hard_kb = 3072;
    config->limits.blkio_weight = 300;
    return config;
}

static void clear_limits(KxlDomainConfig *config)
{
    KxlLimits *limits = &config->limits;

    limits->global = limits->vcpu = (KxlBandwidth){ 0 };
    limits->mem_hard_kb = limits->mem_soft_kb = limits->swap_hard_kb = 0;
    limits->blkio_weight = 0;
}

/* What the kernel would have put into the groups. */
static const char *const v1_files[] = {
    "cpu/" GROUP "/cpu.cfs_period_us",
    "cpu/" GROUP "/cpu.cfs_quota_us",
    "cpu/" GROUP "/cgroup.procs",
    "cpu/" GROUP "/vcpu0/cpu.cfs_period_us",
    "cpu/" GROUP "/vcpu0/cpu.cfs_quota_us",
    "cpu/" GROUP "/vcpu1/cpu.cfs_period_us",
    "cpu/" GROUP "/vcpu1/cpu.cfs_quota_us",
    "cpu/" GROUP "/vcpu1/tasks",
    "memory/" GROUP "/memory.limit_in_bytes",
    "memory/" GROUP "/memory.soft_limit_in_bytes",
    "memory/" GROUP "/memory.memsw.limit_in_bytes",
    "memory/" GROUP "/cgroup.procs",
    "blkio/" GROUP "/blkio.bfq.weight",
    "blkio/" GROUP "/cgroup.procs",
};

static void test_v1(void)
{
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autoptr(KxlDomainConfig) config = limited();
    KxlCgroup group = { .root = root, .config = config, .domid = 7 };
    g_autoptr(GError) error = NULL;

    put(root, "cpu/cgroup.procs", "");
    put(root, "memory/cgroup.procs", "");
    put(root, "blkio/cgroup.procs", "");
    for (guint i = 0; i < G_N_ELEMENTS(v1_files); i++)
        put(root, v1_files[i], "");

    kxl_cgroup_make(&group, &error);
    g_assert_no_error(error);
    assert_file(root, "cpu/" GROUP "/cpu.cfs_period_us", "100000");
    assert_file(root, "cpu/" GROUP "/cpu.cfs_quota_us", "150000");
    assert_file(root, "cpu/" GROUP "/vcpu0/cpu.cfs_period_us", "50000");
    assert_file(root, "cpu/" GROUP "/vcpu1/cpu.cfs_quota_us", "25000");
    assert_file(root, "memory/" GROUP "/memory.limit_in_bytes", "2097152");
    assert_file(root, "memory/" GROUP "/memory.soft_limit_in_bytes", "1048576");
    assert_file(root, "memory/" GROUP "/memory.memsw.limit_in_bytes", "3145728");
    assert_file(root, "blkio/" GROUP "/blkio.bfq.weight", "300");

    kxl_cgroup_join(&group, 123, &error);
    g_assert_no_error(error);
    assert_file(root, "cpu/" GROUP "/cgroup.procs", "123");
    assert_file(root, "memory/" GROUP "/cgroup.procs", "123");
    kxl_cgroup_join_thread(&group, "vcpu", 1, 125, &error);
    g_assert_no_error(error);
    assert_file(root, "cpu/" GROUP "/vcpu1/tasks", "125");
    kxl_remove_tree(root);
}

/* xl.cfg(5) cap=: 250 percent of a CPU. */
static void test_cap(void)
{
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    KxlCgroup group = { .root = root, .config = config, .domid = 7 };
    g_autoptr(GError) error = NULL;

    config->name = g_strdup("g");
    config->uuid = g_strdup("11111111-1111-1111-1111-111111111111");
    config->cpu_cap = 250;
    put(root, "cpu/cgroup.procs", "");
    put(root, "cpu/" GROUP "/cpu.cfs_period_us", "");
    put(root, "cpu/" GROUP "/cpu.cfs_quota_us", "");
    kxl_cgroup_make(&group, &error);
    g_assert_no_error(error);
    assert_file(root, "cpu/" GROUP "/cpu.cfs_quota_us", "250000");
    config->limits.global.quota = 150000;
    kxl_cgroup_make(&group, &error);
    g_assert_no_error(error);
    assert_file(root, "cpu/" GROUP "/cpu.cfs_quota_us", "150000");
    kxl_remove_tree(root);
}

static void test_v2(void)
{
    static const char *const files[] = {
        "cgroup.subtree_control",
        "machine/cgroup.subtree_control",
        GROUP "/cgroup.subtree_control",
        GROUP "/cpu.max",
        GROUP "/memory.max",
        GROUP "/memory.high",
        GROUP "/memory.swap.max",
        GROUP "/io.bfq.weight",
        GROUP "/vcpu0/cgroup.type",
        GROUP "/vcpu0/cpu.max",
        GROUP "/vcpu1/cgroup.type",
        GROUP "/vcpu1/cpu.max",
        GROUP "/vcpu1/cgroup.threads",
    };
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autoptr(KxlDomainConfig) config = limited();
    KxlCgroup group = { .root = root, .config = config, .domid = 7 };
    g_autoptr(GError) error = NULL;

    put(root, "cgroup.controllers", "cpuset cpu io memory pids\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(root, files[i], "");

    kxl_cgroup_make(&group, &error);
    g_assert_no_error(error);
    assert_file(root, GROUP "/cpu.max", "150000 100000");
    assert_file(root, GROUP "/vcpu1/cpu.max", "25000 50000");
    assert_file(root, GROUP "/vcpu1/cgroup.type", "threaded");
    assert_file(root, GROUP "/memory.max", "2097152");
    assert_file(root, GROUP "/memory.swap.max", "1048576");
    assert_file(root, GROUP "/io.bfq.weight", "300");
    kxl_cgroup_join_thread(&group, "vcpu", 1, 125, &error);
    g_assert_no_error(error);
    assert_file(root, GROUP "/vcpu1/cgroup.threads", "125");
    kxl_remove_tree(root);
}

/* A limit that the host has no controller for is an error; being in a partition is no limit. */
static void test_absent(void)
{
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    KxlCgroup group = { .root = root, .config = config, .domid = 7 };
    g_autoptr(GError) error = NULL;

    config->name = g_strdup("g");
    config->uuid = g_strdup("11111111-1111-1111-1111-111111111111");
    kxl_cgroup_make(&group, &error);
    g_assert_no_error(error);
    config->limits.partition = g_strdup("/machine/x");
    kxl_cgroup_make(&group, &error);
    g_assert_no_error(error);
    config->limits.mem_hard_kb = 1024;
    g_assert_false(kxl_cgroup_make(&group, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "'memory'"));
    kxl_remove_tree(root);
}

/* While it runs: what is new is set, what is no more is taken back, and a process joins no group that
 * was there. */
static void test_change(void)
{
    static const char *const files[] = {
        "machine/cgroup.subtree_control", "cgroup.subtree_control", GROUP "/memory.max",
        GROUP "/memory.high",             GROUP "/memory.swap.max", GROUP "/cpu.max",
        GROUP "/io.bfq.weight",           GROUP "/cgroup.procs",
    };
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autoptr(KxlDomainConfig) before = limited(), after = limited();
    KxlCgroup group = { .root = root, .config = after, .domid = 7 };
    g_autoptr(GError) error = NULL;

    put(root, "cgroup.controllers", "cpu io memory\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(root, files[i], "");
    after->limits.mem_hard_kb = 4096;
    after->limits.swap_hard_kb = after->limits.mem_soft_kb = 0;
    after->limits.global.quota = 0;
    after->limits.blkio_weight = 0;
    kxl_cgroup_change(&group, before, 123, &error);
    g_assert_no_error(error);
    assert_file(root, GROUP "/memory.max", "4194304");
    assert_file(root, GROUP "/memory.high", "max");
    assert_file(root, GROUP "/memory.swap.max", "max");
    assert_file(root, GROUP "/cpu.max", "max 100000");
    assert_file(root, GROUP "/io.bfq.weight", "100");
    assert_file(root, GROUP "/cgroup.procs", "");

    /* A limit that is refused leaves those of before. */
    group.config = before;
    g_ptr_array_set_size(before->limits.blkio_devices, 0);
    g_ptr_array_add(before->limits.blkio_devices, kxl_blkio_device_new());
    ((KxlBlkioDevice *)before->limits.blkio_devices->pdata[0])->path = g_strdup("/nothing");
    g_assert_false(kxl_cgroup_change(&group, after, 123, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND);
    assert_file(root, GROUP "/memory.max", "4194304");
    kxl_remove_tree(root);
}

/* Nodes of memory are no limit: there is a group for them from when they change. */
static void test_nodes_v2(void)
{
    static const char *const files[] = {
        "machine/cgroup.subtree_control", "cgroup.subtree_control", GROUP "/cpuset.mems",
        GROUP "/cgroup.procs",
    };
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autoptr(KxlDomainConfig) before = limited(), after = limited();
    KxlCgroup group = { .root = root, .config = after, .domid = 7 };
    g_autoptr(GError) error = NULL;

    clear_limits(before);
    clear_limits(after);
    put(root, "cgroup.controllers", "cpuset\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(root, files[i], "");
    after->memory.nodes = g_strdup("0-1");
    g_assert_true(kxl_cgroup_change(&group, before, 123, &error));
    assert_file(root, GROUP "/cpuset.mems", "0-1");
    assert_file(root, "cgroup.subtree_control", "+cpuset");
    group.config = before;
    put(root, GROUP "/cpuset.mems", ""); /* the kernel's files are not truncated when written */
    g_assert_true(kxl_cgroup_change(&group, after, 123, &error));
    assert_file(root, GROUP "/cpuset.mems", "\n");
    kxl_remove_tree(root);
}

static void test_nodes_v1(void)
{
    static const char *const files[] = {
        "cpuset/machine/cpuset.cpus",  "cpuset/machine/cpuset.mems",
        "cpuset/" GROUP "/cpuset.cpus", "cpuset/" GROUP "/cpuset.mems",
        "cpuset/" GROUP "/cpuset.memory_migrate",
    };
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autofree char *made = g_build_filename(root, "cpuset", GROUP, NULL);
    g_autoptr(KxlDomainConfig) before = limited(), after = limited();
    KxlCgroup group = { .root = root, .config = after, .domid = 7 };
    g_autoptr(GError) error = NULL;

    clear_limits(before);
    clear_limits(after);
    after->memory.nodes = g_strdup("2-3");
    g_assert_false(kxl_cgroup_change(&group, before, 123, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED);
    g_assert_true(g_pattern_match_simple("*NUMA*no 'cpuset'*", error->message));
    g_clear_error(&error);

    put(root, "cpuset/cgroup.procs", "");
    put(root, "cpuset/cpuset.cpus", "0-7\n");
    put(root, "cpuset/cpuset.mems", "0-3\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(root, files[i], "");
    g_assert_true(kxl_cgroup_change(&group, before, 123, &error));
    assert_file(root, "cpuset/machine/cpuset.mems", "0-3");
    assert_file(root, "cpuset/" GROUP "/cpuset.cpus", "0-7");
    assert_file(root, "cpuset/" GROUP "/cpuset.memory_migrate", "1");
    assert_file(root, "cpuset/" GROUP "/cpuset.mems", "2-3");
    kxl_remove_tree(root);
}

/* What was made goes, also when a later part of it fails. */
static void test_removal(void)
{
    g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    g_autofree char *made = g_build_filename(root, "cpu", GROUP, NULL);
    g_autoptr(KxlDomainConfig) config = limited();
    KxlCgroup group = { .root = root, .config = config, .domid = 7 };
    g_autoptr(GError) error = NULL;

    put(root, "cpu/cgroup.procs", "");
    /* No kernel makes the group's files here. */
    g_assert_false(kxl_cgroup_make(&group, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "cpu.cfs_period_us"));
    g_assert_false(g_file_test(made, G_FILE_TEST_EXISTS));
    kxl_remove_tree(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cgroup/v1", test_v1);
    g_test_add_func("/cgroup/cap", test_cap);
    g_test_add_func("/cgroup/v2", test_v2);
    g_test_add_func("/cgroup/absent", test_absent);
    g_test_add_func("/cgroup/removal", test_removal);
    g_test_add_func("/cgroup/change", test_change);
    g_test_add_func("/cgroup/nodes-v2", test_nodes_v2);
    g_test_add_func("/cgroup/nodes-v1", test_nodes_v1);
    return g_test_run();
}
