/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of the control and flags registers, and MSR numbers. Those of the flags are also for
 * assembly. */
#pragma once

/* SDM 3A 2.5, APM 2 3.1. */
#define CR0_PE         (1UL << 0)
#define CR0_MP         (1UL << 1)
#define CR0_EM         (1UL << 2)
#define CR0_TS         (1UL << 3)
#define CR0_ET         (1UL << 4)
#define CR0_NE         (1UL << 5)
#define CR0_WP         (1UL << 16)
#define CR0_AM         (1UL << 18)
#define CR0_PG         (1UL << 31)
#define CR4_TSD        (1UL << 2)
#define CR4_DE         (1UL << 3)
#define CR4_PAE        (1UL << 5)
#define CR4_OSFXSR     (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_FSGSBASE   (1UL << 16)
#define CR4_OSXSAVE    (1UL << 18)

#define RFLAGS_RESERVED1 (1 << 1)
#define RFLAGS_TF        (1 << 8)
#define RFLAGS_IF        (1 << 9)
#define RFLAGS_DF        (1 << 10)
#define RFLAGS_IOPL      (3 << 12)
#define RFLAGS_NT        (1 << 14)
#define RFLAGS_RF        (1 << 16)
#define RFLAGS_VM        (1 << 17)
#define RFLAGS_AC        (1 << 18)
#define RFLAGS_VIF       (1 << 19)
#define RFLAGS_VIP       (1 << 20)

/* What stops at the door of a guest's handler, as under Xen; the real IOPL is always 0. */
#define RFLAGS_DROPPED (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC | RFLAGS_IOPL)

#define MSR_TSC            0x010
#define MSR_APIC_BASE      0x01b
#define MSR_UCODE_REV      0x08b
#define MSR_SYSENTER_CS    0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176
#define MSR_PAT            0x277
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_FMASK          0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103

#define EFER_SCE (1UL << 0)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)
#define EFER_NXE (1UL << 11)
