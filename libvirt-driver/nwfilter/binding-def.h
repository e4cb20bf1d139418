/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <filterbinding>: which filter an interface of the host has, for whose guest. */
#pragma once

#include <domain-xml.h>

G_BEGIN_DECLS

typedef struct {
    char *owner_name, *owner_uuid;
    char *portdev, *linkdev;
    char *mac;
    DomainFilterRef *filterref; /* with MAC among its parameters */
} NwfilterBindingDef;

/* Errors have libvirt's numbers. */
NwfilterBindingDef *nwfilter_binding_def_parse(const char *xml, guint flags, GError **error);
/* For an interface of a domain, which has a filterref. */
NwfilterBindingDef *nwfilter_binding_def_new(const DomainDef *owner,
                                             const DomainInterface *interface);
char *nwfilter_binding_def_format(const NwfilterBindingDef *def);
NwfilterBindingDef *nwfilter_binding_def_dup(const NwfilterBindingDef *def);
void nwfilter_binding_def_free(NwfilterBindingDef *def); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterBindingDef, nwfilter_binding_def_free)

G_END_DECLS
