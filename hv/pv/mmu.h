/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

struct vcpu;

/* Loads a page table. 0, or -XEN_EINVAL when mfn is no frame of the guest's. */
int mmu_new_baseptr(struct vcpu *v, mfn_t mfn);
