/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/elf.h"
#include <elf.h>
#include <glib.h>
#include <string.h>
#include <xen/elfnote.h>

#define BASE  0xffffffff80000000ULL
#define IMAGE 0x4000U
#define NOTES 0x300U

/* An image like Linux's, one field of which a test changes. */
struct image {
    uint8_t data[IMAGE];
    size_t notes_len;
};

static Elf64_Ehdr *ehdr(struct image *im)
{
    return (Elf64_Ehdr *)(void *)im->data;
}

static Elf64_Phdr *phdr(struct image *im, unsigned int n)
{
    return (Elf64_Phdr *)(void *)(im->data + sizeof(Elf64_Ehdr)) + n;
}

static void add_note(struct image *im, uint32_t type, const void *desc, uint32_t size)
{
    uint32_t head[3] = { 4, size, type };
    uint8_t *at = im->data + NOTES + im->notes_len;

    memcpy(at, head, sizeof(head));
    memcpy(at + 12, "Xen", 4);
    memcpy(at + 16, desc, size);
    im->notes_len += 16 + (size + 3) / 4 * 4;
    phdr(im, 2)->p_filesz = im->notes_len;
}

static void add_number(struct image *im, uint32_t type, uint64_t value)
{
    add_note(im, type, &value, 8);
}

static void make(struct image *im)
{
    *im = (struct image){ 0 };
    *ehdr(im) = (Elf64_Ehdr){ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
                              .e_type = ET_EXEC,
                              .e_machine = EM_X86_64,
                              .e_entry = 0x1000000,
                              .e_phoff = sizeof(Elf64_Ehdr),
                              .e_phentsize = sizeof(Elf64_Phdr),
                              .e_phnum = 3 };
    *phdr(im, 0) = (Elf64_Phdr){ .p_type = PT_LOAD,
                                 .p_offset = 0x1000,
                                 .p_vaddr = BASE + 0x1000000,
                                 .p_paddr = 0x1000000,
                                 .p_filesz = 0x2000,
                                 .p_memsz = 0x2000 };
    *phdr(im, 1) = (Elf64_Phdr){ .p_type = PT_LOAD,
                                 .p_offset = 0x3000,
                                 .p_vaddr = 0, /* per-CPU data */
                                 .p_paddr = 0x1002000,
                                 .p_filesz = 0x800,
                                 .p_memsz = 0x5000 };
    *phdr(im, 2) = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES };
    add_note(im, XEN_ELFNOTE_GUEST_OS, "linux", 6);
    add_number(im, XEN_ELFNOTE_VIRT_BASE, BASE);
    add_number(im, XEN_ELFNOTE_ENTRY, BASE + 0x1000040);
}

static const char *parse(struct image *im, struct kernel_image *k)
{
    uint8_t *copy = g_memdup2(im->data, IMAGE); /* its end is watched */
    const char *error = kernel_image_parse(copy, IMAGE, k);

    g_free(copy);
    return error;
}

