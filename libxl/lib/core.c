/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>
#include <xen/version.h>
#include <xen/xen.h>

#include "core-machine.h"
#include "fd.h"
#include "file.h"

#define PAGE 4096

/* xc_core.h: magic numbers of the header note, and the format's version. */
#define MAGIC_PV       0xF00FEBED
#define FORMAT_VERSION 1

/* What the hypervisor says of itself by xen_version (docs/hv-abi.md). */
#define XEN_MAJOR 4
#define XEN_MINOR 17

/* Selectors of a 64-bit kernel as its tools know them, not those it runs on (docs/hv-abi.md). */
#define KERNEL_CS 0xe030
#define KERNEL_SS 0xe02b

/* An element of .xen_p2m, xc_core.h struct xen_dumpcore_p2m. */
typedef struct {
    guint64 pfn, mfn;
} Place;

/* The notes' contents, in the order of the file. */
typedef struct {
    guint64 magic, nr_vcpus, nr_pages, page_size;
} HeaderNote;

typedef struct {
    guint64 major, minor;
    xen_extraversion_t extra_version;
    struct xen_compile_info compile_info;
    xen_capabilities_info_t capabilities;
    xen_changeset_info_t changeset;
    struct xen_platform_parameters platform_parameters;
    guint64 page_size;
} VersionNote;

/* --- the guest's pages ------------------------------------------------------------------------ */

static int by_pfn(gconstpointer a, gconstpointer b)
{
    const Place *p = a, *q = b;

    return p->pfn < q->pfn ? -1 : p->pfn > q->pfn;
}

/* Frames that the guest has a number for, by it. */
static GArray *find_pages(const KxlCore *core)
{
    const struct kz_dump_info *info = kxl_core_info(core);
    const guint8 *owners = kxl_core_at(core, info->frame_table, info->nr_frames);
    GArray *pages = g_array_new(FALSE, FALSE, sizeof(Place));

    for (guint64 mfn = 0; owners && mfn < info->nr_frames; mfn++) {
        Place place = { .mfn = mfn };

        if ((owners[mfn] & KZ_DUMP_FRAME_MASK) == KZ_DUMP_FRAME_GUEST &&
            kxl_core_pfn(core, mfn, &place.pfn) && kxl_core_at(core, mfn * PAGE, PAGE))
            g_array_append_val(pages, place);
    }
    g_array_sort(pages, by_pfn);
    return pages;
}

/* --- the vCPUs -------------------------------------------------------------------------------- */

static guint64 number_at(const KxlCore *core, guint64 paddr, gsize size)
{
    guint64 value = 0;

    return kxl_core_read(core, paddr, &value, size) ? value : 0;
}

/* While the CPU runs the guest they are in its registers, else where hv saved them. */
static void fill_registers(const KxlCoreCpu *cpu, const struct kz_dump_regs *saved,
                           struct cpu_user_regs *ret)
{
#define BOTH(name)  .name = cpu->name
#define SAVED(name) .name = saved->name
    if (cpu->cs.selector & 3)
        *ret = (struct cpu_user_regs){ BOTH(rax),
                                       BOTH(rbx),
                                       BOTH(rcx),
                                       BOTH(rdx),
                                       BOTH(rsi),
                                       BOTH(rdi),
                                       BOTH(rsp),
                                       BOTH(rbp),
                                       BOTH(r8),
                                       BOTH(r9),
                                       BOTH(r10),
                                       BOTH(r11),
                                       BOTH(r12),
                                       BOTH(r13),
                                       BOTH(r14),
                                       BOTH(r15),
                                       BOTH(rip),
                                       BOTH(rflags),
                                       .cs = (guint16)cpu->cs.selector,
                                       .ss = (guint16)cpu->ss.selector };
    else
        *ret = (struct cpu_user_regs){ SAVED(rax),
                                       SAVED(rbx),
                                       SAVED(rcx),
                                       SAVED(rdx),
                                       SAVED(rsi),
                                       SAVED(rdi),
                                       SAVED(rsp),
                                       SAVED(rbp),
                                       SAVED(r8),
                                       SAVED(r9),
                                       SAVED(r10),
                                       SAVED(r11),
                                       SAVED(r12),
                                       SAVED(r13),
                                       SAVED(r14),
                                       SAVED(r15),
                                       SAVED(rip),
                                       SAVED(rflags),
                                       SAVED(error_code),
                                       .entry_vector = saved->vector,
                                       .cs = (guint16)saved->cs,
                                       .ss = (guint16)saved->ss };
#undef BOTH
#undef SAVED
    ret->ds = (guint16)cpu->ds.selector;
    ret->es = (guint16)cpu->es.selector;
    ret->fs = (guint16)cpu->fs.selector;
    ret->gs = (guint16)cpu->gs.selector;
}

