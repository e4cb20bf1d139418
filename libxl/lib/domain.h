/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rundir.h"

/* Info from a state and what the processes say now. config may be NULL: the state's own figures. */
KxlDomainInfo *kxl_domain_info_new(const KxlHost *host, const KxlState *state,
                                   const KxlDomainConfig *config);