static void test_linux(void)
{
    uint32_t one = 1;
    struct kernel_image k;
    struct image im;

    make(&im);
    add_number(&im, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    add_note(&im, XEN_ELFNOTE_MOD_START_PFN, &one, 4);
    add_number(&im, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1001000);
    add_note(&im, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb", 42);
    g_assert_null(parse(&im, &k));
    g_assert_cmphex(k.virt_base, ==, BASE);
    g_assert_cmphex(k.entry, ==, BASE + 0x1000040);
    g_assert_cmphex(k.p2m_base, ==, 0x8000000000);
    g_assert_cmphex(k.hypercall_page, ==, BASE + 0x1001000);
    g_assert_true(k.ramdisk_unmapped);
    g_assert_cmpuint(k.nr_segments, ==, 2);
    g_assert_cmphex(k.segments[1].va, ==, BASE + 0x1002000);
    g_assert_cmphex(k.segments[1].memsz, ==, 0x5000);
    g_assert_cmphex(k.virt_start, ==, BASE + 0x1000000);
    g_assert_cmphex(k.virt_end, ==, BASE + 0x1007000);
}

/* Kernels whose p_paddr is virtual say so by the PADDR_OFFSET note. */
static void test_paddr_offset(void)
{
    struct kernel_image k;
    struct image im;

    make(&im);
    phdr(&im, 0)->p_paddr += BASE;
    phdr(&im, 1)->p_paddr += BASE;
    add_number(&im, XEN_ELFNOTE_PADDR_OFFSET, BASE);
    g_assert_null(parse(&im, &k));
    g_assert_cmphex(k.segments[0].va, ==, BASE + 0x1000000);
}

/* A 32-bit image: a segment at pseudo-physical 4 MiB, sections for notes or the old string, and the
 * string's name. */
#define BASE_32   0xc0000000U
#define STRING_32 0x400U
#define NAMES_32  0x600U

static size_t make_32(uint8_t *data, uint32_t paddr)
{
    static const char names[] = "\0__xen_guest\0.shstrtab";
    Elf32_Ehdr *h = (Elf32_Ehdr *)(void *)data;
    Elf32_Phdr *p = (Elf32_Phdr *)(void *)(data + sizeof(*h));
    Elf32_Shdr *s = (Elf32_Shdr *)(void *)(data + 0x700);

    memset(data, 0, IMAGE);
    *h = (Elf32_Ehdr){ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 },
                       .e_type = ET_EXEC,
                       .e_machine = EM_386,
                       .e_entry = BASE_32 + 0x400000,
                       .e_phoff = sizeof(*h),
                       .e_phentsize = sizeof(*p),
                       .e_phnum = 1,
                       .e_shoff = 0x700,
                       .e_shentsize = sizeof(*s),
                       .e_shnum = 3 };
    *p = (Elf32_Phdr){ .p_type = PT_LOAD,
                       .p_offset = 0x1000,
                       .p_paddr = paddr,
                       .p_filesz = 0x2000,
                       .p_memsz = 0x3000 };
    memcpy(data + NAMES_32, names, sizeof(names));
    s[1] = (Elf32_Shdr){
        .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = STRING_32, .sh_size = 0x200
    };
    s[2] = (Elf32_Shdr){
        .sh_name = 13, .sh_type = SHT_STRTAB, .sh_offset = NAMES_32, .sh_size = sizeof(names)
    };
    return IMAGE;
}

/* Kernels of Red Hat Enterprise Linux 5's days. */
static void test_string(void)
{
    static const struct {
        const char *string, *error;
        uint32_t paddr;
    } rows[] = {
        { "GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,ELF_PADDR_OFFSET=0xC0000000,VIRT_"
          "ENTRY=0xC0400000,"
          "HYPERCALL_PAGE=0x401,FEATURES=writable_page_tables|pae_pgdir_above_4gb,PAE=yes[extended-"
          "cr3],LOADER=generic",
          NULL, BASE_32 + 0x400000 },
        /* Without an offset, program headers have virtual addresses. */
        { "VIRT_BASE=0xC0000000,VIRT_ENTRY=0xC0400000,HYPERCALL_PAGE=0x401,PAE=yes", NULL,
          BASE_32 + 0x400000 },
        { "VIRT_BASE=0xC0000000,ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x401", NULL, 0x400000 },
        { "VIRT_BASE=0xC0000000,PAE=no", "32-bit kernels without PAE are not supported",
          BASE_32 + 0x400000 },
        { "VIRT_BASE=0xF5000000,ELF_PADDR_OFFSET=0",
          "the kernel wants addresses that are the hypervisor's", 0x7ff000 },
        { "VIRT_BASE=0xC0000000,FEATURES=!supervisor_mode_kernel",
          "the kernel requires a feature that PV guests do not have here", BASE_32 + 0x400000 },
    };
    uint8_t *data = g_malloc(IMAGE);

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct kernel_image k;

        g_test_message("%s", rows[i].string);
        make_32(data, rows[i].paddr);
        ((Elf32_Ehdr *)(void *)data)->e_entry = rows[i].error ? 0xf57ff000 : BASE_32 + 0x400000;
        strcpy((char *)data + STRING_32, rows[i].string);
        g_assert_cmpstr(kernel_image_parse(data, IMAGE, &k), ==, rows[i].error);
        if (rows[i].error)
            continue;
        g_assert_true(k.is_32bit);
        g_assert_cmphex(k.virt_base, ==, BASE_32);
        g_assert_cmphex(k.entry, ==, BASE_32 + 0x400000);
        g_assert_cmphex(k.hypercall_page, ==, BASE_32 + 0x401000);
        g_assert_cmphex(k.segments[0].va, ==, BASE_32 + 0x400000);
    }
    g_free(data);
}

/* GRUB's: all at 0, and the block of notes ends before its last note does. */
static void test_grub(void)
{
    uint8_t *data = g_malloc(IMAGE);
    uint32_t notes[] = { 4,          4,         XEN_ELFNOTE_VIRT_BASE, 0x6e6558, 0,
                         4,          12,        XEN_ELFNOTE_PAE_MODE,  0x6e6558, 0x2c736579,
                         0x6f6d6962, 0x006c6164 };
    struct kernel_image k;

    make_32(data, 0);
    ((Elf32_Ehdr *)(void *)data)->e_entry = 0;
    ((Elf32_Phdr *)(void *)(data + sizeof(Elf32_Ehdr)))[1] =
        (Elf32_Phdr){ .p_type = PT_NOTE, .p_offset = STRING_32, .p_filesz = sizeof(notes) - 8 };
    ((Elf32_Ehdr *)(void *)data)->e_phnum = 2;
    memcpy(data + STRING_32, notes, sizeof(notes));
    g_assert_null(kernel_image_parse(data, IMAGE, &k));
    g_assert_true(k.is_32bit);
    g_assert_cmphex(k.virt_base, ==, 0);
    g_assert_cmphex(k.virt_end, ==, 0x3000);
    memcpy(data + STRING_32 + 36, "no\0", 3);
    g_assert_cmpstr(kernel_image_parse(data, IMAGE, &k), ==,
                    "32-bit kernels without PAE are not supported");
    g_free(data);
}

