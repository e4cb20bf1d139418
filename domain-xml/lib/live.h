/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only running domains have. The setting side is domain_def_set_live() in domain-xml.h. */
#pragma once

#include "domain-def.h"

G_BEGIN_DECLS

/* Takes from def what a definition that is not running has not: id, ports and names chosen at
 * start, ttys, aliases. */
void domain_def_clear_live(DomainDef *def);

/* Interfaces of networks that have made them something else: bridge, direct, hostdev. */
gboolean domain_def_has_actual(const DomainDef *def);
/* Makes those what they are, as libvirt shows them to clients. */
void domain_def_show_actual(DomainDef *def);

/* Calls func with the common part of every device that has one. */
void domain_def_each_device(DomainDef *def, void (*func)(DomainDeviceInfo *info));

G_END_DECLS