static void fill_context(const KxlCore *core, guint id, vcpu_guest_context_t *ret)
{
    const struct kz_dump_info *info = kxl_core_info(core);
    const struct kz_dump_vcpu *v = &info->vcpu[id];
    gboolean in_kernel = number_at(core, v->in_kernel, 1) != 0;
    guint64 cr3_mfn = number_at(core, v->cr3_mfn, 8);
    struct kz_dump_regs saved;
    KxlCoreCpu cpu;

    memset(ret, 0, sizeof(*ret));
    if (!kxl_core_cpu(core, id, &cpu) || !number_at(core, v->online, 1) ||
        !kxl_core_read(core, v->regs, &saved, sizeof(saved)))
        return;
    fill_registers(&cpu, &saved, &ret->user_regs);
    if (in_kernel && info->width == 64) {
        ret->user_regs.cs = KERNEL_CS;
        ret->user_regs.ss = KERNEL_SS;
    }
    ret->flags = VGCF_online | (in_kernel ? VGCF_in_kernel : 0);
    ret->kernel_ss = number_at(core, v->kernel_ss, 8);
    ret->kernel_sp = number_at(core, v->kernel_sp, 8);
    ret->ctrlreg[0] = cpu.cr[0];
    ret->ctrlreg[2] = cpu.cr[2];
    ret->ctrlreg[3] = info->width == 64 ? cr3_mfn << 12 : (guint32)(cr3_mfn << 12 | cr3_mfn >> 20);
    ret->ctrlreg[4] = cpu.cr[4];
    ret->fs_base = cpu.fs.base;
    ret->gs_base_kernel = in_kernel ? cpu.gs.base : cpu.kernel_gs_base;
    ret->gs_base_user = in_kernel ? cpu.kernel_gs_base : cpu.gs.base;
}

/* --- the file --------------------------------------------------------------------------------- */

static void add_note(GByteArray *notes, guint32 type, gconstpointer desc, gsize size)
{
    const Elf64_Nhdr head = { .n_namesz = 4, .n_descsz = (guint32)size, .n_type = type };
    const guint8 padding[4] = { 0 };

    g_byte_array_append(notes, (const guint8 *)&head, sizeof(head));
    g_byte_array_append(notes, (const guint8 *)"Xen", 4);
    g_byte_array_append(notes, desc, (guint)size);
    g_byte_array_append(notes, padding, (guint)(-size & 3));
}

static GByteArray *make_notes(guint nr_vcpus, guint nr_pages)
{
    const HeaderNote header = { MAGIC_PV, nr_vcpus, nr_pages, PAGE };
    VersionNote version = { .major = XEN_MAJOR, .minor = XEN_MINOR, .page_size = PAGE };
    const guint64 format = FORMAT_VERSION;
    GByteArray *notes = g_byte_array_new();

    g_strlcpy(version.extra_version, ".0-kanzen", sizeof(version.extra_version));
    version.platform_parameters.virt_start = HYPERVISOR_VIRT_START;
    add_note(notes, XEN_ELFNOTE_DUMPCORE_NONE, "", 0);
    add_note(notes, XEN_ELFNOTE_DUMPCORE_HEADER, &header, sizeof(header));
    add_note(notes, XEN_ELFNOTE_DUMPCORE_XEN_VERSION, &version, sizeof(version));
    add_note(notes, XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, &format, sizeof(format));
    return notes;
}

/* The sections, in the order of the file. */
enum { NONE, SHSTRTAB, NOTES, PRSTATUS, SHARED_INFO, P2M, PAGES, NR_SECTIONS };

static const struct {
    const char *name;
    guint32 type;
    guint64 entry_size, align;
} sections[NR_SECTIONS] = {
    [NONE] = { "", SHT_NULL, 0, 0 },
    [SHSTRTAB] = { ".shstrtab", SHT_STRTAB, 0, 1 },
    [NOTES] = { ".note.Xen", SHT_NOTE, 0, 4 },
    [PRSTATUS] = { ".xen_prstatus", SHT_PROGBITS, sizeof(vcpu_guest_context_t), 8 },
    [SHARED_INFO] = { ".xen_shared_info", SHT_PROGBITS, PAGE, PAGE },
    [P2M] = { ".xen_p2m", SHT_PROGBITS, sizeof(Place), 8 },
    [PAGES] = { ".xen_pages", SHT_PROGBITS, PAGE, PAGE },
};

/* Names, places and sizes; returns the string table. */
static GByteArray *lay_out(const gsize sizes[NR_SECTIONS], Elf64_Shdr headers[NR_SECTIONS])
{
    GByteArray *names = g_byte_array_new();
    guint64 at = sizeof(Elf64_Ehdr) + NR_SECTIONS * sizeof(Elf64_Shdr);
    gsize names_size = 0;

    for (guint i = 0; i < NR_SECTIONS; i++)
        names_size += strlen(sections[i].name) + 1;
    for (guint i = 0; i < NR_SECTIONS; i++) {
        guint64 align = MAX(sections[i].align, 1), size = i == SHSTRTAB ? names_size : sizes[i];

        headers[i] = (Elf64_Shdr){ .sh_name = names->len,
                                   .sh_type = sections[i].type,
                                   .sh_size = size,
                                   .sh_entsize = sections[i].entry_size,
                                   .sh_addralign = sections[i].align };
        g_byte_array_append(names, (const guint8 *)sections[i].name,
                            (guint)strlen(sections[i].name) + 1);
        if (i == NONE)
            continue;
        at = (at + align - 1) / align * align;
        headers[i].sh_offset = at;
        at += size;
    }
    return names;
}

