/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host.h"

/* A copy of config with everything in it that libkxl chooses before a domid is known: absolute
 * paths, UUID, MACs, devids, bridges, scripts, firmware. */
KxlDomainConfig *kxl_prepare(const KxlHost *host, const KxlDomainConfig *config, GError **error);

/* Interface names that the user has not given, by domid. */
void kxl_prepare_ifnames(KxlDomainConfig *config, int domid);
