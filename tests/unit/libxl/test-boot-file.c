/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot file as hv reads it, and the XenStore tree in it. */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kanzen-abi.h>
#include <xen/elfnote.h>

#include "boot-file.h"
#include "kxl.h"
#include "store-tree.h"

typedef struct {
    char *dir, *kernel, *ramdisk, *boot;
    KxlDomainConfig *config;
} Fixture;

/* The smallest kernel: one page of memory, one note. */
static void write_kernel(const char *path, guint64 memory_size)
{
    struct {
        Elf64_Ehdr h;
        Elf64_Phdr p[2];
        Elf64_Nhdr n;
        char name[4], text[8];
    } elf = { .h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
                     .e_machine = EM_X86_64,
                     .e_phoff = sizeof(Elf64_Ehdr),
                     .e_phnum = 2 },
              .n = { 4, 8, XEN_ELFNOTE_XEN_VERSION },
              .name = "Xen",
              .text = "xen-3.0" };

    elf.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_filesz = sizeof elf, .p_memsz = memory_size };
    elf.p[1] = (Elf64_Phdr){ .p_type = PT_NOTE,
                             .p_offset = offsetof(__typeof__(elf), n),
                             .p_filesz = sizeof elf - offsetof(__typeof__(elf), n) };
    g_file_set_contents(path, (const char *)&elf, sizeof elf, NULL);
}

static void set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("kxl-boot-XXXXXX", NULL);
    f->kernel = g_build_filename(f->dir, "kernel", NULL);
    f->ramdisk = g_build_filename(f->dir, "ramdisk", NULL);
    f->boot = g_build_filename(f->dir, "boot", NULL);
    write_kernel(f->kernel, 1 << 20);
    g_file_set_contents(f->ramdisk, "a ramdisk", -1, NULL);
    f->config = kxl_domain_config_new();
    f->config->name = g_strdup("guest");
    f->config->uuid = g_strdup("734f2dbb-934e-ba83-d45d-ef656ecfbefc");
    f->config->target_memkb = 65536;
    f->config->max_memkb = 131072;
    f->config->max_vcpus = 3;
    f->config->vcpus = 2;
    f->config->kernel = g_strdup(f->kernel);
    f->config->ramdisk = g_strdup(f->ramdisk);
    f->config->cmdline = g_strdup("root=/dev/xvda ro");
    f->config->rtc_timeoffset = -7200;
    f->config->tsc_mode = g_strdup("always_emulate");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    remove(f->kernel);
    remove(f->ramdisk);
    remove(f->boot);
    rmdir(f->dir);
    kxl_domain_config_free(f->config);
    g_free(f->dir);
    g_free(f->kernel);
    g_free(f->ramdisk);
    g_free(f->boot);
}

static gboolean write_boot(Fixture *f, const GByteArray *store, GError **error)
{
    KxlBootSpec spec = { .config = f->config,
                         .kernel = f->kernel,
                         .domid = 5,
                         .store = store,
                         .now_us = 1700000000000001 };

    return kxl_boot_file_write(f->boot, &spec, error);
}

static void check_section(const char *file, gsize len, const struct kz_section *section,
                          const char *text)
{
    g_assert_cmpuint(section->offset % KZ_PAGE_SIZE, ==, 0);
    g_assert_cmpuint(section->offset + section->size, <=, len);
    g_assert_cmpmem(file + section->offset, section->size, text, strlen(text));
}

static void test_layout(Fixture *f, gconstpointer data)
{
    static const guint8 uuid[] = { 0x73, 0x4f, 0x2d, 0xbb, 0x93, 0x4e, 0xba, 0x83,
                                   0xd4, 0x5d, 0xef, 0x65, 0x6e, 0xcf, 0xbe, 0xfc };
    g_autoptr(GByteArray) store = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL, *kernel = NULL;
    struct kz_boot_header h;
    gsize len, kernel_len;

    g_byte_array_append(store, (const guint8 *)"store", 5);
    write_boot(f, store, &error);
    g_assert_no_error(error);
    g_file_get_contents(f->boot, &file, &len, &error);
    g_assert_no_error(error);
    g_file_get_contents(f->kernel, &kernel, &kernel_len, &error);
    memcpy(&h, file, sizeof h);
    g_assert_cmpuint(h.magic, ==, KZ_BOOT_MAGIC);
    g_assert_cmpuint(h.header_size, ==, sizeof h);
    g_assert_cmpuint(h.nr_pages, ==, 16384);
    g_assert_cmpuint(h.max_pages, ==, 32768);
    g_assert_cmpuint(h.domid, ==, 5);
    g_assert_cmpuint(h.nr_vcpus, ==, 2);
    g_assert_cmpuint(h.max_vcpus, ==, 3);
    g_assert_cmpmem(h.uuid, 16, uuid, 16);
    g_assert_cmpint(h.time_offset_s, ==, -7200);
    g_assert_cmpuint(h.flags, ==, KZ_BOOT_EMULATE_TSC);
    g_assert_cmpuint(h.epoch_ns, ==, 1700000000000001000);
    g_assert_cmpuint(h.kernel.size, ==, kernel_len);
    g_assert_cmpmem(file + h.kernel.offset, h.kernel.size, kernel, kernel_len);
    check_section(file, len, &h.ramdisk, "a ramdisk");
    check_section(file, len, &h.cmdline, "root=/dev/xvda ro");
    check_section(file, len, &h.store, "store");
}

