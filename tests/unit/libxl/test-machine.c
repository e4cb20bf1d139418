/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's command line: each tests/data/machine/<case>.json against <case>.args, one word a line.
 * After a wanted change run it with UPDATE_GOLDEN=1 and review the difference.
 */
#include <string.h>

#include "config.h"
#include "kxl.h"
#include "machine.h"

#define DATA_DIR TEST_DATA_DIR "/machine"

static char **argv_with(const KxlDomainConfig *config, KxlAccel accel, const char *places,
                        GError **error)
{
    KxlTap taps[4] = { { 0 } };
    KxlMachine machine = {
        .config = config,
        .domid = 7,
        .dir = "/run/kanzen/7",
        .log_dir = "/var/log/kanzen",
        .qemu = "qemu-system-x86_64",
        .hv_image = "/usr/libexec/kanzen/kanzen-hv.elf",
        .accel = accel,
        .taps = taps,
        .now_us = G_GINT64_CONSTANT(1700000000000000),
        .places = places,
    };

    for (guint i = 0; i < MIN(config->nics->len, G_N_ELEMENTS(taps)); i++) {
        taps[i].nr = kxl_machine_nic_queues(config, config->nics->pdata[i]);
        for (guint n = 0; n < taps[i].nr; n++)
            taps[i].fd[n] = 20 + (int)(i + n * 10);
    }
    return kxl_machine_argv(&machine, error);
}

static char **argv_for(const KxlDomainConfig *config, KxlAccel accel, GError **error)
{
    return argv_with(config, accel, NULL, error);
}

static void test_golden(gconstpointer data)
{
    const char *name = data;
    g_autofree char *in = g_strdup_printf("%s/%s.json", DATA_DIR, name);
    g_autofree char *out = g_strdup_printf("%s/%s.args", DATA_DIR, name);
    g_autofree char *json = NULL, *expected = NULL, *text = NULL, *lines = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = NULL;
    KxlAccel accel = g_str_has_suffix(name, "-kvm") ? KXL_ACCEL_KVM : KXL_ACCEL_TCG;

    g_file_get_contents(in, &json, NULL, &error);
    g_assert_no_error(error);
    config = kxl_domain_config_from_json(json, &error);
    g_assert_no_error(error);
    kxl_domain_config_validate(config, &error);
    g_assert_no_error(error);
    argv = argv_for(config, accel, &error);
    g_assert_no_error(error);
    lines = g_strjoinv("\n", argv);
    text = g_strconcat(lines, "\n", NULL);
    if (g_getenv("UPDATE_GOLDEN"))
        g_file_set_contents(out, text, -1, NULL);
    g_file_get_contents(out, &expected, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, expected);
}

#define HVM(rest)      "{\"c_info\": {\"type\": \"hvm\"}" rest "}"
#define Q35(kanzen, rest)                                                                          \
    HVM(", \"kanzen\": {\"board\": {\"machine\": \"q35\"}" kanzen "}" rest)
#define PVH(rest)      "{\"c_info\": {\"type\": \"pvh\"}" rest "}"
#define HVM_INFO(rest) HVM(", \"b_info\": {\"type.hvm\": {" rest "}}")
#define DISK(rest)     ", \"disks\": [{\"pdev_path\": \"/d\", " rest "}]"

