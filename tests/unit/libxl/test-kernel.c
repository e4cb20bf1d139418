/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel files in every form, made here: a small ELF with Xen notes, packed and wrapped. */
#include <elf.h>
#include <fcntl.h>
#include <lz4.h>
#include <lz4hc.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <xen/elfnote.h>

#include "fd.h"
#include "kernel.h"
#include "kxl.h"

#define FILLER 300000 /* more than one chunk of the unpackers */

/* --- fixtures --------------------------------------------------------------------------------- */

static void add_note(GByteArray *notes, const char *name, guint32 type, const char *text)
{
    Elf64_Nhdr n = { .n_namesz = (guint32)strlen(name) + 1,
                     .n_descsz = (guint32)strlen(text) + 1,
                     .n_type = type };
    static const guint8 zero[4];

    g_byte_array_append(notes, (const guint8 *)&n, sizeof n);
    g_byte_array_append(notes, (const guint8 *)name, n.n_namesz);
    g_byte_array_append(notes, zero, (4 - n.n_namesz % 4) % 4);
    g_byte_array_append(notes, (const guint8 *)text, n.n_descsz);
    g_byte_array_append(notes, zero, (4 - n.n_descsz % 4) % 4);
}

/* One loadable segment of 2 MiB in memory and a note segment. */
static GByteArray *make_elf_with(gboolean xen, guint32 note_type)
{
    g_autoptr(GByteArray) notes = g_byte_array_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    GByteArray *elf = g_byte_array_new();
    Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                     .e_type = ET_EXEC,
                     .e_machine = EM_X86_64,
                     .e_phoff = sizeof h,
                     .e_phentsize = sizeof(Elf64_Phdr),
                     .e_phnum = 2 };
    Elf64_Phdr load = {
        .p_type = PT_LOAD, .p_paddr = 0x1000000, .p_filesz = FILLER, .p_memsz = 2 << 20
    };
    Elf64_Phdr note = { .p_type = PT_NOTE };
    guint8 byte;

    add_note(notes, "GNU", 3, "build id");
    if (xen)
        add_note(notes, "Xen", note_type, "xen-3.0");
    note.p_offset = sizeof h + 2 * sizeof load;
    note.p_filesz = note.p_memsz = notes->len;
    load.p_offset = note.p_offset + notes->len;
    g_byte_array_append(elf, (const guint8 *)&h, sizeof h);
    g_byte_array_append(elf, (const guint8 *)&load, sizeof load);
    g_byte_array_append(elf, (const guint8 *)&note, sizeof note);
    g_byte_array_append(elf, notes->data, notes->len);
    for (guint i = 0; i < FILLER; i++) {
        byte = i % 64 < 32 ? (guint8)g_rand_int(rand) : 0; /* neither random nor empty */
        g_byte_array_append(elf, &byte, 1);
    }
    return elf;
}

static GByteArray *make_elf(gboolean xen)
{
    return make_elf_with(xen, XEN_ELFNOTE_XEN_VERSION);
}

static GByteArray *pack_none(const GByteArray *in)
{
    GByteArray *out = g_byte_array_new();

    return g_byte_array_append(out, in->data, in->len);
}

static GByteArray *pack_gzip(const GByteArray *in)
{
    GByteArray *out = g_byte_array_new();
    z_stream z = { .next_in = in->data, .avail_in = in->len };

    deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    g_byte_array_set_size(out, (guint)deflateBound(&z, in->len));
    z.next_out = out->data;
    z.avail_out = out->len;
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint)z.total_out);
    deflateEnd(&z);
    return out;
}

static GByteArray *pack_lzma_with(lzma_ret ret, lzma_stream *s, const GByteArray *in)
{
    GByteArray *out = g_byte_array_new();

    g_assert_cmpint(ret, ==, LZMA_OK);
    g_byte_array_set_size(out, in->len + 65536);
    s->next_in = in->data;
    s->avail_in = in->len;
    s->next_out = out->data;
    s->avail_out = out->len;
    g_assert_cmpint(lzma_code(s, LZMA_FINISH), ==, LZMA_STREAM_END);
    g_byte_array_set_size(out, (guint)s->total_out);
    lzma_end(s);
    return out;
}

