/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is this ELF file a Xen PV or PVH kernel? It says so in its ELF notes (xen/elfnote.h). Untrusted
 * input. */
#include <elf.h>
#include <string.h>

#include <xen/elfnote.h>

#include "kernel.h"
#include "kxl.h"

typedef struct {
    const guint8 *data;
    gsize len;
    gboolean is_64bit;
} Elf;

/* What both ELF classes say about a segment or section. */
typedef struct {
    guint32 name, type;
    guint64 offset, file_size, address, memory_size;
} Part;

typedef struct {
    guint64 at;
    guint count, entry_size;
} Table;

static gboolean not_a_kernel(GError **error, const char *why)
{
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID, why);
    return FALSE;
}

static const void *elf_at(const Elf *elf, guint64 offset, guint64 len)
{
    return offset <= elf->len && len <= elf->len - offset ? elf->data + offset : NULL;
}

static gboolean elf_open(Elf *elf, Table *segments, Table *sections, GError **error)
{
    const guint8 *ident = elf_at(elf, 0, sizeof(Elf32_Ehdr));

    if (!ident || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return not_a_kernel(error, "not an ELF image");
    if (ident[EI_DATA] != ELFDATA2LSB)
        return not_a_kernel(error, "not a little-endian ELF image");
    elf->is_64bit = ident[EI_CLASS] == ELFCLASS64;
    if (elf->is_64bit) {
        Elf64_Ehdr h;

        if (elf->len < sizeof h)
            return not_a_kernel(error, "truncated ELF image");
        memcpy(&h, ident, sizeof h);
        if (h.e_machine != EM_X86_64)
            return not_a_kernel(error, "not an x86 kernel");
        *segments = (Table){ h.e_phoff, h.e_phnum, sizeof(Elf64_Phdr) };
        *sections = (Table){ h.e_shoff, h.e_shnum, sizeof(Elf64_Shdr) };
    } else {
        Elf32_Ehdr h;

        memcpy(&h, ident, sizeof h);
        if (h.e_machine != EM_386)
            return not_a_kernel(error, "not an x86 kernel");
        *segments = (Table){ h.e_phoff, h.e_phnum, sizeof(Elf32_Phdr) };
        *sections = (Table){ h.e_shoff, h.e_shnum, sizeof(Elf32_Shdr) };
    }
    if (segments->count == 0)
        return not_a_kernel(error, "not a kernel: no ELF segments");
    if (!elf_at(elf, segments->at, (guint64)segments->count * segments->entry_size))
        return not_a_kernel(error, "truncated ELF image");
    /* Stripped images may have lost their sections; they are only a second place to look in. */
    if (!elf_at(elf, sections->at, (guint64)sections->count * sections->entry_size))
        sections->count = 0;
    return TRUE;
}

static Part segment_get(const Elf *elf, const Table *table, guint i)
{
    const guint8 *at = elf->data + table->at + (gsize)i * table->entry_size;
    Elf64_Phdr p64;
    Elf32_Phdr p32;

    if (elf->is_64bit) {
        memcpy(&p64, at, sizeof p64);
        return (Part){ 0, p64.p_type, p64.p_offset, p64.p_filesz, p64.p_paddr, p64.p_memsz };
    }
    memcpy(&p32, at, sizeof p32);
    return (Part){ 0, p32.p_type, p32.p_offset, p32.p_filesz, p32.p_paddr, p32.p_memsz };
}

static Part section_get(const Elf *elf, const Table *table, guint i)
{
    const guint8 *at = elf->data + table->at + (gsize)i * table->entry_size;
    Elf64_Shdr s64;
    Elf32_Shdr s32;

    if (elf->is_64bit) {
        memcpy(&s64, at, sizeof s64);
        return (Part){ s64.sh_name, s64.sh_type, s64.sh_offset,
                       s64.sh_size, s64.sh_addr, s64.sh_size };
    }
    memcpy(&s32, at, sizeof s32);
    return (Part){ s32.sh_name, s32.sh_type, s32.sh_offset, s32.sh_size, s32.sh_addr, s32.sh_size };
}

/* Notes that only a PV kernel has; PHYS32_ENTRY is where a PVH kernel begins. */
static gboolean note_says(guint32 type, KxlKernelKind kind)
{
    if (kind == KXL_KERNEL_PVH)
        return type == XEN_ELFNOTE_PHYS32_ENTRY;
    return type == XEN_ELFNOTE_ENTRY || type == XEN_ELFNOTE_XEN_VERSION;
}

static gboolean notes_say(const Elf *elf, const Part *part, KxlKernelKind kind)
{
    const guint8 *notes = elf_at(elf, part->offset, part->file_size);
    gsize left = notes ? part->file_size : 0;

    while (left >= sizeof(Elf32_Nhdr)) {
        Elf32_Nhdr n;
        guint64 name_size, size;

        memcpy(&n, notes, sizeof n);
        name_size = ((guint64)n.n_namesz + 3) & ~G_GUINT64_CONSTANT(3);
        size = sizeof n + name_size + (((guint64)n.n_descsz + 3) & ~G_GUINT64_CONSTANT(3));
        if (size > left)
            return FALSE;
        if (n.n_namesz == sizeof "Xen" && memcmp(notes + sizeof n, "Xen", sizeof "Xen") == 0 &&
            note_says(n.n_type, kind))
            return TRUE;
        notes += size;
        left -= size;
    }
    return FALSE;
}

/* Kernels of Xen 3.0's first days say it in a section of this name instead. */
static gboolean section_is_xen_guest(const Elf *elf, const Table *sections, const Part *part)
{
    static const char wanted[] = "__xen_guest";

    for (guint i = 0; i < sections->count; i++) {
        Part names = section_get(elf, sections, i);
        const char *name;

        if (names.type != SHT_STRTAB || part->name >= names.file_size)
            continue;
        name = elf_at(elf, names.offset + part->name, sizeof wanted);
        if (name && names.offset <= elf->len && memcmp(name, wanted, sizeof wanted) == 0)
            return TRUE;
    }
    return FALSE;
}

/* QEMU looks for the entry of a PVH kernel among the segments only. */
static gboolean elf_is(const Elf *elf, const Table *segments, const Table *sections,
                       KxlKernelKind kind)
{
    for (guint i = 0; i < segments->count; i++) {
        Part part = segment_get(elf, segments, i);

        if (part.type == PT_NOTE && notes_say(elf, &part, kind))
            return TRUE;
    }
    for (guint i = 0; kind == KXL_KERNEL_PV && i < sections->count; i++) {
        Part part = section_get(elf, sections, i);

        if (part.type == SHT_NOTE ? notes_say(elf, &part, kind)
                                  : section_is_xen_guest(elf, sections, &part))
            return TRUE;
    }
    return FALSE;
}

gboolean kxl_kernel_check(const guint8 *data, gsize len, KxlKernelKind kind, KxlKernel *ret_kernel,
                          GError **error)
{
    Elf elf = { .data = data, .len = len };
    Table segments, sections;
    guint64 low = G_MAXUINT64, high = 0;

    if (!elf_open(&elf, &segments, &sections, error))
        return FALSE;
    for (guint i = 0; i < segments.count; i++) {
        Part part = segment_get(&elf, &segments, i);

        if (part.type != PT_LOAD || part.memory_size == 0)
            continue;
        if (!elf_at(&elf, part.offset, part.file_size))
            return not_a_kernel(error, "truncated ELF image");
        if (part.memory_size < part.file_size || part.address > G_MAXUINT64 - part.memory_size)
            return not_a_kernel(error, "damaged ELF image: impossible segment");
        low = MIN(low, part.address);
        high = MAX(high, part.address + part.memory_size);
    }
    if (high <= low)
        return not_a_kernel(error, "not a kernel: nothing to load");
    if (!elf_is(&elf, &segments, &sections, kind))
        return not_a_kernel(error, kind == KXL_KERNEL_PVH
                                       ? "not a PVH kernel: it has no PHYS32_ENTRY note"
                                       : "not a Xen PV kernel: it has no Xen ELF notes");
    *ret_kernel =
        (KxlKernel){ .image_size = len, .memory_size = high - low, .is_64bit = elf.is_64bit };
    return TRUE;
}