static void test_absent(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) store = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;
    struct kz_boot_header h;

    g_clear_pointer(&f->config->ramdisk, g_free);
    g_clear_pointer(&f->config->cmdline, g_free);
    write_boot(f, store, &error);
    g_assert_no_error(error);
    g_file_get_contents(f->boot, &file, NULL, &error);
    memcpy(&h, file, sizeof h);
    g_assert_cmpuint(h.ramdisk.size, ==, 0);
    g_assert_cmpuint(h.cmdline.size, ==, 0);
    g_assert_cmpuint(h.store.size, ==, 0);
}

static void expect_error(Fixture *f, KxlError code, const char *pattern)
{
    g_autoptr(GByteArray) store = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(write_boot(f, store, &error));
    g_test_message("%s", error->message);
    g_assert_error(error, KXL_ERROR, (int)code);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
}

static void test_errors(Fixture *f, gconstpointer data)
{
    write_kernel(f->kernel, 64 << 20);
    expect_error(f, KXL_ERROR_INVALID,
                 "memory: 65536 KiB is too small *kernel* need at least 66560 KiB");
    write_kernel(f->kernel, 1 << 20);
    remove(f->ramdisk);
    expect_error(f, KXL_ERROR_NOT_FOUND, "ramdisk '*/ramdisk': No such file*");
    g_free(f->config->ramdisk);
    f->config->ramdisk = g_strdup(f->dir);
    expect_error(f, KXL_ERROR_INVALID, "ramdisk '*': not a regular file");
    g_clear_pointer(&f->config->ramdisk, g_free);
    g_free(f->config->cmdline);
    f->config->cmdline = g_strnfill(1024, 'x');
    expect_error(f, KXL_ERROR_INVALID, "*command line: longer than the 1023 bytes*");
}

/* --- store ------------------------------------------------------------------------------------ */

/* "path perms = value", a line per record, in order. */
static char *store_text(const GByteArray *store)
{
    GString *text = g_string_new(NULL);
    const char *at = (const char *)store->data, *end = at + store->len;

    while (at < end) {
        const char *path = at, *perms = path + strlen(path) + 1, *value = perms + strlen(perms) + 1;
        guint32 len;

        memcpy(&len, value, sizeof len);
        g_string_append_printf(text, "%s %s = %.*s\n", path, perms, (int)len, value + 4);
        at = value + 4 + len;
    }
    g_assert_true(at == end);
    return g_string_free(text, FALSE);
}

static void test_store(Fixture *f, gconstpointer data)
{
    static const char *const lines[] = {
        "/local/domain/5 n0,r5 = \n",
        "/local/domain/5/domid n0,r5 = 5\n",
        "/local/domain/5/name n0,r5 = guest\n",
        "/local/domain/5/vm n0,r5 = /vm/734f2dbb-934e-ba83-d45d-ef656ecfbefc\n",
        "/local/domain/5/cpu/1/availability n0,r5 = online\n",
        "/local/domain/5/cpu/2/availability n0,r5 = offline\n",
        "/local/domain/5/memory/static-max n0,r5 = 131072\n",
        "/local/domain/5/memory/target n0,r5 = 65536\n",
        "/local/domain/5/control/shutdown n5 = \n",
        "/local/domain/5/control/platform-feature-xs_reset_watches n0,r5 = 1\n",
        "/local/domain/5/console/backend n0,r5 = /local/domain/0/backend/console/5/0\n",
        "/local/domain/5/device/vbd/51712 n5,r0 = \n",
        "/local/domain/5/device/vbd/51712/backend n5,r0 = /local/domain/0/backend/vbd/5/51712\n",
        "/local/domain/5/device/vbd/51712/virtual-device n5,r0 = 51712\n",
        "/local/domain/5/device/vbd/51712/device-type n5,r0 = disk\n",
        "/local/domain/0/backend/vbd/5/51712 n0,r5 = \n",
        "/local/domain/0/backend/vbd/5/51712/kanzen-pci n0,r5 = 00:03.0\n",
        "/local/domain/0/backend/vbd/5/51712/mode n0,r5 = w\n",
        "/local/domain/0/backend/vbd/5/51712/params n0,r5 = /images/x.img\n",
        "/local/domain/0/backend/vif/5/0/kanzen-pci n0,r5 = 00:04.0\n",
        "/local/domain/0/backend/vif/5/0/mac n0,r5 = 00:16:3e:00:00:01\n",
        "/local/domain/5/device/vif/0/mac n5,r0 = 00:16:3e:00:00:01\n",
        "/vm/734f2dbb-934e-ba83-d45d-ef656ecfbefc/name n0,r5 = guest\n",
        "/vm/734f2dbb-934e-ba83-d45d-ef656ecfbefc/start_time n0,r5 = 1700000000.25\n",
    };
    g_autofree char *text = NULL;
    g_autoptr(GByteArray) store = NULL;
    KxlDeviceDisk *disk = kxl_device_disk_new();
    KxlDeviceNic *nic = kxl_device_nic_new();
    char *disk_pci[] = { (char *)"00:03.0", NULL }, *nic_pci[] = { (char *)"00:04.0", NULL };
    KxlStoreFunctions functions = { disk_pci, nic_pci };

    disk->vdev = g_strdup("xvda");
    disk->path = g_strdup("/images/x.img");
    g_ptr_array_add(f->config->disks, disk);
    nic->devid = 0;
    nic->mac = g_strdup("00:16:3e:00:00:01");
    g_ptr_array_add(f->config->nics, nic);
    store = kxl_store_tree_new(f->config, 5, &functions, 1700000000250000);
    text = store_text(store);
    g_test_message("%s", text);
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        if (!strstr(text, lines[i]))
            g_error("not in the tree: %s", lines[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/boot-file/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("layout", test_layout);
    ADD("absent", test_absent);
    ADD("errors", test_errors);
    ADD("store", test_store);
    return g_test_run();
}
