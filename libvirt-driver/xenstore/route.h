/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose part of the joined tree a path belongs to. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    XS_ROUTE_HOST,   /* this process's own store */
    XS_ROUTE_ABOVE,  /* likewise, but every domain's part lies below: "/", "/local/domain", "/vm" */
    XS_ROUTE_SHARED, /* a directory of Domain-0's with children in every domain's store */
    XS_ROUTE_DOMAIN, /* that domain's store: its home, and its back ends in Domain-0's */
    XS_ROUTE_VM,     /* the store of the domain with that UUID */
} XsRouteKind;

typedef struct {
    XsRouteKind kind;
    int domid;     /* XS_ROUTE_DOMAIN */
    char uuid[37]; /* XS_ROUTE_VM */
} XsRoute;

XsRoute xs_route(const char *path);

G_END_DECLS
