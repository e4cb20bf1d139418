/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <seclabel>: labels of the host's security drivers. */
#pragma once

#include "domain-def.h"

G_BEGIN_DECLS

/* The first static label behind *at, which starts as 0 and is moved behind it; NULL: no further
 * one. Model "none" is no label. What is not written is "". */
typedef struct {
    guint number; /* of the element, from 1 */
    char *model, *label;
} DomainLabel;
DomainLabel *domain_label_next(const DomainDef *def, guint *at);
/* Adds a static one. */
void domain_label_add(DomainDef *def, const char *model, const char *label);
void domain_label_free(DomainLabel *label);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainLabel, domain_label_free)

G_END_DECLS