static void test_section_notes(void)
{
    struct kernel_image k;
    struct image im;
    Elf64_Shdr note = { .sh_type = SHT_NOTE, .sh_offset = NOTES };

    make(&im);
    note.sh_size = im.notes_len;
    phdr(&im, 2)->p_type = PT_NULL;
    memcpy(im.data + 0x800, &note, sizeof(note));
    ehdr(&im)->e_shoff = 0x800;
    ehdr(&im)->e_shnum = 1;
    ehdr(&im)->e_shentsize = sizeof(note);
    g_assert_null(parse(&im, &k));
    ehdr(&im)->e_shoff = IMAGE - 63;
    g_assert_cmpstr(parse(&im, &k), ==, "not a PV kernel: it has no Xen ELF notes");
}

#define BAD(text, ...)                                                                             \
    do {                                                                                           \
        struct kernel_image bad;                                                                   \
        struct image im;                                                                           \
        make(&im);                                                                                 \
        __VA_ARGS__;                                                                               \
        g_assert_cmpstr(parse(&im, &bad), ==, text);                                               \
    } while (0)

static void test_bad(void)
{
    struct kernel_image k;

    g_assert_cmpstr(kernel_image_parse("", 0, &k), ==, "image is truncated");
    BAD("not an ELF image", im.data[0] = 'M');
    BAD("not an x86 image", im.data[4] = ELFCLASS32);
    BAD("not an x86 image", im.data[4] = 3);
    BAD("not an x86 image", ehdr(&im)->e_machine = EM_AARCH64);
    BAD("not an x86 image", im.data[5] = ELFDATA2MSB);
    BAD("program headers outside of the image", ehdr(&im)->e_phoff = ~0ULL - 8);
    BAD("program headers outside of the image", ehdr(&im)->e_phoff = IMAGE - 60);
    BAD("program headers outside of the image", ehdr(&im)->e_phentsize = 32);
    BAD("not a PV kernel: it has no Xen ELF notes", phdr(&im, 2)->p_filesz = 0);
    BAD("not a PV kernel: it has no Xen ELF notes", phdr(&im, 2)->p_offset = IMAGE);
    BAD("the kernel requires a feature that PV guests do not have here",
        add_note(&im, XEN_ELFNOTE_FEATURES, "!auto_translated_physmap", 25));
    BAD("the kernel requires a feature that PV guests do not have here",
        add_note(&im, XEN_ELFNOTE_FEATURES, "foo|!writable", 14));
    BAD("segment outside of the image", phdr(&im, 0)->p_filesz = 0x3001);
    BAD("segment outside of the image", phdr(&im, 0)->p_memsz = 0x1000);
    BAD("segment outside of the image", phdr(&im, 0)->p_offset = ~0ULL);
    BAD("segment outside of the kernel's address range", phdr(&im, 0)->p_paddr = 0 - BASE);
    BAD("segment outside of the kernel's address range", phdr(&im, 0)->p_memsz = ~0ULL);
    BAD("no segments to load", phdr(&im, 0)->p_type = phdr(&im, 1)->p_type = PT_NULL);
    BAD("the entry point is outside of the kernel", add_number(&im, XEN_ELFNOTE_ENTRY, BASE));
    BAD("the hypercall page is outside of the kernel",
        add_number(&im, XEN_ELFNOTE_HYPERCALL_PAGE, BASE));
    BAD("an address in the Xen notes is not page-aligned",
        add_number(&im, XEN_ELFNOTE_INIT_P2M, 0x123));
    BAD("the kernel wants addresses that are the hypervisor's",
        add_number(&im, XEN_ELFNOTE_INIT_P2M, 0xffff800000000000));
}

/* Any bytes changed: an answer, and no access outside of the image. */
static void test_mutated(void)
{
    for (unsigned int n = 0; n < 50000; n++) {
        struct kernel_image k;
        struct image im;

        make(&im);
        for (unsigned int i = 0; i < 1 + n % 4; i++)
            im.data[g_test_rand_int_range(0, NOTES + 100)] = (uint8_t)g_test_rand_int_range(0, 256);
        if (parse(&im, &k))
            continue;
        for (unsigned int i = 0; i < k.nr_segments; i++) {
            g_assert_cmpuint(k.segments[i].filesz, <=, IMAGE);
            g_assert_cmpuint(k.segments[i].offset + k.segments[i].filesz, <=, IMAGE);
            g_assert_cmpuint(k.segments[i].va, >=, k.virt_base);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/elf/linux", test_linux);
    g_test_add_func("/elf/paddr-offset", test_paddr_offset);
    g_test_add_func("/elf/section-notes", test_section_notes);
    g_test_add_func("/elf/string", test_string);
    g_test_add_func("/elf/grub", test_grub);
    g_test_add_func("/elf/bad", test_bad);
    g_test_add_func("/elf/mutated", test_mutated);
    return g_test_run();
}
