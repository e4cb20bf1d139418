/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain's definition that never changes again: it can be read without a lock by whoever holds a
 * reference. To change a domain, make another definition from a copy. Keeps the texts it was asked
 * for, since clients ask for the same XML again and again.
 */
#pragma once

#include <domain-xml.h>

G_BEGIN_DECLS

typedef struct Definition Definition;

Definition *definition_new(DomainDef *def); /* takes def */
Definition *definition_ref(Definition *definition);
void definition_unref(Definition *definition); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Definition, definition_unref)

const DomainDef *definition_def(const Definition *definition);
/* The XML; lives as long as the definition. */
const char *definition_xml(Definition *definition, DomainXmlFormatFlags flags);

G_END_DECLS
