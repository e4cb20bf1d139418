/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/elf.h"
#include "mm/layout.h"
#include "string.h"
#include <xen/elfnote.h>

#define EM_X86_64   62
#define ET_EXEC     2
#define PT_LOAD     1
#define PT_NOTE     4
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

_Static_assert(sizeof(struct elf_header) == 64, "ELF64 header");
_Static_assert(sizeof(struct elf_program) == 56, "ELF64 program header");
_Static_assert(sizeof(struct elf_section) == 64, "ELF64 section header");

struct image {
    const uint8_t *data;
    size_t size;
};

/* The notes as found; names the builder does not use are only checked. */
struct notes {
    uint64_t numbers[XEN_ELFNOTE_MAX + 1];
    bool present[XEN_ELFNOTE_MAX + 1];
    const char *features; /* XEN_ELFNOTE_FEATURES, features_len bytes */
    size_t features_len;
    bool any;
};

static bool inside(const struct image *im, uint64_t offset, uint64_t size)
{
    return offset <= im->size && size <= im->size - offset;
}

static void read_note(struct notes *n, uint32_t type, const uint8_t *desc, uint32_t size)
{
    if (type > XEN_ELFNOTE_MAX)
        return;
    n->any = true;
    if (type == XEN_ELFNOTE_FEATURES) {
        n->features = (const char *)desc;
        n->features_len = strnlen((const char *)desc, size);
        return;
    }
    if (size != 4 && size != 8)
        return;
    n->present[type] = true;
    memcpy(&n->numbers[type], desc, size);
}

/* Name and descriptor are padded to 4 bytes each. */
static void read_notes(const struct image *im, uint64_t offset, uint64_t size, struct notes *n)
{
    uint64_t end;

    if (!inside(im, offset, size))
        return;
    end = offset + size;
    while (end - offset >= 12) {
        uint32_t head[3]; /* name size, descriptor size, type */
        uint64_t name, desc;

        memcpy(head, im->data + offset, sizeof(head));
        name = offset + sizeof(head);
        desc = name + ROUND_UP((uint64_t)head[0], 4);
        offset = desc + ROUND_UP((uint64_t)head[1], 4);
        if (desc + head[1] > end)
            return;
        if (head[0] == 4 && memcmp(im->data + name, "Xen", 4) == 0)
            read_note(n, head[2], im->data + desc, head[1]);
        if (offset > end)
            return;
    }
}

static void collect_notes(const struct image *im, const struct elf_header *h, struct notes *n)
{
    struct elf_program p;
    struct elf_section s;

    for (unsigned int i = 0; i < h->phnum; i++) {
        memcpy(&p, im->data + h->phoff + i * sizeof(p), sizeof(p));
        if (p.type == PT_NOTE)
            read_notes(im, p.offset, p.filesz, n);
    }
    if (n->any || h->shentsize != sizeof(s) ||
        !inside(im, h->shoff, (uint64_t)h->shnum * sizeof(s)))
        return;
    for (unsigned int i = 0; i < h->shnum; i++) {
        memcpy(&s, im->data + h->shoff + i * sizeof(s), sizeof(s));
        if (s.type == SHT_NOTE)
            read_notes(im, s.offset, s.size, n);
    }
}

static const char *check_header(const struct image *im, const struct elf_header *h)
{
    if (memcmp(h->ident, "\177ELF", 4) != 0)
        return "not an ELF image";
    if (h->ident[4] == ELFCLASS32)
        return "32-bit kernels are not supported";
    if (h->ident[4] != ELFCLASS64 || h->ident[5] != ELFDATA2LSB || h->machine != EM_X86_64)
        return "not an x86-64 image";
    if (h->phentsize != sizeof(struct elf_program) ||
        !inside(im, h->phoff, (uint64_t)h->phnum * sizeof(struct elf_program)))
        return "program headers outside of the image";
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
static const char *read_segments(const struct image *im, const struct elf_header *h,
                                 uint64_t offset, struct kernel_image *k)
{
    k->virt_start = ~0ULL;
    for (unsigned int i = 0; i < h->phnum; i++) {
        struct kernel_segment *s = &k->segments[k->nr_segments];
        struct elf_program p;

        memcpy(&p, im->data + h->phoff + i * sizeof(p), sizeof(p));
        if (p.type != PT_LOAD || p.memsz == 0)
            continue;
        if (k->nr_segments == KERNEL_MAX_SEGMENTS)
            return "too many segments";
        if (!inside(im, p.offset, p.filesz) || p.filesz > p.memsz)
            return "segment outside of the image";
        *s = (struct kernel_segment){ p.offset, p.filesz, p.paddr + offset, p.memsz };
        if (s->va < k->virt_base || s->va + s->memsz < s->va)
            return "segment outside of the kernel's address range";
        k->virt_start = MIN(k->virt_start, s->va);
        k->virt_end = MAX(k->virt_end, s->va + s->memsz);
        k->nr_segments++;
    }
    return k->nr_segments ? NULL : "no segments to load";
}

/* L4 slots that a guest can have memory in. */
static bool guest_address(uint64_t va)
{
    return va < 0x0000800000000000 || va >= HV_VA_END;
}

const char *kernel_image_parse(const void *image, size_t size, struct kernel_image *ret)
{
    struct image im = { image, size };
    struct kernel_image k = { 0 };
    struct notes n = { 0 };
    struct elf_header h;
    const char *error;

    if (size < sizeof(h))
        return "image is truncated";
    memcpy(&h, image, sizeof(h));
    error = check_header(&im, &h);
    if (error)
        return error;
    collect_notes(&im, &h, &n);
    if (!n.any)
        return "not a PV kernel: it has no Xen ELF notes";
    error = check_features(&n);
    if (error)
        return error;

    k.virt_base = n.numbers[XEN_ELFNOTE_VIRT_BASE];
    k.entry = n.present[XEN_ELFNOTE_ENTRY] ? n.numbers[XEN_ELFNOTE_ENTRY] : h.entry;
    k.hypercall_page = n.numbers[XEN_ELFNOTE_HYPERCALL_PAGE];
    k.p2m_base = n.numbers[XEN_ELFNOTE_INIT_P2M];
    k.ramdisk_unmapped = n.numbers[XEN_ELFNOTE_MOD_START_PFN] != 0;
    if (k.virt_base & ~PAGE_MASK || k.p2m_base & ~PAGE_MASK || k.hypercall_page & ~PAGE_MASK)
        return "an address in the Xen notes is not page-aligned";
    error = read_segments(&im, &h, k.virt_base - n.numbers[XEN_ELFNOTE_PADDR_OFFSET], &k);
    if (error)
        return error;
    if (k.entry < k.virt_start || k.entry >= k.virt_end)
        return "the entry point is outside of the kernel";
    if (k.hypercall_page && (k.hypercall_page < k.virt_start || k.hypercall_page >= k.virt_end))
        return "the hypercall page is outside of the kernel";
    if (!guest_address(k.virt_base) || !guest_address(k.virt_end - 1) || !guest_address(k.p2m_base))
        return "the kernel wants addresses that are the hypervisor's";
    *ret = k;
    return NULL;
}
