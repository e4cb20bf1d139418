/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kanzen-abi.h struct kz_dump_info: for whoever has the machine's memory and looks for the guest in
 * it. */
#pragma once

struct domain;

/* Once the domain and its vCPUs are there. */
void dumpinfo_init(struct domain *d);
