/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine's core whose memory a guest had in its hands: the page with what hv says of it, then
 * anything. */
#include "core.h"
#include "core-machine.h"

#include <elf.h>
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY (1 << 20) /* hv's image begins there */

/* Right as far as the reader insists; where things are is up to the input. */
static void fill_info(const uint8_t *data, size_t size, struct kz_dump_info *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, data, MIN(size, sizeof(*ret)));
    memcpy(ret->magic, KZ_DUMP_MAGIC, sizeof(ret->magic));
    ret->version = KZ_DUMP_VERSION;
    ret->nr_vcpus %= KZ_DUMP_MAX_VCPUS + 1;
    ret->m2p_entry_size = ret->width & 1 ? 4 : 8;
    for (guint64 *place = &ret->frame_table; place <= &ret->m2p_va; place++)
        *place = *place % 2 ? MEMORY + *place % 8192 : *place;
    ret->nr_frames = ret->nr_frames % 3 ? ret->nr_frames % 4096 : ret->nr_frames;
}

/* A segment of memory with what hv says, then the input; and the input as notes. */
static GByteArray *make_core(const uint8_t *data, size_t size)
{
    Elf64_Ehdr elf = { .e_type = ET_CORE,
                       .e_machine = EM_X86_64,
                       .e_phoff = sizeof(elf),
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 2 };
    const gsize start = sizeof(elf) + 2 * sizeof(Elf64_Phdr);
    struct kz_dump_info info;
    const Elf64_Phdr segments[2] = {
        { .p_type = PT_LOAD,
          .p_offset = start,
          .p_paddr = MEMORY,
          .p_filesz = sizeof(info) + size },
        { .p_type = PT_NOTE, .p_offset = start + sizeof(info), .p_filesz = size },
    };
    GByteArray *core = g_byte_array_new();

    memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS64;
    g_byte_array_append(core, (const guint8 *)&elf, sizeof(elf));
    g_byte_array_append(core, (const guint8 *)segments, sizeof(segments));
    fill_info(data, size, &info);
    g_byte_array_append(core, (const guint8 *)&info, sizeof(info));
    g_byte_array_append(core, data, (guint)size);
    return core;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = g_strdup_printf("/tmp/fuzz-core.%d", getpid());
    g_autofree char *out = g_strconcat(path, ".out", NULL);
    g_autoptr(GByteArray) core = make_core(data, size);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, (const char *)core->data, (gssize)core->len, NULL);
    if (kxl_core_of_guest(path, out, &error))
        remove(out);
    return 0;
}
