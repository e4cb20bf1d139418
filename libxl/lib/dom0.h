/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host as domain 0. */
#pragma once

#include "kxl-vcpu.h"

KxlDomainInfo *kxl_dom0_info(void);
/* The host's CPUs, of KxlVcpu, freed with the array. */
GPtrArray *kxl_dom0_vcpus(void);