static const struct {
    const char *json, *message;
} unsupported[] = {
    { PVH(", \"b_info\": {\"bootloader\": \"pygrub\"}"), "bootloader 'pygrub' in a PVH *" },
    { PVH(", \"b_info\": {\"type.hvm\": {\"serial_list\": [{\"kind\": \"pty\"}]}}"),
      "serial in a PVH *" },
    { "{\"pcidevs\": [{\"bus\": 3}]}", "pci: PCI passthrough to a pv *" },
    { "{\"channels\": [{}]}", "channel without a name *" },
    { "{\"channels\": [{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"},{\"name\":\"d\"},{\"name\":\"e\"},{\"name\":\"f\"}]}",
      "more than 5 consoles and channels *" },
    { "{\"b_info\": {\"cpuid\": \"host,sse=0\"}}", "cpuid *" },
    { HVM(", \"b_info\": {\"tsc_mode\": \"always_emulate\"}"),
      "tsc_mode 'always_emulate' in a hvm *" },
    { PVH(", \"b_info\": {\"tsc_mode\": \"always_emulate\"}"),
      "tsc_mode 'always_emulate' in a pvh *" },
    { "{\"b_info\": {\"tsc_mode\": \"native_paravirt\"}}", "tsc_mode 'native_paravirt' *" },
    { "{\"c_info\": {\"passthrough\": \"sync_pt\"}}", "passthrough *" },
    { "{\"disks\": [{\"vdev\": \"xvda\", \"pdev_path\": \"/d\", \"script\": \"block-x\"}]}",
      "disk 'xvda': a block script ('block-x') *" },
    { "{\"vfbs\": [{\"sdl\": {\"enable\": \"True\"}}]}", "vfb: sdl *" },
    { HVM_INFO("\"vga\": {\"kind\": \"voodoo\"}"), "vga 'voodoo' *" },
    { HVM_INFO("\"soundhw\": \"ac97,tuba\""), "soundhw 'tuba' *" },
    { HVM_INFO("\"serial_list\": [{\"kind\": \"tcp\", \"target\": \"h:1,server\"}]"),
      "serial 'tcp:h:1,server': to wait *" },
    { HVM_INFO("\"serial_list\": [{\"kind\": \"tcp\", \"target\": \"h\"}]"), "serial 'tcp:h' *" },
    { HVM_INFO("\"serial_list\": [{\"kind\": \"file\"}]"), "serial 'file' without *" },
    { HVM_INFO("\"serial_list\": [{\"model\": \"tape\"}]"), "serial: model 'tape' *" },
    { HVM_INFO("\"serial_list\": [{}, {}, {}, {}, {}]"), "serial: more than four *" },
    { HVM_INFO("\"panics\": [\"hyperv\"]"), "panic 'hyperv' *" },
    { HVM(", \"videos\": [{\"model\": \"vga\"}, {\"model\": \"vga\"}]"), "video 'vga' beside *" },
    { HVM(", \"videos\": [{\"model\": \"cirrus\", \"heads\": 2}]"), "video 'cirrus': more *" },
    { HVM(", \"videos\": [{\"model\": \"qxl\", \"accel3d\": true}]"), "video 'qxl': 3D *" },
    { HVM(", \"rngs\": [{\"backend\": \"dice\"}]"), "rng 'dice' *" },
    { HVM(", \"tpms\": [{\"backend\": \"emulator\"}, {}]"), "tpm: more than one *" },
    { HVM(", \"tpms\": [{\"backend\": \"paper\"}]"), "tpm: 'paper' *" },
    { HVM(", \"memories\": [{\"model\": \"sgx-epc\", \"size_kb\": 4096}]"),
      "memory 'sgx-epc' *" },
    { HVM(", \"kanzen\": {\"iommu\": {\"model\": \"intel\"}}"), "iommu 'intel' of a machine *" },
    { Q35(", \"iommu\": {\"model\": \"smmuv3\"}", ""), "iommu 'smmuv3' *" },
    { Q35(", \"iommu\": {\"model\": \"intel\", \"extended_interrupts\": \"True\"}", ""),
      "iommu: extended interrupts without KVM *" },
    { HVM(", \"kanzen\": {\"board\": {\"machine\": \"isapc\"}}"), "machine 'isapc' *" },
    { Q35("", DISK("\"vdev\": \"hda\"")), "disk 'hda': IDE on a q35 *" },
    { Q35("", ", \"controllers\": [{\"type\": \"ide\", \"model\": \"piix3\"}]"),
      "controller ide 0: model 'piix3' of machine 'q35' *" },
    { HVM(", \"controllers\": [{\"type\": \"pci\", \"index\": 1, \"model\": \"pcie-root-port\"}]"),
      "controller pci 1: model 'pcie-root-port' of machine 'pc' *" },
    { Q35("", ", \"controllers\": [{\"type\": \"pci\", \"model\": \"pcie-root-port\"}]"),
      "controller pci 0: a 'pcie-root-port', which *" },
    { Q35("", ", \"controllers\": [{\"type\": \"pci\", \"index\": 1, \"model\": "
          "\"pcie-to-pci-bridge\", \"port\": 3}]"),
      "controller pci 1: port or hotplug of a *" },
    { HVM(", \"shmems\": [{\"model\": \"ivshmem\"}]"), "shmem 'ivshmem' *" },
    { HVM(", \"audios\": [{\"id\": \"1\", \"type\": \"tape\"}]"), "audio 'tape' *" },
    { HVM_INFO("\"usbdevice_list\": [\"host:1\"]"), "usbdevice 'host:1' *" },
    { HVM_INFO("\"watchdog\": \"dog\""), "watchdog 'dog' *" },
    { HVM_INFO("\"serial_list\": [{\"kind\": \"stdio\"}]"), "serial 'stdio' *" },
    { HVM_INFO("\"spice\": {\"enable\": \"True\", \"port\": -1}"), "spice without a port *" },
    { HVM(", \"b_info\": {\"bootloader\": \"pygrub\"}"), "bootloader in an HVM *" },
    { HVM(DISK("\"vdev\": \"hda1\"")), "disk 'hda1': a partition *" },
    { HVM(DISK("\"vdev\": \"hda\", \"bus\": \"mfm\"")), "disk 'hda': bus 'mfm' *" },
    { HVM(", \"nics\": [{\"kind\": \"user\", \"devid\": 0, \"model\": \"tulip\"}]"),
      "vif 0: model 'tulip' *" },
};

