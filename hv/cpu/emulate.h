/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Privileged instructions on the guest kernel's behalf. */
#pragma once

#include "cpu/regs.h"

struct vcpu;

/* After #GP(0): true when the instruction was carried out, or its fault delivered. */
bool emulate_privileged(struct vcpu *v, struct cpu_regs *regs);
/* After #UD: Xen's forced CPUID (xen.h XEN_EMULATE_PREFIX). */
bool emulate_forced_cpuid(struct vcpu *v, struct cpu_regs *regs);

/* msr.c. false: #GP. */
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *ret);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val);

/* ioport.c: absent hardware. size 1, 2 or 4. */
uint32_t guest_in(struct vcpu *v, uint16_t port, unsigned int size);
void guest_out(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val);

/* control.c. false: #GP. */
bool guest_read_cr(struct vcpu *v, unsigned int nr, uint64_t *ret);
bool guest_write_cr(struct vcpu *v, unsigned int nr, uint64_t val);
bool guest_read_dr(struct vcpu *v, unsigned int nr, uint64_t *ret);
bool guest_write_dr(struct vcpu *v, unsigned int nr, uint64_t val);
bool guest_write_xcr(struct vcpu *v, uint32_t index, uint64_t val);
/* CR4 of the CPU that v runs on, as v wants it and hv needs it. */
void guest_load_cr4(struct vcpu *v);
/* CR0.TS as the guest wants it. */
void guest_set_ts(struct vcpu *v, bool ts);

/* Loads an FXSAVE area, aligned to 16. false: its contents fault. */
bool fpu_load(const void *area);