static GByteArray *pack_xz(const GByteArray *in)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    /* As Linux does it: the x86 filter, a CRC32. */
    lzma_filter filters[] = { { LZMA_FILTER_X86, NULL },
                              { LZMA_FILTER_LZMA2, &options },
                              { LZMA_VLI_UNKNOWN, NULL } };

    lzma_lzma_preset(&options, 6);
    return pack_lzma_with(lzma_stream_encoder(&s, filters, LZMA_CHECK_CRC32), &s, in);
}

static GByteArray *pack_lzma(const GByteArray *in)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_options_lzma options;

    lzma_lzma_preset(&options, 6);
    return pack_lzma_with(lzma_alone_encoder(&s, &options), &s, in);
}

static GByteArray *pack_lz4(const GByteArray *in)
{
    GByteArray *out = g_byte_array_new();
    static const guint8 magic[] = { 0x02, 0x21, 0x4c, 0x18 };
    g_autofree char *block = g_malloc((gsize)LZ4_COMPRESSBOUND(in->len));
    guint32 n = (guint32)LZ4_compress_HC((const char *)in->data, block, (int)in->len,
                                         LZ4_COMPRESSBOUND(in->len), 9);

    g_byte_array_append(out, magic, sizeof magic);
    g_byte_array_append(out, (const guint8 *)&n, sizeof n);
    return g_byte_array_append(out, (const guint8 *)block, n);
}

static GByteArray *pack_zstd(const GByteArray *in)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_set_size(out, (guint)ZSTD_compressBound(in->len));
    g_byte_array_set_size(out, (guint)ZSTD_compress(out->data, out->len, in->data, in->len, 19));
    return out;
}

/* A bzImage around it; Linux appends the unpacked size to all but gzip, whose own trailer is that.
 */
static GByteArray *wrap(const GByteArray *payload, const GByteArray *elf, gboolean with_size)
{
    const guint sectors = 3, prefix = 64;
    GByteArray *image = g_byte_array_new();
    guint32 offset = prefix, len = payload->len + (with_size ? 4 : 0), size = elf->len;

    g_byte_array_set_size(image, (sectors + 1) * 512 + prefix);
    memset(image->data, 0, image->len);
    image->data[0x1f1] = sectors;
    memcpy(image->data + 0x202, "HdrS\x0f\x02", 6);
    memcpy(image->data + 0x248, &offset, 4);
    memcpy(image->data + 0x24c, &len, 4);
    g_byte_array_append(image, payload->data, payload->len);
    if (with_size)
        g_byte_array_append(image, (const guint8 *)&size, 4);
    return image;
}