static void test_unsupported(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(unsupported); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainConfig) config =
            kxl_domain_config_from_json(unsupported[i].json, &error);
        g_auto(GStrv) argv = NULL;

        g_assert_no_error(error);
        config->name = g_strdup("g");
        config->target_memkb = 65536;
        argv = argv_for(config, KXL_ACCEL_TCG, &error);
        g_test_message("%s: %s", unsupported[i].json, error ? error->message : "accepted");
        g_assert_null(argv);
        g_assert_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED);
        g_assert_true(g_pattern_match_simple(unsupported[i].message, error->message));
    }
}

static void test_conflict(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config =
        kxl_domain_config_from_json(HVM(", \"disks\": [{\"pdev_path\": \"/a\", \"vdev\": \"hda\"},"
                                        " {\"pdev_path\": \"/b\", \"vdev\": \"xvda\"}]"),
                                    &error);
    g_auto(GStrv) argv = NULL;

    g_assert_no_error(error);
    config->name = g_strdup("g");
    argv = argv_for(config, KXL_ACCEL_TCG, &error);
    g_assert_error(error, KXL_ERROR, KXL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "disk 'xvda'"));
}

/* root= of a PVH guest names its disk as Linux finds it. */
static void test_pvh_cmdline(void)
{
    static const struct {
        const char *given, *expected;
    } rows[] = {
        { "root=/dev/xvda1 ro", "root=/dev/vda1 ro" },
        { "quiet  root=/dev/xvdc init=/dev/xvdc", "quiet  root=/dev/vdc init=/dev/xvdc" },
        { "root=/dev/xvdb2", "root=/dev/vdb" },   /* a disk that is a partition's only */
        { "root=/dev/xvdb1", "root=/dev/xvdb1" }, /* none of its disks */
        { "root=/dev/xvdb23", "root=/dev/xvdb23" },
        { "root=/dev/xvda1p", "root=/dev/xvda1p" },
        { "root=/dev/vda1", "root=/dev/vda1" },
        { "root=LABEL=/ nroot=/dev/xvda", "root=LABEL=/ nroot=/dev/xvda" },
        { "", "" },
    };
    static const char *const vdevs[] = { "xvda", "xvdb2", "xvdc" };
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();
    g_autofree char *last = NULL;

    for (guint i = 0; i < 27; i++) {
        KxlDeviceDisk *disk = kxl_device_disk_new();

        disk->vdev = i < 3 ? g_strdup(vdevs[i]) : g_strdup_printf("sd%c", 'a' + i - 3);
        g_ptr_array_add(config->disks, disk);
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = NULL;

        g_free(config->cmdline);
        config->cmdline = g_strdup(rows[i].given);
        got = kxl_machine_pvh_cmdline(config);
        g_assert_cmpstr(got, ==, rows[i].expected);
    }
    g_free(config->cmdline);
    config->cmdline = g_strdup("root=/dev/sdx3");
    last = kxl_machine_pvh_cmdline(config);
    g_assert_cmpstr(last, ==, "root=/dev/vdaa3");
}

static KxlDomainConfig *config_with(guint disks, guint nics)
{
    KxlDomainConfig *config = kxl_domain_config_new();

    config->target_memkb = 262144;
    for (guint i = 0; i < disks; i++)
        g_ptr_array_add(config->disks, kxl_device_disk_new());
    for (guint i = 0; i < nics; i++)
        g_ptr_array_add(config->nics, kxl_device_nic_new());
    return config;
}

/* 28 slots, then their further functions. */
static void test_places(void)
{
    static const struct {
        guint place;
        const char *function;
    } rows[] = { { 1, "00:03.0" }, { 28, "00:1e.0" }, { 29, "00:03.1" }, { 224, "00:1e.7" } };
    g_autoptr(KxlDomainConfig) config = config_with(1, 0);
    KxlDeviceDisk *disk = config->disks->pdata[0];

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *function = NULL;

        disk->pv_place = rows[i].place;
        function = kxl_machine_disk_function(config, 0);
        g_assert_cmpstr(function, ==, rows[i].function);
        g_assert_cmpuint(kxl_machine_pv_place(function + 3), ==, rows[i].place);
        g_assert_cmpint(kxl_machine_shares_slots(config), ==, rows[i].place > 28);
    }
    g_assert_cmpuint(kxl_machine_pv_place("01.0"), ==, 0);
    g_assert_cmpuint(kxl_machine_pv_place("x"), ==, 0);
}

