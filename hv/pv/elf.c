/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/elf.h"
#include "mm/layout.h"
#include "pv/elf-notes.h"
#include "string.h"

#define EM_386      3
#define EM_X86_64   62
#define PT_LOAD     1
#define PT_NOTE     4
#define SHT_STRTAB  3
#define SHT_NOTE    7
#define ELFCLASS32  1
#define ELFCLASS64  2
#define ELFDATA2LSB 1

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_section {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize;
};

struct elf_header_32 {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program_32 {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct elf_section_32 {
    uint32_t name, type, flags, addr, offset, size, link, info, addralign, entsize;
};

_Static_assert(sizeof(struct elf_header) == 64, "ELF64 header");
_Static_assert(sizeof(struct elf_program) == 56, "ELF64 program header");
_Static_assert(sizeof(struct elf_section) == 64, "ELF64 section header");
_Static_assert(sizeof(struct elf_header_32) == 52, "ELF32 header");
_Static_assert(sizeof(struct elf_program_32) == 32, "ELF32 program header");
_Static_assert(sizeof(struct elf_section_32) == 40, "ELF32 section header");

struct image {
    const uint8_t *data;
    size_t size;
    bool is_32bit;
    struct elf_header h; /* of either class */
};

static bool inside(const struct image *im, uint64_t offset, uint64_t size)
{
    return offset <= im->size && size <= im->size - offset;
}

static void read_header(struct image *im)
{
    struct elf_header_32 h;

    if (!im->is_32bit) {
        memcpy(&im->h, im->data, sizeof(im->h));
        return;
    }
    memcpy(&h, im->data, sizeof(h));
    im->h = (struct elf_header){ .machine = h.machine,
                                 .entry = h.entry,
                                 .phoff = h.phoff,
                                 .shoff = h.shoff,
                                 .phentsize = h.phentsize,
                                 .phnum = h.phnum,
                                 .shentsize = h.shentsize,
                                 .shnum = h.shnum };
}

static void read_program(const struct image *im, unsigned int i, struct elf_program *ret)
{
    struct elf_program_32 p;

    if (!im->is_32bit) {
        memcpy(ret, im->data + im->h.phoff + i * sizeof(*ret), sizeof(*ret));
        return;
    }
    memcpy(&p, im->data + im->h.phoff + i * sizeof(p), sizeof(p));
    *ret = (struct elf_program){
        .type = p.type, .offset = p.offset, .paddr = p.paddr, .filesz = p.filesz, .memsz = p.memsz
    };
}

static void read_section(const struct image *im, unsigned int i, struct elf_section *ret)
{
    struct elf_section_32 s;

    if (!im->is_32bit) {
        memcpy(ret, im->data + im->h.shoff + i * sizeof(*ret), sizeof(*ret));
        return;
    }
    memcpy(&s, im->data + im->h.shoff + i * sizeof(s), sizeof(s));
    *ret =
        (struct elf_section){ .name = s.name, .type = s.type, .offset = s.offset, .size = s.size };
}

static void read_notes(const struct image *im, uint64_t offset, uint64_t size, struct notes *n)
{
    if (inside(im, offset, size))
        notes_read(n, im->data + offset, im->data + offset + size, im->data + im->size);
}

/* Is the section's name in one of the string tables this one? */
static bool section_is(const struct image *im, const struct elf_section *s, const char *name)
{
    struct elf_section names;
    size_t len = strlen(name) + 1;

    for (unsigned int i = 0; i < im->h.shnum; i++) {
        read_section(im, i, &names);
        if (names.type == SHT_STRTAB && s->name < names.size &&
            inside(im, names.offset, names.size) && len <= names.size - s->name &&
            memcmp(im->data + names.offset + s->name, name, len) == 0)
            return true;
    }
    return false;
}

/* In the segments; failing that, in the sections; failing that, the string of kernels older than
 * notes. */
static void collect_notes(const struct image *im, struct notes *n)
{
    unsigned int section_size =
        im->is_32bit ? sizeof(struct elf_section_32) : sizeof(struct elf_section);
    struct elf_program p;
    struct elf_section s;

    for (unsigned int i = 0; i < im->h.phnum; i++) {
        read_program(im, i, &p);
        if (p.type == PT_NOTE)
            read_notes(im, p.offset, p.filesz, n);
    }
    if (n->any || im->h.shentsize != section_size ||
        !inside(im, im->h.shoff, (uint64_t)im->h.shnum * section_size))
        return;
    for (unsigned int i = 0; i < im->h.shnum; i++) {
        read_section(im, i, &s);
        if (s.type == SHT_NOTE)
            read_notes(im, s.offset, s.size, n);
    }
    for (unsigned int i = 0; i < im->h.shnum && !n->any; i++) {
        read_section(im, i, &s);
        if (section_is(im, &s, "__xen_guest") && inside(im, s.offset, s.size))
            notes_read_string(n, (const char *)im->data + s.offset, s.size);
    }
}

static const char *check_header(struct image *im)
{
    uint16_t wanted;

    if (im->size < sizeof(struct elf_header_32))
        return "image is truncated";
    if (memcmp(im->data, "\177ELF", 4) != 0)
        return "not an ELF image";
    im->is_32bit = im->data[4] == ELFCLASS32;
    if ((!im->is_32bit && im->data[4] != ELFCLASS64) || im->data[5] != ELFDATA2LSB)
        return "not an x86 image";
    if (!im->is_32bit && im->size < sizeof(struct elf_header))
        return "image is truncated";
    read_header(im);
    wanted = im->is_32bit ? sizeof(struct elf_program_32) : sizeof(struct elf_program);
    if (im->h.machine != (im->is_32bit ? EM_386 : EM_X86_64))
        return "not an x86 image";
    if (im->h.phentsize != wanted || !inside(im, im->h.phoff, (uint64_t)im->h.phnum * wanted))
        return "program headers outside of the image";
    return NULL;
}

/* elfnote.h XEN_ELFNOTE_PAE_MODE. A kernel that can do either is run with PAE; one that says
 * nothing has no choice. */
static const char *check_pae(const struct notes *n, struct kernel_image *k)
{
    if (!k->is_32bit || !n->present[XEN_ELFNOTE_PAE_MODE])
        return NULL;
    if (notes_list_has(n->pae_mode, n->pae_mode_len, ',', "no"))
        return "32-bit kernels without PAE are not supported";
    return NULL;
}

/* elfnote.h XEN_ELFNOTE_FEATURES: names separated by '|', those with '!' are required. */
static const char *check_features(const struct notes *n)
{
    static const char *const have[] = { "writable_page_tables", "writable_descriptor_tables",
                                        "pae_pgdir_above_4gb",  "mmu_pt_update_preserve_ad",
                                        "highmem_assist",       "gnttab_map_avail_bits" };
    const char *at = n->features, *end = at + n->features_len;

    while (at && at < end) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        size_t len = (size_t)((bar ? bar : end) - at);
        bool found = *at != '!';

        for (unsigned int i = 0; i < ARRAY_SIZE(have) && !found; i++)
            found = strlen(have[i]) == len - 1 && memcmp(have[i], at + 1, len - 1) == 0;
        if (!found)
            return "the kernel requires a feature that PV guests do not have here";
        at += len + 1;
    }
    return NULL;
}

/* Addresses follow from p_paddr, as Xen has it: pseudo-physical 0 is at virt_base. */
static const char *read_segments(const struct image *im, uint64_t offset, struct kernel_image *k)
{
    uint64_t mask = k->is_32bit ? 0xffffffff : ~0ULL;

    k->virt_start = ~0ULL;
    for (unsigned int i = 0; i < im->h.phnum; i++) {
        struct kernel_segment *s = &k->segments[k->nr_segments];
        struct elf_program p;

        read_program(im, i, &p);
        if (p.type != PT_LOAD || p.memsz == 0)
            continue;
        if (k->nr_segments == KERNEL_MAX_SEGMENTS)
            return "too many segments";
        if (!inside(im, p.offset, p.filesz) || p.filesz > p.memsz)
            return "segment outside of the image";
        *s = (struct kernel_segment){ p.offset, p.filesz, (p.paddr + offset) & mask, p.memsz };
        if (s->va < k->virt_base || s->va + s->memsz < s->va)
            return "segment outside of the kernel's address range";
        k->virt_start = MIN(k->virt_start, s->va);
        k->virt_end = MAX(k->virt_end, s->va + s->memsz);
        k->nr_segments++;
    }
    return k->nr_segments ? NULL : "no segments to load";
}

/* Where a guest can have memory. */
static bool guest_address(const struct kernel_image *k, uint64_t va)
{
    if (k->is_32bit)
        return va < HV_COMPAT_VA;
    return va < 0x0000800000000000 || va >= HV_VA_END;
}

const char *kernel_image_parse(const void *image, size_t size, struct kernel_image *ret)
{
    struct image im = { .data = image, .size = size };
    struct kernel_image k = { 0 };
    struct notes n = { 0 };
    const char *error = check_header(&im);

    if (error)
        return error;
    collect_notes(&im, &n);
    k.is_32bit = im.is_32bit;
    if (!n.any)
        return "not a PV kernel: it has no Xen ELF notes";
    error = check_features(&n);
    if (!error)
        error = check_pae(&n, &k);
    if (error)
        return error;

    k.virt_base = n.numbers[XEN_ELFNOTE_VIRT_BASE];
    k.entry = n.present[XEN_ELFNOTE_ENTRY] ? n.numbers[XEN_ELFNOTE_ENTRY] : im.h.entry;
    k.hypercall_page = n.numbers[XEN_ELFNOTE_HYPERCALL_PAGE];
    k.p2m_base = n.numbers[XEN_ELFNOTE_INIT_P2M];
    k.ramdisk_unmapped = n.numbers[XEN_ELFNOTE_MOD_START_PFN] != 0;
    if (k.virt_base & ~PAGE_MASK || k.p2m_base & ~PAGE_MASK || k.hypercall_page & ~PAGE_MASK)
        return "an address in the Xen notes is not page-aligned";
    error = read_segments(&im, k.virt_base - n.numbers[XEN_ELFNOTE_PADDR_OFFSET], &k);
    if (error)
        return error;
    if (k.entry < k.virt_start || k.entry >= k.virt_end)
        return "the entry point is outside of the kernel";
    if (k.hypercall_page && (k.hypercall_page < k.virt_start || k.hypercall_page >= k.virt_end))
        return "the hypercall page is outside of the kernel";
    if (!guest_address(&k, k.virt_base) || !guest_address(&k, k.virt_end - 1) ||
        !guest_address(&k, k.p2m_base))
        return "the kernel wants addresses that are the hypervisor's";
    *ret = k;
    return NULL;
}
