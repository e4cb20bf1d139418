/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making the domain and its vCPUs. */
#pragma once

#include "kanzen-abi.h"

struct domain;
struct vcpu;

/* All max_vcpus vCPUs exist from the start; vCPU 0 has the stack given. Panics without memory. */
struct domain *domain_create(const struct kz_boot_header *h, void *boot_stack);