/* What is there keeps its place when others come and go; new ones take what is free. */
static KxlDomainConfig *load_case(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/%s.json", DATA_DIR, name);
    g_autofree char *json = NULL;
    g_autoptr(GError) error = NULL;
    KxlDomainConfig *config;

    g_file_get_contents(path, &json, NULL, &error);
    g_assert_no_error(error);
    config = kxl_domain_config_from_json(json, &error);
    g_assert_no_error(error);
    return config;
}

/* A machine that was saved after devices came and went: each where it was, and what the configuration says is not said twice. */
static void test_saved_places(void)
{
    static const struct {
        const char *name, *places, *want;
    } rows[] = {
        { "hvm-virtio", "vif-0 bus=pci.0 addr=06.0\nnobody bus=pci.0 addr=1e.0\n", "virtio-net-pci,id=vif-0,*,bus=pci.0,addr=06.0" },
        { "hvm-virtio", "dev-disk-vda bus=pci.0 addr=09.0\n", "virtio-blk-pci*,id=dev-disk-vda,bus=pci.0,addr=09.0,*,queue-size=512" },
        { "hvm-virtio", "video0 bus=pci.0 addr=02.0\n", "virtio-vga,id=video0,addr=02.0,*,bus=pci.0" },
        { "hvm-virtio", "dev-disk-sda\n", "scsi-hd,id=dev-disk-sda,*,rotation_rate=1" },
        { "hvm-memory", "dimm0 slot=1 addr=0x120000000\n", "pc-dimm,id=dimm0,*,slot=1,addr=0x120000000" },
        { "hvm-memory", "dimm1 slot=2 addr=0x150000000\n", "pc-dimm,id=dimm1,*,slot=2,addr=5637144576" },
        { "hvm-memory", "virtiomem0 bus=pci.0 addr=09.0 memaddr=0x140000000\n", "virtio-mem-pci,*,addr=09.0,memaddr=0x140000000" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(KxlDomainConfig) config = load_case(rows[i].name);
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) plain = argv_for(config, KXL_ACCEL_TCG, &error);
        g_auto(GStrv) argv = argv_with(config, KXL_ACCEL_TCG, rows[i].places, &error);
        guint n = 0;

        g_assert_no_error(error);
        g_assert_cmpuint(g_strv_length(plain), ==, g_strv_length(argv));
        for (char **arg = argv; *arg; arg++)
            n += g_pattern_match_simple(rows[i].want, *arg);
        g_test_message("%s", rows[i].want);
        g_assert_cmpuint(n, ==, 1);
    }
}

static void test_places_stay(void)
{
    g_autoptr(KxlDomainConfig) config = config_with(3, 2);
    const guint expected[] = { 1, 3, 2, 4, 5 };
    const char *const functions[] = { "00:06.0", "00:07.0" };

    kxl_machine_choose_places(config);
    g_ptr_array_remove_index(config->disks, 1); /* it had place 2 */
    g_ptr_array_add(config->disks, kxl_device_disk_new());
    kxl_machine_choose_places(config);
    for (guint i = 0; i < 3; i++)
        g_assert_cmpuint(((KxlDeviceDisk *)config->disks->pdata[i])->pv_place, ==, expected[i]);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *function = kxl_machine_nic_function(config, i);

        g_assert_cmpuint(((KxlDeviceNic *)config->nics->pdata[i])->pv_place, ==, expected[3 + i]);
        g_assert_cmpstr(function, ==, functions[i]);
    }
}

/* A running machine's memory does not change with its devices. */
static void test_memory_stays(void)
{
    g_autoptr(KxlDomainConfig) config = config_with(1, 1);
    guint64 before = kxl_machine_memory_kb(config), after;

    for (guint i = 0; i < 9; i++)
        g_ptr_array_add(config->disks, kxl_device_disk_new());
    after = kxl_machine_memory_kb(config);
    g_assert_cmpuint(after, >, before);
    config->machine_memkb = before;
    g_assert_cmpuint(kxl_machine_memory_kb(config), ==, before);
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) dir = g_dir_open(DATA_DIR, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_test_init(&argc, &argv, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = NULL;
        char *base;

        if (!g_str_has_suffix(name, ".json"))
            continue;
        base = g_strndup(name, strlen(name) - strlen(".json"));
        g_ptr_array_add(names, base);
        path = g_strdup_printf("/machine/golden/%s", base);
        g_test_add_data_func(path, base, test_golden);
    }
    g_assert_cmpint(names->len, >, 5);
    g_test_add_func("/machine/unsupported", test_unsupported);
    g_test_add_func("/machine/conflict", test_conflict);
    g_test_add_func("/machine/places", test_places);
    g_test_add_func("/machine/places-stay", test_places_stay);
    g_test_add_func("/machine/saved-places", test_saved_places);
    g_test_add_func("/machine/memory-stays", test_memory_stays);
    g_test_add_func("/machine/pvh-cmdline", test_pvh_cmdline);
    return g_test_run();
}