static gboolean write_at(int fd, guint64 offset, gconstpointer data, gsize len, GError **error)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return kxl_error_set_errno(error, errno, "cannot write the core");
    return kxl_fd_write_all(fd, data, len, error);
}

static gboolean write_pages(const KxlCore *core, int fd, guint64 offset, GArray *pages,
                            GError **error)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return kxl_error_set_errno(error, errno, "cannot write the core");
    for (guint i = 0; i < pages->len; i++) {
        const Place *place = &g_array_index(pages, Place, i);

        if (!kxl_fd_write_all(fd, kxl_core_at(core, place->mfn * PAGE, PAGE), PAGE, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_core(const KxlCore *core, int fd, GError **error)
{
    const struct kz_dump_info *info = kxl_core_info(core);
    const void *shared = kxl_core_at(core, info->shared_info_mfn * PAGE, PAGE);
    g_autoptr(GArray) pages = find_pages(core);
    g_autoptr(GByteArray) notes = make_notes(info->nr_vcpus, pages->len);
    g_autofree vcpu_guest_context_t *contexts = g_new(vcpu_guest_context_t, info->nr_vcpus);
    const gsize sizes[NR_SECTIONS] = { [NOTES] = notes->len,
                                       [PRSTATUS] = info->nr_vcpus * sizeof(contexts[0]),
                                       [SHARED_INFO] = shared ? PAGE : 0,
                                       [P2M] = pages->len * sizeof(Place),
                                       [PAGES] = (gsize)pages->len * PAGE };
    Elf64_Shdr headers[NR_SECTIONS];
    g_autoptr(GByteArray) names = lay_out(sizes, headers);
    const Elf64_Ehdr elf = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_CORE,
        .e_machine = info->width == 64 ? EM_X86_64 : EM_386,
        .e_version = EV_CURRENT,
        .e_shoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = NR_SECTIONS,
        .e_shstrndx = SHSTRTAB,
    };

    for (guint id = 0; id < info->nr_vcpus; id++)
        fill_context(core, id, &contexts[id]);
    return kxl_fd_write_all(fd, &elf, sizeof(elf), error) &&
           kxl_fd_write_all(fd, headers, sizeof(headers), error) &&
           write_at(fd, headers[SHSTRTAB].sh_offset, names->data, names->len, error) &&
           write_at(fd, headers[NOTES].sh_offset, notes->data, notes->len, error) &&
           write_at(fd, headers[PRSTATUS].sh_offset, contexts, sizes[PRSTATUS], error) &&
           write_at(fd, headers[SHARED_INFO].sh_offset, shared, sizes[SHARED_INFO], error) &&
           write_at(fd, headers[P2M].sh_offset, pages->data, sizes[P2M], error) &&
           write_pages(core, fd, headers[PAGES].sh_offset, pages, error);
}

static gboolean convert(const char *machine_path, const char *scratch, GError **error)
{
    g_autoptr(KxlCore) core = kxl_core_open(machine_path, error);
    g_auto(KxlFd) fd = -1;

    if (!core)
        return FALSE;
    /* 0600: it holds the guest's memory. */
    fd = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", scratch);
    return write_core(core, fd, error) &&
           (fsync(fd) == 0 || kxl_error_set_errno(error, errno, "cannot write '%s'", scratch));
}

/* Dumping a large machine to a slow disk takes a while. */
#define DUMP_TIMEOUT_MS (30 * 60 * 1000)

gboolean kxl_core_write(KxlQmp *qmp, KxlDomainType type, const char *path, GError **error)
{
    g_autofree char *machine =
        type == KXL_TYPE_PV ? g_strconcat(path, ".machine", NULL) : g_strdup(path);
    g_autofree char *protocol = g_strconcat("file:", machine, NULL);

    if (!kxl_qmp_run(qmp, "dump-guest-memory",
                     kxl_qmp_args("b:paging", FALSE, "s:protocol", protocol, NULL), DUMP_TIMEOUT_MS,
                     error)) {
        remove(machine);
        return FALSE;
    }
    return type != KXL_TYPE_PV || kxl_core_of_guest(machine, path, error);
}

gboolean kxl_core_of_guest(const char *machine_path, const char *path, GError **error)
{
    g_autofree char *scratch = g_strconcat(path, ".guest", NULL);
    gboolean ok = convert(machine_path, scratch, error);

    remove(machine_path);
    if (ok && rename(scratch, path) < 0)
        ok = kxl_error_set_errno(error, errno, "cannot rename to '%s'", path);
    if (!ok)
        remove(scratch);
    return ok;
}
