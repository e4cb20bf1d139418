/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A core of the machine as QEMU's dump-guest-memory writes it, and where hv and the guest are in
 * it. */
#pragma once

#include <kanzen-abi.h>

#include "kxl.h"

/* A CPU's registers: QEMU's note (target/i386/arch_dump.c, version 1), as far as it is used. */
typedef struct {
    guint32 selector, limit, flags, pad;
    guint64 base;
} KxlCoreSegment;

typedef struct {
    guint32 version, size;
    guint64 rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rip,
        rflags;
    KxlCoreSegment cs, ds, es, fs, gs, ss, ldt, tr, gdt, idt;
    guint64 cr[5];
    guint64 kernel_gs_base;
} KxlCoreCpu;

typedef struct KxlCore KxlCore;

KxlCore *kxl_core_open(const char *path, GError **error);
void kxl_core_free(KxlCore *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlCore, kxl_core_free)

const struct kz_dump_info *kxl_core_info(const KxlCore *core);
/* len bytes of the machine's memory, aligned to nothing, or NULL: there is none. */
const void *kxl_core_at(const KxlCore *core, guint64 paddr, gsize len);
/* The same, copied; FALSE: there is none. */
gboolean kxl_core_read(const KxlCore *core, guint64 paddr, void *ret, gsize len);
/* The n-th CPU; FALSE: there is none. */
gboolean kxl_core_cpu(const KxlCore *core, guint n, KxlCoreCpu *ret);
/* The guest's number of a frame of its own; FALSE: it has none. */
gboolean kxl_core_pfn(const KxlCore *core, guint64 mfn, guint64 *ret_pfn);
