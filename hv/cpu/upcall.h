/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the guest's event callback is due. All on v's own CPU. */
#pragma once

#include "types.h"

struct cpu_regs;
struct vcpu;

void upcall_init(struct vcpu *v);

/* Is the callback to be called before the guest goes on? */
bool upcall_due(const struct vcpu *v);

/* After the guest's iret, with the registers that it goes on with. Without the big lock. */
void upcall_after_iret(struct vcpu *v, const struct cpu_regs *regs);