typedef struct {
    char *dir, *path;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("kxl-kernel-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "vmlinuz", NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    remove(f->path);
    rmdir(f->dir);
    g_free(f->path);
    g_free(f->dir);
}

static gboolean unpack(Fixture *f, const GByteArray *file, KxlKernel *kernel, GByteArray *ret_elf,
                       GError **error)
{
    g_auto(KxlFd) fd = memfd_create("kernel", MFD_CLOEXEC);
    gboolean ok;

    if (file)
        g_file_set_contents(f->path, (const char *)file->data, (gssize)file->len, NULL);
    g_assert_cmpint(lseek(fd, 8192, SEEK_SET), ==,
                    8192); /* into the middle of a file, as in the boot file */
    ok = kxl_kernel_unpack(f->path, fd, KXL_KERNEL_PV, kernel, error);
    if (ok) {
        g_byte_array_set_size(ret_elf, (guint)kernel->image_size);
        g_assert_cmpint(pread(fd, ret_elf->data, ret_elf->len, 8192), ==, ret_elf->len);
    }
    return ok;
}

/* --- tests ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    GByteArray *(*pack)(const GByteArray *in);
    gboolean with_size;
} formats[] = {
    { "elf", pack_none, FALSE }, { "gzip", pack_gzip, FALSE }, { "xz", pack_xz, TRUE },
    { "lzma", pack_lzma, TRUE }, { "lz4", pack_lz4, TRUE },    { "zstd", pack_zstd, TRUE },
};

static void test_formats(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) elf = make_elf(TRUE);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GByteArray) packed = formats[i].pack(elf);
        g_autoptr(GByteArray) image = wrap(packed, elf, formats[i].with_size);

        for (guint wrapped = 0; wrapped < 2; wrapped++) {
            g_autoptr(GByteArray) got = g_byte_array_new();
            g_autoptr(GError) error = NULL;
            KxlKernel kernel;

            g_test_message("%s%s", formats[i].name, wrapped ? " in a bzImage" : "");
            unpack(f, wrapped ? image : packed, &kernel, got, &error);
            g_assert_no_error(error);
            g_assert_cmpmem(got->data, got->len, elf->data, elf->len);
            g_assert_cmpuint(kernel.memory_size, ==, 2 << 20);
            g_assert_true(kernel.is_64bit);
        }
    }
}

/* Any prefix of any form is refused, and says so with the path in front. */
static void test_truncated(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) elf = make_elf(TRUE);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GByteArray) packed = formats[i].pack(elf);
        g_autoptr(GByteArray) image = wrap(packed, elf, formats[i].with_size);
        const guint lengths[] = { 1, 3, 100, 0x24f, 600, 2047, 2112, 2116, 2200, packed->len / 2 };

        for (guint n = 0; n < G_N_ELEMENTS(lengths); n++) {
            for (guint wrapped = 0; wrapped < 2; wrapped++) {
                g_autoptr(GByteArray) part = pack_none(wrapped ? image : packed);
                g_autoptr(GByteArray) got = g_byte_array_new();
                g_autoptr(GError) error = NULL;
                KxlKernel kernel;

                if (lengths[n] >= part->len)
                    continue;
                g_byte_array_set_size(part, lengths[n]);
                g_assert_false(unpack(f, part, &kernel, got, &error));
                g_assert_error(error, KXL_ERROR, KXL_ERROR_INVALID);
                g_assert_nonnull(strstr(error->message, f->path));
            }
        }
    }
}

static void expect_error(Fixture *f, const GByteArray *file, KxlError code, const char *pattern)
{
    g_autoptr(GByteArray) got = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    KxlKernel kernel;

    g_assert_false(unpack(f, file, &kernel, got, &error));
    g_test_message("%s", error->message);
    g_assert_error(error, KXL_ERROR, (int)code);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
}

static void test_refused(Fixture *f, gconstpointer data)
{
    static const guint8 text[] = "#!/bin/sh\necho not a kernel\n", bzip2[] = "BZh91AY&SY";
    g_autoptr(GByteArray) script = g_byte_array_new(), packed_script = NULL,
                          lbzip = g_byte_array_new();
    g_autoptr(GByteArray) plain = make_elf(FALSE);
    g_autoptr(GByteArray) old = NULL;

    expect_error(f, NULL, KXL_ERROR_NOT_FOUND, "*vmlinuz*No such file*");
    g_byte_array_append(script, text, sizeof text);
    expect_error(f, script, KXL_ERROR_INVALID, "*vmlinuz*not a kernel*");
    packed_script = pack_gzip(script);
    expect_error(f, packed_script, KXL_ERROR_INVALID, "*vmlinuz*not an ELF image*");
    expect_error(f, plain, KXL_ERROR_INVALID, "*vmlinuz*not a Xen PV kernel*");
    g_byte_array_append(lbzip, bzip2, sizeof bzip2);
    expect_error(f, lbzip, KXL_ERROR_UNSUPPORTED, "*vmlinuz*bzip2*not supported*");
    old = wrap(plain, plain, FALSE);
    old->data[0x206] = 7; /* boot protocol 2.07 */
    expect_error(f, old, KXL_ERROR_INVALID, "*vmlinuz*boot protocol*");
    g_byte_array_set_size(script, 0);
    g_file_set_contents(f->path, "", 0, NULL);
    expect_error(f, NULL, KXL_ERROR_INVALID, "*vmlinuz*empty*");
    remove(f->path);
    g_assert_cmpint(g_mkdir_with_parents(f->path, 0700), ==, 0);
    expect_error(f, NULL, KXL_ERROR_INVALID, "*vmlinuz*not a regular file*");
    rmdir(f->path);
}

