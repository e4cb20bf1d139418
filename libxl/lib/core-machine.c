/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-machine.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fd.h"
#include "file.h"

#define PAGE 4096

/* hv's image: linked to 1 MiB, no larger than its page table. */
#define IMAGE_START (1 << 20)
#define IMAGE_END   (IMAGE_START + (2 << 20))

#define PTE_P    1
#define PTE_ADDR G_GUINT64_CONSTANT(0x000ffffffffff000)

struct KxlCore {
    const guint8 *map;
    gsize len;
    Elf64_Phdr *segments;
    guint nr_segments;
    struct kz_dump_info info;
};

static gboolean wrong(GError **error, const char *what)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "the machine's core: %s", what);
    return FALSE;
}

const void *kxl_core_at(const KxlCore *core, guint64 paddr, gsize len)
{
    for (guint i = 0; i < core->nr_segments; i++) {
        const Elf64_Phdr *p = &core->segments[i];
        guint64 offset = paddr - p->p_paddr;

        if (p->p_type != PT_LOAD || paddr < p->p_paddr || offset > p->p_filesz ||
            len > p->p_filesz - offset || p->p_offset > core->len ||
            offset + len > core->len - p->p_offset)
            continue;
        return core->map + p->p_offset + offset;
    }
    return NULL;
}

gboolean kxl_core_read(const KxlCore *core, guint64 paddr, void *ret, gsize len)
{
    const void *at = kxl_core_at(core, paddr, len);

    if (at)
        memcpy(ret, at, len);
    return at != NULL;
}

/* A note's size in the file. */
static gsize padded(guint32 size)
{
    return ((gsize)size + 3) & ~(gsize)3;
}

gboolean kxl_core_cpu(const KxlCore *core, guint n, KxlCoreCpu *ret)
{
    for (guint i = 0; i < core->nr_segments; i++) {
        const Elf64_Phdr *p = &core->segments[i];
        gsize at = p->p_offset, end;

        if (p->p_type != PT_NOTE || p->p_offset > core->len || p->p_filesz > core->len - at)
            continue;
        for (end = at + p->p_filesz; end - at >= sizeof(Elf64_Nhdr);) {
            gsize name = at + sizeof(Elf64_Nhdr), desc;
            Elf64_Nhdr note;

            memcpy(&note, core->map + at, sizeof(note));
            desc = name + padded(note.n_namesz);
            if (desc > end || padded(note.n_descsz) > end - desc)
                break;
            if (note.n_namesz == 5 && memcmp(core->map + name, "QEMU", 5) == 0 &&
                note.n_descsz >= sizeof(*ret) && n-- == 0) {
                memcpy(ret, core->map + desc, sizeof(*ret));
                return TRUE;
            }
            at = desc + padded(note.n_descsz);
        }
    }
    return FALSE;
}

/* The frame that hv's page table has at va; 0: none. */
static guint64 walk(const KxlCore *core, guint64 va)
{
    guint64 table = core->info.l4, entry;

    for (int level = 4; level >= 1; level--) {
        guint slot = va >> (12 + 9 * (level - 1)) & 511;

        if (!kxl_core_read(core, table + slot * sizeof(entry), &entry, sizeof(entry)) ||
            !(entry & PTE_P))
            return 0;
        table = entry & PTE_ADDR;
    }
    return table;
}

gboolean kxl_core_pfn(const KxlCore *core, guint64 mfn, guint64 *ret_pfn)
{
    guint size = core->info.m2p_entry_size;
    guint64 va = core->info.m2p_va + mfn * size, page = walk(core, va);

    *ret_pfn = 0; /* a narrow one fills half of it */
    return page && kxl_core_read(core, page + va % PAGE, ret_pfn, size) &&
           *ret_pfn != (size == 4 ? G_MAXUINT32 : G_MAXUINT64);
}

const struct kz_dump_info *kxl_core_info(const KxlCore *core)
{
    return &core->info;
}

static gboolean find_info(KxlCore *core, GError **error)
{
    struct kz_dump_info *info = &core->info;

    for (guint64 at = IMAGE_START; at < IMAGE_END; at += PAGE) {
        if (!kxl_core_read(core, at, info, sizeof(*info)) ||
            memcmp(info->magic, KZ_DUMP_MAGIC, sizeof(info->magic)) != 0)
            continue;
        if (info->version != KZ_DUMP_VERSION || info->nr_vcpus > KZ_DUMP_MAX_VCPUS ||
            (info->m2p_entry_size != 4 && info->m2p_entry_size != 8))
            return wrong(error, "its hypervisor is of another version");
        return TRUE;
    }
    return wrong(error, "no hypervisor is in it");
}

static gboolean check_elf(KxlCore *core, GError **error)
{
    const Elf64_Ehdr *e = (const Elf64_Ehdr *)core->map; /* a page's start */

    if (core->len < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
        e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_phentsize != sizeof(Elf64_Phdr) ||
        e->e_phoff > core->len || e->e_phnum > (core->len - e->e_phoff) / sizeof(Elf64_Phdr))
        return wrong(error, "not an ELF file of QEMU's");
    core->nr_segments = e->e_phnum;
    core->segments = g_new(Elf64_Phdr, core->nr_segments);
    memcpy(core->segments, core->map + e->e_phoff, core->nr_segments * sizeof(Elf64_Phdr));
    return TRUE;
}

KxlCore *kxl_core_open(const char *path, GError **error)
{
    g_autoptr(KxlCore) core = g_new0(KxlCore, 1);
    g_auto(KxlFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    void *map;

    if (fd < 0 || fstat(fd, &st) < 0) {
        kxl_error_set_errno(error, errno, "'%s'", path);
        return NULL;
    }
    if (st.st_size == 0) {
        wrong(error, "empty");
        return NULL;
    }
    map = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        kxl_error_set_errno(error, errno, "cannot map '%s'", path);
        return NULL;
    }
    core->map = map;
    core->len = (gsize)st.st_size;
    return check_elf(core, error) && find_info(core, error) ? g_steal_pointer(&core) : NULL;
}

void kxl_core_free(KxlCore *core)
{
    if (!core)
        return;
    if (core->map)
        munmap((void *)core->map, core->len);
    g_free(core->segments);
    g_free(core);
}
