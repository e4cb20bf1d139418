/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A definition's CPU as this host has it (VIR_DOMAIN_XML_UPDATE_CPU). */
#pragma once

#include <domain-xml.h>

#include "cpu-host.h"

G_BEGIN_DECLS

/* Writes what HVM guests get here in the place of host-model, and of a custom CPU that is only a
 * minimum (match='minimum'). Other CPUs, and those of PV guests, stay. */
gboolean cpu_update(CpuHostCache *cache, DomainDef *def, GError **error);

/* Whether the emulator has the model, and can give every feature that is required by name and leave
 * out what is forbidden; check='none' asks for no check. A model's own features QEMU leaves out
 * when it cannot give them, unless check='full'. */
gboolean cpu_check(CpuHostCache *cache, const DomainDef *def, GError **error);

G_END_DECLS