/* A few bytes that unpack to more than any kernel. */
static void test_bomb(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) bomb = g_byte_array_new();
    static guint8 chunk[1 << 20], out[1 << 16];
    z_stream z = { 0 };

    deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    for (guint i = 0; i < 1026; i++) {
        z.next_in = chunk;
        z.avail_in = sizeof chunk;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            deflate(&z, i == 1025 ? Z_FINISH : Z_NO_FLUSH);
            g_byte_array_append(bomb, out, (guint)(sizeof out - z.avail_out));
        } while (z.avail_out == 0);
    }
    deflateEnd(&z);
    expect_error(f, bomb, KXL_ERROR_INVALID, "*unpacks to more than*");
}

/* __xen_guest instead of notes, in a 32-bit kernel, as before Xen 3.1. */
static void test_old_style(Fixture *f, gconstpointer data)
{
    static const char names[] = "\0__xen_guest\0.shstrtab";
    static const char guest[] = "GUEST_OS=linux,XEN_VER=xen-3.0";
    Elf32_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
                     .e_machine = EM_386,
                     .e_phoff = sizeof h,
                     .e_phnum = 1,
                     .e_shoff = sizeof h + sizeof(Elf32_Phdr),
                     .e_shnum = 2 };
    Elf32_Phdr load = { .p_type = PT_LOAD, .p_paddr = 0x100000, .p_memsz = 4096 };
    guint32 at = sizeof h + sizeof load + 2 * sizeof(Elf32_Shdr);
    Elf32_Shdr sections[] = {
        { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = at, .sh_size = sizeof guest },
        { .sh_name = 13,
          .sh_type = SHT_STRTAB,
          .sh_offset = at + sizeof guest,
          .sh_size = sizeof names },
    };
    g_autoptr(GByteArray) elf = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    KxlKernel kernel;

    g_byte_array_append(elf, (const guint8 *)&h, sizeof h);
    g_byte_array_append(elf, (const guint8 *)&load, sizeof load);
    g_byte_array_append(elf, (const guint8 *)sections, sizeof sections);
    g_byte_array_append(elf, (const guint8 *)guest, sizeof guest);
    g_byte_array_append(elf, (const guint8 *)names, sizeof names);
    kxl_kernel_check(elf->data, elf->len, KXL_KERNEL_PV, &kernel, &error);
    g_assert_no_error(error);
    g_assert_false(kernel.is_64bit);
    g_assert_cmpuint(kernel.memory_size, ==, 4096);
    g_assert_false(kxl_kernel_check(elf->data, elf->len, KXL_KERNEL_PVH, &kernel, &error));
    g_assert_error(error, KXL_ERROR, KXL_ERROR_INVALID);
}

/* Each kind of kernel by its own note only. */
static void test_kinds(void)
{
    static const struct {
        guint32 note;
        gboolean ok[2]; /* by KxlKernelKind */
    } rows[] = { { XEN_ELFNOTE_PHYS32_ENTRY, { FALSE, TRUE } },
                 { XEN_ELFNOTE_ENTRY, { TRUE, FALSE } },
                 { XEN_ELFNOTE_XEN_VERSION, { TRUE, FALSE } },
                 { XEN_ELFNOTE_LOADER, { FALSE, FALSE } } };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) elf = make_elf_with(TRUE, rows[i].note);

        for (guint kind = KXL_KERNEL_PV; kind <= KXL_KERNEL_PVH; kind++) {
            g_autoptr(GError) error = NULL;
            KxlKernel kernel;
            gboolean ok = kxl_kernel_check(elf->data, elf->len, kind, &kernel, &error);

            g_assert_cmpint(ok, ==, rows[i].ok[kind]);
            g_assert_true(ok ? !error : g_error_matches(error, KXL_ERROR, KXL_ERROR_INVALID));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/kernel/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("formats", test_formats);
    ADD("truncated", test_truncated);
    ADD("refused", test_refused);
    ADD("bomb", test_bomb);
    ADD("old-style", test_old_style);
    g_test_add_func("/kernel/kinds", test_kinds);
    return g_test_run();
}
