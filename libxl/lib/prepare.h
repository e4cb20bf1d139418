/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host.h"

/* A copy of config with everything in it that libkxl chooses before a domid is known: absolute
 * paths, UUID, MACs, devids, bridges, scripts, firmware. */
KxlDomainConfig *kxl_prepare(const KxlHost *host, const KxlDomainConfig *config, GError **error);

/* What the machine of a PV or PVH domain keeps while it runs, and in a saved image: the places of
 * its devices, its memory. kxl_prepare() does it, too. */
void kxl_prepare_machine(KxlDomainConfig *config);

/* What depends on the domid and the user has not given: interface names, sockets of channels, the
 * vsock's number. Also for the config of an earlier life of the domain. */
void kxl_prepare_for_domid(const KxlHost *host, KxlDomainConfig *config, int domid);
